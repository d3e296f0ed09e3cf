import type { AccessToken, TokenCredential } from '@azure/identity';

/** Which identity the connector uses in its own Azure: a managed identity (by client id when user-assigned), or whatever the machine offers. */
export type AzureIdentity = { readonly kind: 'managedIdentity'; readonly clientId?: string } | { readonly kind: 'default' };

/** A credential that loads @azure/identity when the first token is needed: at a cold start that is most of the loading time. */
export function azureCredential(identity: AzureIdentity): TokenCredential {
  let loading: Promise<TokenCredential> | undefined;
  return {
    getToken: async (scopes, options): Promise<AccessToken | null> => {
      loading ??= load(identity);
      let credential;
      try {
        credential = await loading;
      } catch (error) {
        loading = undefined;
        throw error;
      }
      return credential.getToken(scopes, options);
    },
  };
}

async function load(identity: AzureIdentity): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  if (identity.kind === 'default') return new DefaultAzureCredential();
  return identity.clientId === undefined
    ? new ManagedIdentityCredential()
    : new ManagedIdentityCredential({ clientId: identity.clientId });
}
