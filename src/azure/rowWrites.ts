/** Values by column name. A number that may pass 2^31 must be given as bigint, or the service refuses it; undefined is left out. */
export type Columns = Readonly<Record<string, string | number | bigint | boolean | Uint8Array | undefined>>;

/**
 * One change to one row. `put`, `merge` and `insertOrMerge` are unconditional: only for data that can be made again, or a flag that is only ever set. `merge`
 * and `insertOrMerge` leave the other columns alone; `merge` is refused when there is no such row. A deletion with an etag goes alone: a transaction of
 * the SDK has none.
 */
export type RowWrite =
  | { readonly kind: 'create'; readonly row: string; readonly columns: Columns }
  | { readonly kind: 'replace'; readonly row: string; readonly columns: Columns; readonly etag: string }
  | { readonly kind: 'put'; readonly row: string; readonly columns: Columns }
  | { readonly kind: 'merge'; readonly row: string; readonly columns: Columns }
  | { readonly kind: 'insertOrMerge'; readonly row: string; readonly columns: Columns }
  | { readonly kind: 'delete'; readonly row: string; readonly etag?: string };

const mostInTransaction = 100;
// The service takes less than 4 MiB.
const mostBytesInTransaction = 3_500_000;

/** Cuts writes into what fits one transaction each. */
export function transactionsOf<Write extends RowWrite>(writes: readonly Write[], most = mostInTransaction): Write[][] {
  const result: Write[][] = [];
  let chunk: Write[] = [];
  let bytes = 0;
  for (const write of writes) {
    const size = roughBytes(write);
    if (chunk.length === most || (chunk.length > 0 && bytes + size > mostBytesInTransaction)) {
      result.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(write);
    bytes += size;
  }
  if (chunk.length > 0) result.push(chunk);
  return result;
}

// Never too small: three bytes for each UTF-16 unit, and room for the headers of the part.
function roughBytes(write: RowWrite): number {
  let size = 1_500 + write.row.length * 6;
  if (write.kind === 'delete') return size;
  for (const [name, value] of Object.entries(write.columns))
    size +=
      name.length + 40 + (typeof value === 'string' ? value.length * 3 : value instanceof Uint8Array ? value.length * 1.4 : 0);
  return size;
}
