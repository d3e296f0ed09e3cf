import { z } from 'zod';

const tokenAnswer = z.object({ access_token: z.string() });

/** A token of the baseline, the ordinary way: client id and secret to the token endpoint, for everything of one API. */
export async function tokenOf(
  login: string,
  api: string,
  who: { readonly BASELINE_TENANT: string; readonly BASELINE_CLIENT: string; readonly BASELINE_SECRET: string },
): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: who.BASELINE_CLIENT,
    client_secret: who.BASELINE_SECRET,
    scope: `${api}/.default`,
  });
  const answer = await fetch(`${login}/${who.BASELINE_TENANT}/oauth2/v2.0/token`, { method: 'POST', body });
  return tokenAnswer.parse(await answer.json()).access_token;
}
