/** The id in a queue message, of which it is all there is; undefined when the message is not one of ours. */
export function messageId(message: unknown, name: 'actionId' | 'onboardingId'): string | undefined {
  const given: unknown = typeof message === 'string' ? parsedJson(message) : message;
  if (typeof given !== 'object' || given === null) return undefined;
  const id: unknown = Reflect.get(given, name);
  return typeof id === 'string' && /^[0-9a-f]{32}$/.test(id) ? id : undefined;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
