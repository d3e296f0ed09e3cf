import { z } from 'zod';
import { newSecret, secretChange, type Secret, type SecretStore, type SecretVersion } from './secretStore';

/** One authenticated request of a client. */
export interface VaultRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

/** Status and JSON body of an answer; no body means an empty answer. */
export interface VaultAnswer {
  readonly status: number;
  readonly body?: unknown;
}

const recovery = { recoveryLevel: 'Recoverable+Purgeable', recoverableDays: 90 };
const defaultPageSize = 25;

/** An error in Key Vault's own form, `innererror` where the real service sends one. */
export function vaultError(status: number, code: string, message: string, inner?: string): VaultAnswer {
  return { status, body: { error: { code, message, ...(inner === undefined ? {} : { innererror: { code: inner } }) } } };
}

/** Answers one request as the secrets API of Key Vault does. */
export function answerVaultRequest(store: SecretStore, origin: string, request: VaultRequest): VaultAnswer {
  if (!request.url.searchParams.has('api-version'))
    return vaultError(400, 'BadParameter', 'The query parameter api-version is missing.');
  const [collection, name, part] = request.url.pathname.split('/').slice(1).map(decodeURIComponent);
  if (name !== undefined && name !== '' && !/^[0-9a-zA-Z-]{1,127}$/.test(name))
    return vaultError(400, 'BadParameter', `The request URI contains an invalid name: ${name}`);
  const route = { store, origin, request, name: name ?? '', part: part ?? '' };
  if (collection === 'secrets') return name ? oneSecret(route) : listPage(route, liveItems(route));
  if (collection === 'deletedsecrets') return name ? oneDeletedSecret(route) : listPage(route, deletedItems(route));
  return vaultError(404, 'NotFound', `Nothing is found at ${request.url.pathname}. This local vault has secrets only.`);
}

interface Route {
  readonly store: SecretStore;
  readonly origin: string;
  readonly request: VaultRequest;
  readonly name: string;
  readonly part: string;
}

function oneSecret(route: Route): VaultAnswer {
  const { store, origin, request, name, part } = route;
  const found = store.find(name);
  if (request.method === 'PUT' && part === '') return set(route, found);
  if (!found || found.deleted)
    return vaultError(
      404,
      'SecretNotFound',
      `A secret with (name/id) ${name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command.`,
    );
  if (request.method === 'DELETE' && part === '') {
    store.delete(found);
    return { status: 200, body: deletedBundle(origin, found) };
  }
  if (request.method === 'GET' && part === 'versions')
    return listPage(
      route,
      found.versions.map((one) => item(origin, found, one, true)),
    );
  const version = part === '' ? found.versions.at(-1) : found.versions.find((one) => one.version === part);
  if (!version)
    return vaultError(404, 'SecretNotFound', `A secret with (name/id) ${name}/${part} was not found in this key vault.`);
  if (request.method === 'PATCH' && part !== '') {
    const change = secretChange.safeParse(parseJson(request.body));
    if (!change.success) return vaultError(400, 'BadParameter', z.prettifyError(change.error));
    store.change(version, change.data);
    return { status: 200, body: { ...item(origin, found, version, true) } };
  }
  if (request.method !== 'GET') return vaultError(405, 'MethodNotAllowed', `${request.method} is not allowed here.`);
  if (!version.attributes.enabled)
    return vaultError(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.', 'SecretDisabled');
  return { status: 200, body: bundle(origin, found, version) };
}

function set({ store, origin, request, name }: Route, found: Secret | undefined): VaultAnswer {
  if (found?.deleted)
    return vaultError(
      409,
      'Conflict',
      `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`,
      'ObjectIsDeletedButRecoverable',
    );
  const body = newSecret.safeParse(parseJson(request.body));
  if (!body.success) return vaultError(400, 'BadParameter', z.prettifyError(body.error));
  const added = store.add(name, body.data);
  return { status: 200, body: bundle(origin, store.find(name) ?? { name, versions: [added] }, added) };
}

function oneDeletedSecret({ store, origin, request, name, part }: Route): VaultAnswer {
  const found = store.find(name);
  if (!found?.deleted) return vaultError(404, 'SecretNotFound', `Deleted Secret not found: ${name}`);
  if (request.method === 'GET' && part === '') return { status: 200, body: deletedBundle(origin, found) };
  if (request.method === 'DELETE' && part === '') {
    store.purge(found);
    return { status: 204 };
  }
  if (request.method === 'POST' && part === 'recover') {
    store.recover(found);
    return { status: 200, body: item(origin, found, latest(found), true) };
  }
  return vaultError(405, 'MethodNotAllowed', `${request.method} is not allowed here.`);
}

function liveItems({ store, origin }: Route): object[] {
  return store.list('live').map((one) => item(origin, one, latest(one), false));
}

function deletedItems({ store, origin }: Route): object[] {
  return store.list('deleted').map((one) => ({ ...item(origin, one, latest(one), false), ...deletion(origin, one) }));
}

function listPage({ origin, request }: Route, items: object[]): VaultAnswer {
  if (request.method !== 'GET') return vaultError(405, 'MethodNotAllowed', `${request.method} is not allowed here.`);
  const size = Number(request.url.searchParams.get('maxresults') ?? defaultPageSize);
  if (!(size >= 1 && size <= defaultPageSize)) return vaultError(400, 'BadParameter', 'maxresults must be between 1 and 25.');
  const start = Number(request.url.searchParams.get('$skiptoken') ?? 0);
  const next = new URL(request.url.pathname + request.url.search, origin);
  next.searchParams.set('$skiptoken', String(start + size));
  const nextLink = start + size < items.length ? next.href : null;
  return { status: 200, body: { value: items.slice(start, start + size), nextLink } };
}

function bundle(origin: string, secret: Secret, version: SecretVersion): object {
  return { value: version.value, ...item(origin, secret, version, true) };
}

function deletedBundle(origin: string, secret: Secret): object {
  return { ...item(origin, secret, latest(secret), true), ...deletion(origin, secret) };
}

function deletion(origin: string, { name, deleted }: Secret): object {
  return { recoveryId: `${origin}/deletedsecrets/${name}`, ...deleted };
}

function item(origin: string, { name }: Secret, version: SecretVersion, withVersion: boolean): object {
  return {
    id: `${origin}/secrets/${name}${withVersion ? `/${version.version}` : ''}`,
    ...(version.contentType === undefined ? {} : { contentType: version.contentType }),
    ...(version.tags === undefined ? {} : { tags: version.tags }),
    attributes: { ...version.attributes, ...recovery },
  };
}

function latest(secret: Secret): SecretVersion {
  const version = secret.versions.at(-1);
  if (!version) throw new Error(`Secret ${secret.name} has no version.`);
  return version;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
