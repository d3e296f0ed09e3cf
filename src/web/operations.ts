import { actionOperations } from './actionOperations';
import { apiOperations } from './apiOperations';
import type { ApiOperation } from './apiOperations';

/** Every operation of the API; everything that is not listed is denied. */
export const operations: readonly ApiOperation[] = [...apiOperations, ...actionOperations];
