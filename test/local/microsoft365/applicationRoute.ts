/** Where the credentials of an application are, by its client id or object id. */
export const applicationRoute =
  /^\/v1\.0\/applications(?:\(appId='([^']+)'\)|\/([^/]+))(?:\/(addPassword|removePassword|addKey|removeKey))?$/;

/** What a path of Graph asks of an application. */
export type ApplicationOperation = 'application' | 'addPassword' | 'removePassword' | 'addKey' | 'removeKey';

/** The operation of a path on one application; undefined for all other paths. */
export function applicationOperation(path: string): ApplicationOperation | undefined {
  const found = applicationRoute.exec(path);
  return found === null ? undefined : ((found[3] as ApplicationOperation | undefined) ?? 'application');
}
