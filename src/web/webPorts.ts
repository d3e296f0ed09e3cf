import type { AssessPorts } from '../app/assess';
import type { OnboardPorts } from '../app/onboardPorts';
import type { Operator, OperatorRole } from '../domain/operator';
import type { CallbackQuery } from '../app/callback';
import type { WebRequest, WebResponse } from './request';

/** Who an operator's request comes from, or why it is refused: not signed in (401), or operators are not set up (503). */
export type OperatorVerdict = Operator | { readonly refused: 401 | 503; readonly code: string };

/** What the pages need. */
export interface WebPorts extends OnboardPorts {
  /** The origin of the pages; forms are taken only from it. */
  readonly publicUrl: string;
  readonly providerName: string;
  /** What a report of evidence needs. */
  readonly assess: AssessPorts;
  /** Where forms may lead a browser to: the sign-in page of the provider's cloud. */
  readonly signInOrigin: string;
  /** Verifies who sends a request, by a signed token and by nothing else. */
  readonly operator: (headers: ReadonlyMap<string, string>, signal: AbortSignal) => Promise<OperatorVerdict>;
}

/** A request on its way through a route. */
export interface Visit {
  readonly ports: WebPorts;
  readonly request: WebRequest;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: CallbackQuery;
  /** The fields of the form, checked to be ours; empty for GET. */
  readonly form: CallbackQuery;
  /** What names the browser; new when it had no cookie, and then set with the answer. */
  readonly browser: string;
  /** Who it is, on the operator's routes. */
  readonly operator: Operator | undefined;
  readonly signal: AbortSignal;
}

/** A route: everything that is not listed is denied. `public` routes are those of invitations, which prove themselves by their link and cookie. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT';
  /** Segments; one that begins with a colon takes any value. */
  readonly path: readonly string[];
  readonly access: 'public' | OperatorRole;
  /** For programs: takes and answers JSON, refusals too. */
  readonly api?: true;
  readonly handle: (visit: Visit) => Promise<WebResponse>;
}
