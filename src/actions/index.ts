import type { Action } from '../domain/action';
import { collectPackage } from './collectPackage';
import { confirmCompromised } from './confirmCompromised';
import { containUser } from './containUser';
import { disableAccount } from './disableAccount';
import { enableAccount } from './enableAccount';
import { isolateDevice } from './isolateDevice';
import { releaseDevice } from './releaseDevice';
import { revokeSessions } from './revokeSessions';
import { scanDevice } from './scanDevice';

/** Every response action. A contract test holds each of them to its facts. */
export const actions: readonly Action[] = [
  disableAccount,
  enableAccount,
  revokeSessions,
  containUser,
  confirmCompromised,
  isolateDevice,
  releaseDevice,
  collectPackage,
  scanDevice,
];
