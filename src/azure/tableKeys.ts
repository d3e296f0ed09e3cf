/** A text as part of a key: what the service forbids in keys, and the separator `|`, is written as `=` and its code. https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model */
export function keyPart(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[/\\#?%|=\u0000-\u001f\u007f-\u009f]/g, (c) => `=${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** The inverse of keyPart. */
export function keyText(part: string): string {
  return part.replace(/=([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
