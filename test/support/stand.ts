import type { Certificates } from '../local/certificates';
import type { EventHubsEmulator } from '../local/eventHubs/eventHubsEmulator';
import type { KeyVault } from '../local/keyVault/keyVault';

/** What the tests of a file share. */
export interface Stand {
  readonly storage: string;
  readonly certificates: Certificates;
  readonly emulator: EventHubsEmulator;
  readonly vault: KeyVault;
  readonly folder: string;
}
