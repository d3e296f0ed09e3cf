import { ConnectorError } from '../domain/failure';
import type { LimitId } from '../domain/limit';
import type { Permission, Run } from '../domain/source';
import { classifyGraphError } from './graphErrors';
import { parseJson } from './parseJson';

const longestAnswer = 16 * 1024 * 1024;
const longestError = 64 * 1024;

/** A small question to Graph or to Defender for Endpoint. */
export interface Question {
  readonly doing: string;
  /** What is asked, from the host on: `/v1.0/organization`, `/api/machines?$top=1`. */
  readonly path: string;
  /** Named when the API says that one is missing. */
  readonly permission: Pick<Permission, 'api' | 'role'>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly limits?: readonly LimitId[];
  readonly units?: number;
}

/** Asks for one answer and returns its `value` array. Throws the failure a refusal stands for, and `unexpectedResponse` for anything that is no list. */
export async function ask(run: Pick<Run, 'tenant' | 'send' | 'now'>, question: Question): Promise<readonly unknown[]> {
  const { doing, path, permission, headers, limits, units } = question;
  const answer = await run.send({
    api: permission.api,
    operation: doing,
    method: 'GET',
    url: `${run.tenant.cloud.hosts[permission.api]}${path}`,
    ...(headers === undefined ? {} : { headers }),
    ...(limits === undefined ? {} : { limits }),
    ...(units === undefined ? {} : { units }),
  });
  const refused = (text: string): ConnectorError =>
    new ConnectorError(
      doing,
      classifyGraphError(
        { status: answer.status, headers: answer.headers, text },
        { api: permission.api, permission: permission.role, now: run.now() },
      ),
    );
  if (answer.status !== 200) throw refused(await answer.text(longestError));
  const text = await answer.text(longestAnswer);
  const json = parseJson(text);
  if (typeof json === 'object' && json !== null && 'value' in json && Array.isArray(json.value))
    return json.value as readonly unknown[];
  if (typeof json === 'object' && json !== null && 'error' in json) throw refused(text.slice(0, longestError));
  throw new ConnectorError(doing, {
    kind: 'unexpectedResponse',
    code: 'notAList',
    detail: 'The API answered with something else than a list.',
  });
}
