import type { ContentType } from '../tenant';
import { azureActiveDirectory } from './azureActiveDirectory';
import { dataLossPrevention } from './dataLossPrevention';
import { exchange } from './exchange';
import { general } from './general';
import type { OperationRow } from './operation';
import { sharePoint } from './sharePoint';

/** Every operation the generator knows, by content type. */
export const operations: Record<ContentType, readonly OperationRow[]> = {
  'Audit.AzureActiveDirectory': azureActiveDirectory,
  'Audit.Exchange': exchange,
  'Audit.SharePoint': sharePoint,
  'Audit.General': general,
  'DLP.All': dataLossPrevention,
};
