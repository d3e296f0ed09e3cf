import type { ServerResponse } from 'node:http';
import type { HttpCookie, HttpData } from './workerInterface';

/** Sends what a function returned. */
export function sendHttpResponse(response: ServerResponse, { statusCode, headers = {}, cookies = [], body }: HttpData): void {
  response.statusCode = Number(statusCode ?? 200);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (cookies.length > 0) response.setHeader('Set-Cookie', cookies.map(cookieText));
  response.end(body?.bytes ?? body?.string ?? body?.json ?? undefined);
}

function cookieText({ name, value, domain, path, expires, secure, httpOnly, sameSite, maxAge }: HttpCookie): string {
  const parts = [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`];
  if (domain?.value !== undefined) parts.push(`Domain=${domain.value}`);
  if (path?.value !== undefined) parts.push(`Path=${path.value}`);
  if (expires?.value !== undefined) parts.push(`Expires=${new Date(expires.value.seconds * 1000).toUTCString()}`);
  if (maxAge?.value !== undefined) parts.push(`Max-Age=${maxAge.value}`);
  if (secure?.value) parts.push('Secure');
  if (httpOnly?.value) parts.push('HttpOnly');
  if (sameSite === 'lax') parts.push('SameSite=Lax');
  if (sameSite === 'strict') parts.push('SameSite=Strict');
  if (sameSite === 'explicitNone') parts.push('SameSite=None');
  return parts.join('; ');
}
