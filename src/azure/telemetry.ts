import type { Clock, Severity, Telemetry } from '../domain/ports';

const longestText = 4_000;
const longestScanned = 32_000;

const removed: readonly (readonly [RegExp, string])[] = [
  [/eyJ[\w-]{8,}(?:\.[\w-]+){0,2}\.?/g, '[token]'],
  [/\b(Bearer|SharedAccessSignature)\s+[^\s"',;]+/gi, '$1 [removed]'],
  [
    /\b(client_secret|client_assertion|assertion|access_token|refresh_token|id_token|password|SharedAccessKey|AccountKey|sig)(["']?\s*[=:]\s*["']?)[^\s"'&;,}]+/gi,
    '$1$2[removed]',
  ],
  // JSON.parse quotes what it could not read.
  [/,? ?(?:\.\.\.)?"[^\n]{0,80}?"(?:\.\.\.)? is not valid JSON/g, ': not valid JSON'],
  [/[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g, '[address]'],
  [/\b(?!127\.0\.0\.1\b)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/g, '[ip]'],
  [
    /\b(?:[\da-f]{1,4}:){4,7}[\da-f]{1,4}\b|\b[\da-f]{1,4}(?::[\da-f]{1,4}){0,6}::(?:[\da-f]{1,4}(?::[\da-f]{1,4}){0,6})?/gi,
    '[ip]',
  ],
];

/** Takes out of a text what looks like a token, a key, a signature, a mail address or an IP address: the last line of defence, for nothing of the kind should be in it. */
export function redact(text: string): string {
  let result = text.slice(0, longestScanned);
  for (const [pattern, replacement] of removed) result = result.replace(pattern, replacement);
  return result.length > longestText ? `${result.slice(0, longestText)}…` : result;
}

type Fields = NonNullable<Parameters<Telemetry['event']>[2]>;

/** The fields of an event as they may leave the process. */
export function redactFields(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([field, value]) => [field, typeof value === 'string' ? redact(value) : value]),
  );
}

/** Telemetry as one line of JSON per event, given to `write`; on Azure the Functions host takes such lines to Application Insights. */
export function jsonLinesTelemetry(write: (severity: Severity, line: string) => void, clock: Pick<Clock, 'now'>): Telemetry {
  return {
    event: (name, severity, fields = {}) => {
      const own = { time: clock.now().toISOString(), severity, event: name };
      // Twice, so that it comes first and no field can stand in for it.
      write(severity, JSON.stringify({ ...own, ...redactFields(fields), ...own }));
    },
  };
}
