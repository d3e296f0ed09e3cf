import { TableClient } from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import { BlobServiceClient } from '@azure/storage-blob';
import type { ContainerClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import type { QueueClient } from '@azure/storage-queue';

/** How the storage account is reached: with a connection string (local, tests) or with an identity. */
export type StorageAccess =
  | { readonly kind: 'connectionString'; readonly value: string }
  | {
      readonly kind: 'account';
      readonly tableUrl: string;
      readonly queueUrl: string;
      readonly blobUrl: string;
      readonly credential: TokenCredential;
    };

/** What every adapter over the storage account may be told. */
export interface StorageOptions {
  /** What all names begin with; `m365` unless given. */
  readonly storagePrefix?: string;
  /** Told, in words for the operator, about stored rows that cannot be read. */
  readonly onCorruptRow?: (description: string) => void;
}

/** How long one operation on the storage account may take, with the SDK's own retries. */
export const storageOperationMs = 30_000;

const tableRetries = { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 };
const otherRetries = { maxTries: 3, tryTimeoutInMs: 10_000, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 };

/** True for an address on this machine; only such an address may be spoken to without TLS. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** The prefix of all names, checked: it must be usable in the names of tables, queues and containers alike. */
export function storagePrefix(options: StorageOptions): string {
  const prefix = options.storagePrefix ?? 'm365';
  if (!/^[a-z][a-z0-9]{1,19}$/.test(prefix))
    throw new Error(`The storage prefix must be 2 to 20 lower-case letters and digits and begin with a letter, not "${prefix}".`);
  return prefix;
}

/** A client for one table. */
export function tableClient(access: StorageAccess, name: string): TableClient {
  if (access.kind === 'account') {
    const insecure = { allowInsecureConnection: isLoopback(access.tableUrl) };
    return new TableClient(access.tableUrl, name, access.credential, { retryOptions: tableRetries, ...insecure });
  }
  // Azurite's connection string names its endpoint; the one of an account in Azure does not need to.
  const endpoint = /(?:^|;)TableEndpoint=([^;]+)/i.exec(access.value)?.[1];
  const local = /(?:^|;)UseDevelopmentStorage=true/i.test(access.value) || (endpoint !== undefined && isLoopback(endpoint));
  return TableClient.fromConnectionString(access.value, name, { retryOptions: tableRetries, allowInsecureConnection: local });
}

/** A client for one queue. */
export function queueClient(access: StorageAccess, name: string): QueueClient {
  const service =
    access.kind === 'account'
      ? new QueueServiceClient(access.queueUrl, access.credential, { retryOptions: otherRetries })
      : QueueServiceClient.fromConnectionString(access.value, { retryOptions: otherRetries });
  return service.getQueueClient(name);
}

/** A client for one blob container. */
export function containerClient(access: StorageAccess, name: string): ContainerClient {
  const service =
    access.kind === 'account'
      ? new BlobServiceClient(access.blobUrl, access.credential, { retryOptions: otherRetries })
      : BlobServiceClient.fromConnectionString(access.value, { retryOptions: otherRetries });
  return service.getContainerClient(name);
}
