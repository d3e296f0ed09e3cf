import type { Cloud } from './cloud';
import type { Api } from './failure';
import type { TenantId } from './tenant';

/** What one step of a sign-in needs to be told apart from all others. */
interface SignInRequest {
  readonly cloud: Cloud;
  /** The tenant to sign in to; any organisation without one. */
  readonly tenantId: TenantId | undefined;
  readonly state: string;
}

/** Who signed in, as a verified ID token says. People are known by `tid` and `oid`, never by a name or an address. */
export interface SignedIn {
  readonly tenantId: TenantId;
  readonly objectId: string;
  /** A token for Graph in the person's name; only when delegated rights were asked for. */
  readonly accessToken: string | undefined;
}

/** Signing people in, and asking an administrator for consent. https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow */
export interface SignIn {
  /** Where to send the browser to sign in; `delegated` asks for the rights that guided provisioning needs. */
  readonly signInUrl: (
    request: SignInRequest & { readonly nonce: string; readonly codeVerifier: string; readonly delegated: boolean },
  ) => string;
  /** Where to send the browser to give admin consent to the provider's application. https://learn.microsoft.com/entra/identity-platform/v2-admin-consent */
  readonly consentUrl: (request: SignInRequest) => string;
  /** Redeems a code and verifies the ID token that comes with it. Throws `proofRefused` when the token proves nothing, else the failure of the login. */
  readonly redeem: (
    answer: {
      readonly cloud: Cloud;
      readonly tenantId: TenantId | undefined;
      readonly code: string;
      readonly codeVerifier: string;
      readonly nonce: string;
      readonly delegated: boolean;
    },
    signal: AbortSignal,
  ) => Promise<SignedIn>;
}

/** An administrator's access to the directory of one tenant. */
export interface DirectoryAccess {
  readonly cloud: Cloud;
  readonly accessToken: string;
}

/** An API as it stands in a tenant: its service principal and the roles that can be granted. */
export interface DirectoryResource {
  readonly id: string;
  readonly appId: string;
  readonly roles: ReadonlyMap<string, string>;
}

/** One application permission that was granted. */
interface DirectoryGrant {
  readonly id: string;
  readonly resourceId: string;
  readonly roleId: string;
}

/**
 * The directory of a customer's tenant, with the rights of the administrator who signed in. Every change finds what it made before. Throws `replicating`
 * for what is not visible yet, `unauthorized` when the access has ended, `permissionMissing` when the administrator may not.
 */
export interface Directory {
  /** Undefined when the tenant does not have the service. */
  readonly resource: (access: DirectoryAccess, api: Api, signal: AbortSignal) => Promise<DirectoryResource | undefined>;
  readonly putApplication: (
    access: DirectoryAccess,
    application: {
      /** Finds it again, whatever its display name. */
      readonly uniqueName: string;
      readonly displayName: string;
      readonly requires: readonly { readonly resource: DirectoryResource; readonly roleIds: readonly string[] }[];
    },
    signal: AbortSignal,
  ) => Promise<{ readonly objectId: string; readonly appId: string }>;
  /** Makes the service principal of an application, owner of its own application, so that it can renew its credential. */
  readonly putServicePrincipal: (
    access: DirectoryAccess,
    application: { readonly objectId: string; readonly appId: string },
    signal: AbortSignal,
  ) => Promise<string>;
  readonly grants: (
    access: DirectoryAccess,
    servicePrincipalId: string,
    signal: AbortSignal,
  ) => Promise<readonly DirectoryGrant[]>;
  readonly grant: (
    access: DirectoryAccess,
    grant: { readonly servicePrincipalId: string; readonly resourceId: string; readonly roleId: string },
    signal: AbortSignal,
  ) => Promise<void>;
  readonly revoke: (access: DirectoryAccess, grant: DirectoryGrant, signal: AbortSignal) => Promise<void>;
  readonly passwords: (
    access: DirectoryAccess,
    objectId: string,
    signal: AbortSignal,
  ) => Promise<readonly { readonly keyId: string; readonly displayName: string }[]>;
  /** Not repeatable: the secret is shown once. */
  readonly addPassword: (
    access: DirectoryAccess,
    password: { readonly objectId: string; readonly displayName: string; readonly endsAt: Date },
    signal: AbortSignal,
  ) => Promise<{ readonly keyId: string; readonly secret: string }>;
  readonly removePassword: (access: DirectoryAccess, objectId: string, keyId: string, signal: AbortSignal) => Promise<void>;
  /** Removes the application that the administrator signed in to from the tenant, and with it every right it was given. */
  readonly leave: (access: DirectoryAccess, signal: AbortSignal) => Promise<void>;
}
