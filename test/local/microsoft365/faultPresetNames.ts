/** The named sets of faults of the command line, with what each does. */
export const faultPresetNames = {
  throttling: 'One request in ten is throttled: AF429 with status 403, or 429 with Retry-After.',
  serverErrors: 'One request in ten fails with AF50000 or status 503, the login service one in fifty.',
  resets: 'Connections break, before the answer or in the middle of a blob.',
  truncated: 'Blobs and lists end early although their framing looks complete.',
  slow: 'One blob in five arrives at 50 kB/s, one list in ten after two seconds.',
  late: 'One blob in five is listed up to three hours after it was created.',
  repeated: 'Lists name blobs twice, and one record in five appears again in a later blob.',
  missingPages: 'Three in ten lists hide that there is a next page.',
  tokenLife: 'Tokens live 30 seconds.',
  html: 'Lists and blobs are sometimes an HTML page, with status 200 or 502.',
  skew: 'The clock of the service is ten minutes ahead.',
} as const;

/** The name of a set of faults. */
export type FaultPresetName = keyof typeof faultPresetNames;

/** Tells the name of a preset from any other text. */
export function isFaultPresetName(text: string): text is FaultPresetName {
  return Object.hasOwn(faultPresetNames, text);
}
