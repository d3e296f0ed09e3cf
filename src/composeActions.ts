import { actions as actionRegistry } from './actions';
import type { ActPorts } from './app/actPorts';
import { findRing } from './app/credentials';
import { forgetActed } from './app/forgetActed';
import { messageId } from './app/messageId';
import { resumeActions, runAction } from './app/runAction';
import type { TenantPorts } from './app/tenants';
import type { StorageAccess, StorageOptions } from './azure/storageAccess';
import { storageActionQueue } from './azure/storageQueues';
import { tableActionLimits, tableActionStore } from './azure/tableActionStores';
import { ConnectorError } from './domain/failure';
import type { ChangeStore, Credentials, Telemetry, TenantSend } from './domain/ports';
import { searchTargets } from './microsoft/targetSearch';
import { readClaims } from './microsoft/tokenClaims';
import type { Settings } from './settings';

interface ActionParts {
  readonly settings: Settings;
  readonly tenantPorts: TenantPorts;
  readonly changes: ChangeStore;
  readonly telemetry: Telemetry;
  readonly storage: StorageAccess;
  readonly storageOptions: StorageOptions;
  /** Of the response application only: nothing that collects ever holds one of its tokens. */
  readonly credentials: Credentials;
  readonly send: TenantSend;
}

/** Acting, composed. */
export interface Actions {
  readonly ports: ActPorts;
  /** Goes on with the action that a message names; a message that names none is told and dropped: the timer finds what it was about. */
  readonly run: (message: unknown, signal: AbortSignal) => Promise<void>;
  readonly resume: (signal: AbortSignal) => Promise<void>;
  /** Deletes what was kept long enough. */
  readonly forget: (signal: AbortSignal) => Promise<void>;
}

/** Builds acting over the stores of the connector, with a credential of its own. */
export function composeActions(parts: ActionParts): Actions {
  const { settings, tenantPorts, telemetry, storage, storageOptions, credentials, send, changes } = parts;
  const { application, retention, ...options } = settings.response;
  const ports: ActPorts = {
    ...tenantPorts,
    ...{ telemetry, changes },
    ...tableActionLimits(storage, storageOptions),
    registry: new Map(actionRegistry.map((action) => [action.id, action])),
    actions: tableActionStore(storage, storageOptions),
    actionQueue: storageActionQueue(storage, storageOptions),
    profiles: tenantPorts.collect.profiles,
    responder: (tenant) => (application === undefined ? undefined : { ...tenant, ...application }),
    responseRoles: async (responder, api, token, signal) => {
      // A token carries the permissions of the moment it was made.
      if (token === 'new') credentials.forget(responder.id, api);
      return readClaims(await credentials.token(responder, api, signal))?.roles ?? [];
    },
    actionRun: (responder, signal) => {
      const cloud = tenantPorts.collect.clouds(responder.cloud);
      if (cloud === undefined)
        throw new ConnectorError('acting', { kind: 'rejectedRequest', code: 'cloudNotConfigured', detail: responder.cloud });
      const { clock } = tenantPorts;
      return {
        tenant: { id: responder.id, cloud },
        now: clock.now,
        signal,
        send: async (request) => send(responder, request, signal),
      };
    },
    findTargets: searchTargets,
    clouds: tenantPorts.collect.clouds,
    actOptions: { ...options, owner: tenantPorts.collect.options.owner },
  };
  return {
    ports,
    run: async (message, signal) => {
      const id = messageId(message, 'actionId');
      if (id === undefined) telemetry.event('messageSetAside', 'error', { cause: 'not an action' });
      else await runAction(ports, id, signal);
    },
    resume: async (signal) => {
      await resumeActions(ports, signal);
      // With a ring its credential is looked after like any other: warned of, and renewed where the connector may.
      const home = { id: settings.publisherId, cloud: settings.pages?.cloud ?? 'commercial' } as const;
      if (application !== undefined) await findRing(tenantPorts.rotation, { ...home, ...application }, signal);
    },
    forget: async (signal) => forgetActed(ports, retention, signal),
  };
}
