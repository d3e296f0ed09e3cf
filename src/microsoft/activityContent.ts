import { ConnectorError } from '../domain/failure';
import { MalformedContainer, RecordSplitter } from '../domain/recordSplitter';
import type { SplitRecord } from '../domain/recordSplitter';
import type { RecordFlag, Run, SourceRecord, Unit } from '../domain/source';
import { activityErrorCode } from './activityErrors';
import { activityError, withPublisher } from './activityRequests';

const wanted = ['Id', 'CreationTime', 'Operation', 'OrganizationId'];
const errorBodyBytes = 64 * 1024;
const doing = 'reading content';

/** Reads the records of one content blob as they arrive; what follows a damaged one still counts. */
export async function* readContent(run: Run, unit: Unit): AsyncGenerator<readonly SourceRecord[], void, undefined> {
  if (unit.refused !== undefined) throw new ConnectorError(doing, unit.refused);
  const url = withPublisher(unit.ref, run.publisherId);
  const answer = await run.send({ api: 'management', operation: doing, method: 'GET', url });
  const { status, headers } = answer;
  if (status !== 200) {
    const text = await answer.text(errorBodyBytes);
    if (status === 404 && activityErrorCode(text) === undefined)
      throw new ConnectorError(doing, { kind: 'contentMissing', code: 'HTTP 404' });
    throw activityError({ status, headers, text }, doing, run.now());
  }
  const splitter = new RecordSplitter(wanted);
  const tenantId = run.tenant.id;
  try {
    for await (const chunk of answer.body) {
      const records = splitter.push(chunk);
      if (records.length > 0) yield records.map((record) => toRecord(record, tenantId));
      release(chunk);
    }
    splitter.end();
  } catch (error) {
    if (!(error instanceof MalformedContainer)) throw error;
    if (error.reason === 'empty') throw new ConnectorError(doing, { kind: 'unavailable', code: 'emptyBody' }, error);
    // An error object, or a page of HTML, explains itself at its start.
    if (error.reason === 'notAnArray' && /^\s*[{<]/.test(error.prefix))
      throw activityError({ status, headers, text: error.prefix }, doing, run.now());
    throw new ConnectorError(
      doing,
      { kind: 'unexpectedResponse', code: error.reason, detail: 'The content is not a complete list of records.' },
      error,
    );
  } finally {
    answer.discard();
  }
}

/** Frees the memory of a chunk whose records have been taken, instead of leaving megabytes of them to the garbage collector. */
function release({ buffer, byteLength }: Buffer): void {
  if ('transfer' in buffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

function toRecord({ json, fields, problem }: SplitRecord, tenantId: string): SourceRecord {
  if (problem !== undefined) return { json, flags: [problem] };
  const [id, time, operation, organization] = fields;
  const flags: RecordFlag[] = [];
  if (id === undefined || id === '') flags.push('withoutId');
  if (organization !== undefined && organization.toLowerCase() !== tenantId) flags.push('otherOrganization');
  return {
    json,
    ...(id === undefined || id === '' ? {} : { id }),
    ...(time === undefined ? {} : { time }),
    ...(operation === undefined ? {} : { operation }),
    ...(flags.length === 0 ? {} : { flags }),
  };
}
