import type { Source } from '../domain/source';
import { activityAzureActiveDirectory } from './activityAzureActiveDirectory';
import { activityDlp } from './activityDlp';
import { activityExchange } from './activityExchange';
import { activityGeneral } from './activityGeneral';
import { activitySharePoint } from './activitySharePoint';

/** All sources there are. */
export const sources: readonly Source[] = [
  activityAzureActiveDirectory,
  activityExchange,
  activitySharePoint,
  activityGeneral,
  activityDlp,
];
