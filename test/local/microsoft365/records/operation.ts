import type { Random } from '../random';
import { someAddress, someAgent, somePerson, type Person } from './vocabulary';

/** What an operation's fields are made from. */
export interface RecordContext {
  random: Random;
  tenantId: string;
  domain: string;
  user: Person;
  /** Time of the event. */
  at: Date;
  /** Whether DLP records may carry what was matched (the application has ActivityFeed.ReadDlp). */
  sensitive: boolean;
}

/** One row of the tables: an operation and how to make the fields that are its own. */
export interface OperationRow {
  operation: string;
  recordType: number;
  workload: string;
  fields: (context: RecordContext) => Record<string, unknown>;
}

const smallest = 1100;
const largest = 8000;
const numberMark = /"\ue000(-?\d+)\ue001"/g;

/** A number in the text that a JavaScript number cannot hold: above 2^53, below 2^63. */
export function bigNumber(random: Random): string {
  return `\ue000${random.int(9_008, 9_223_371)}${String(random.int(0, 999_999_999_999)).padStart(12, '0')}\ue001`;
}

/** The list form in which several workloads write properties. */
export function properties(values: Record<string, string>): { Name: string; Value: string }[] {
  return Object.entries(values).map(([Name, Value]) => ({ Name, Value }));
}

/** A date in the form of CreationTime: UTC without saying so. */
export function withoutZone(date: Date): string {
  return date.toISOString().slice(0, 19);
}

/** Makes one record as the compact JSON text Microsoft would send. */
export function buildRecord(
  row: OperationRow,
  tenant: { tenantId: string; domain: string; sensitive: boolean },
  createdMs: number,
  random: Random,
): { id: string; text: string } {
  const at = new Date(createdMs - random.int(2 * 60_000, 75 * 60_000));
  const user = somePerson(random, tenant.domain);
  const id = random.guid();
  const record: Record<string, unknown> = {
    CreationTime: withoutZone(at),
    Id: id,
    Operation: row.operation,
    OrganizationId: tenant.tenantId,
    RecordType: row.recordType,
    UserKey: user.puid,
    UserType: 0,
    Version: 1,
    Workload: row.workload,
    ClientIP: someAddress(random),
    UserId: user.upn,
    ...row.fields({ random, user, at, ...tenant }),
  };
  const wanted = random.chance(0.1) ? random.int(2500, 6000) : random.int(smallest, 2200);
  let text = JSON.stringify(record);
  if (text.length < wanted) {
    record['AppAccessContext'] = {
      AADSessionId: random.guid(),
      CorrelationId: random.guid(),
      UniqueTokenId: random.hex(22),
      ClientAppId: random.guid(),
      IssuedAtTime: withoutZone(new Date(at.getTime() - 600_000)),
    };
    text = JSON.stringify(record);
  }
  if (text.length < wanted) {
    const details: Record<string, unknown> = {
      UserAgent: someAgent(random),
      DisplayName: user.name,
      Sequence: random.int(1, 1e9),
    };
    for (let missing = wanted - text.length - 150; missing > 0; missing -= 55) {
      details[`Trace${Object.keys(details).length}`] = random.guid();
    }
    record['AdditionalInfo'] = JSON.stringify(details);
    text = JSON.stringify(record);
  }
  return { id, text: inMicrosoftsHand(text.replace(numberMark, '$1'), random) };
}

/** Different serialisers write the same text differently; all of it is valid JSON and has to survive byte for byte. */
function inMicrosoftsHand(text: string, random: Random): string {
  const style = random.next();
  let written = text;
  if (style < 0.12) written = text.replaceAll('/', '\\/');
  else if (style < 0.24) {
    written = text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  } else if (style < 0.3) written = text.replace(/[<>&']/g, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`);
  return Buffer.byteLength(written) > largest ? text : written;
}
