import type { ActPorts } from './app/actPorts';
import type { AssessPorts } from './app/assess';
import { tellChanges } from './app/audit';
import { readCredential } from './app/credentials';
import { messageId } from './app/messageId';
import { advanceOnboarding, resumeOnboardings } from './app/onboard';
import type { OnboardPorts } from './app/onboardPorts';
import { purgeRemoved } from './app/purge';
import type { TenantPorts } from './app/tenants';
import { storageOnboardingQueue } from './azure/storageQueues';
import type { StorageAccess, StorageOptions } from './azure/storageAccess';
import { tableOnboardingStores } from './azure/tableOnboardingStores';
import { tenantTraces } from './azure/tenantTraces';
import type { Clouds } from './domain/cloud';
import { ConnectorError, failureOf } from './domain/failure';
import { operatorRoles } from './domain/operator';
import type { ChangeStore, Telemetry } from './domain/ports';
import { signIn } from './microsoft/applicationSignIn';
import type { SignInPorts } from './microsoft/applicationSignIn';
import { createDirectory } from './microsoft/directory';
import { createCredentials } from './microsoft/login';
import { verifyOperator } from './microsoft/operatorToken';
import { createSignIn } from './microsoft/signIn';
import { readClaims } from './microsoft/tokenClaims';
import { createTokenVerifier } from './microsoft/verifyToken';
import type { PageSettings, Settings } from './settings';
import type { WebRequest, WebResponse } from './web/request';
import { createSite } from './web/site';
import type { OperatorVerdict, WebPorts } from './web/webPorts';

interface PageParts {
  readonly settings: Settings;
  readonly tenantPorts: TenantPorts;
  readonly assessPorts: AssessPorts;
  readonly act: ActPorts;
  readonly changes: ChangeStore;
  readonly telemetry: Telemetry;
  readonly signInPorts: SignInPorts;
  readonly storage: StorageAccess;
  readonly storageOptions: StorageOptions;
}

/** Onboarding and the pages, composed. */
export interface Pages {
  readonly onboardPorts: OnboardPorts;
  readonly answer: (request: WebRequest, signal: AbortSignal) => Promise<WebResponse>;
  /** Goes on with the onboarding that a message names; a message that names none is told and dropped: the timer finds what it was about. */
  readonly advance: (message: unknown, signal: AbortSignal) => Promise<void>;
  readonly resume: (signal: AbortSignal) => Promise<void>;
}

const nobody: PageSettings = {
  publicUrl: '',
  providerName: '',
  cloud: 'commercial',
  provider: undefined,
  setup: undefined,
  operators: undefined,
};

/** Builds onboarding and the pages over the ports that the commands use, too. */
export function composePages(parts: PageParts): Pages {
  const { settings, tenantPorts, telemetry, signInPorts, storage, storageOptions } = parts;
  const { clock, secrets, rotation } = tenantPorts;
  const { http, clouds } = signInPorts;
  const { rings, versions } = rotation;
  const inUse = async (name: string, signal: AbortSignal) => readCredential({ rings, versions, secrets }, name, signal);
  const pages = settings.pages ?? nobody;
  const { provider, setup, cloud } = pages;
  const verifier = createTokenVerifier({ http, clock });
  const unset = { clientId: '', secretName: '' };
  const onboardPorts: OnboardPorts = {
    ...tenantPorts,
    telemetry,
    onboarding: tableOnboardingStores(storage, storageOptions),
    onboardingQueue: storageOnboardingQueue(storage, storageOptions),
    changes: parts.changes,
    evidence: parts.assessPorts.evidence,
    onboardOptions: { cloud, provider, setup, identity: identityOf(settings), publisherId: settings.publisherId },
    signIn: createSignIn({
      ...{ http, clock, secrets: { ...secrets, read: inUse }, verifier, redirectUri: `${pages.publicUrl}/auth/callback` },
      ...{ provider: provider ?? unset, setup: setup ?? unset },
    }),
    directory: createDirectory(http, setup?.clientId ?? ''),
    proveLogin: async (tenant, api, given, signal) => {
      const { cloud: home, id: tenantId, clientId } = tenant;
      // A credential object of its own has no token of before.
      const token =
        given === undefined
          ? await createCredentials({ ...signInPorts, secrets, rings, versions, telemetry }).token(tenant, api, signal)
          : (await signIn(signInPorts, { cloud: home, tenantId, clientId, api }, given, signal)).token;
      const claims = readClaims(token);
      // Tokens of version 2 name the application `azp`, those of version 1 `appid`.
      if (claims === undefined || claims.appid?.toLowerCase() !== tenant.clientId)
        throw new ConnectorError('proving a login', {
          kind: 'proofRefused',
          code: 'token:appid',
          detail: 'The token is for another application.',
        });
      return { roles: claims.roles };
    },
  };
  const webPorts: WebPorts = {
    ...onboardPorts,
    assess: parts.assessPorts,
    act: parts.act,
    publicUrl: pages.publicUrl,
    providerName: pages.providerName,
    signInOrigin: originOf(clouds, cloud),
    operator: async (headers, signal): Promise<OperatorVerdict> => {
      const { operators } = pages;
      if (operators === undefined) return { refused: 503, code: 'operatorsNotSetUp' };
      if (operators.kind === 'local') return { who: 'local', roles: operatorRoles };
      const token = bearer(headers.get('authorization')) ?? headers.get('x-ms-token-aad-id-token');
      const home = clouds(cloud);
      if (token === undefined || home === undefined) return { refused: 401, code: 'noToken' };
      try {
        const rules = { cloud: home, clientId: operators.clientId, tenantId: settings.publisherId };
        return await verifyOperator(verifier, rules, token, signal);
      } catch (error) {
        const failure = failureOf(error);
        if (failure?.kind !== 'proofRefused') throw error;
        return { refused: 401, code: failure.code };
      }
    },
  };
  const site = createSite(webPorts);
  return {
    onboardPorts,
    answer: async (request, signal) => {
      if (settings.pages !== undefined) return site.answer(request, signal);
      return {
        status: 404,
        headers: { 'Content-Type': 'text/plain' },
        body: 'The pages are not set up: see PUBLIC_URL in docs/settings.md.\n',
      };
    },
    advance: async (message, signal) => {
      const id = messageId(message, 'onboardingId');
      if (id === undefined) telemetry.event('messageSetAside', 'error', { cause: 'not an onboarding' });
      else await advanceOnboarding(onboardPorts, id, signal);
    },
    resume: async (signal) => {
      await resumeOnboardings(onboardPorts, signal);
      await tellChanges(onboardPorts, signal);
      await purgeRemoved({ ...onboardPorts, traces: tenantTraces(storage, storageOptions) }, signal);
    },
  };
}

function identityOf({ managedIdentityClientId: clientId }: Settings): { readonly clientId: string } | undefined {
  return clientId === undefined ? undefined : { clientId };
}

function originOf(clouds: Clouds, id: PageSettings['cloud']): string {
  const cloud = clouds(id);
  return cloud?.signIn ?? cloud?.login ?? "'none'";
}

function bearer(header: string | undefined): string | undefined {
  return /^Bearer ([\w.~+/-]+=*)$/i.exec(header ?? '')?.[1];
}
