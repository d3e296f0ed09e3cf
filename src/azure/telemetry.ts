import type { Clock, Severity, Telemetry } from '../domain/ports';

const longestText = 4_000;
const longestScanned = 32_000;

const secrets: readonly (readonly [RegExp, string])[] = [
  [/eyJ[\w-]{8,}(?:\.[\w-]+){0,2}\.?/g, '[token]'],
  [/\b(Bearer|SharedAccessSignature)\s+[^\s"',;]+/gi, '$1 [removed]'],
  [
    /\b(client_secret|client_assertion|assertion|access_token|refresh_token|id_token|password|SharedAccessKey|AccountKey|sig)(["']?\s*[=:]\s*["']?)[^\s"'&;,}]+/gi,
    '$1$2[removed]',
  ],
];

/** Takes out of a text what looks like a token, a key or a signature: the last line of defence, for nothing of the kind should be in it. */
export function redact(text: string): string {
  let result = text.slice(0, longestScanned);
  for (const [pattern, replacement] of secrets) result = result.replace(pattern, replacement);
  return result.length > longestText ? `${result.slice(0, longestText)}…` : result;
}

/** Telemetry as one line of JSON per event, given to `write`; on Azure the Functions host takes such lines to Application Insights. */
export function jsonLinesTelemetry(write: (severity: Severity, line: string) => void, clock: Pick<Clock, 'now'>): Telemetry {
  return {
    event: (name, severity, fields = {}) => {
      const own = { time: clock.now().toISOString(), severity, event: name };
      const safe = Object.entries(fields).map(
        ([field, value]) => [field, typeof value === 'string' ? redact(value) : value] as const,
      );
      // Twice, so that it comes first and no field can stand in for it.
      write(severity, JSON.stringify({ ...own, ...Object.fromEntries(safe), ...own }));
    },
  };
}
