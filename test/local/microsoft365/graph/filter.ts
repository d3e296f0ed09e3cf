import { badRequest } from './graphError';

/** A literal of a filter; times are brought to one form so that they compare as text. */
interface Literal {
  kind: 'text' | 'time' | 'number' | 'word';
  value: string;
}

/** One comparison of a filter. */
export type Leaf =
  | { kind: 'compare'; field: string; operator: string; literal: Literal }
  | { kind: 'startswith' | 'endswith' | 'contains'; field: string; literal: Literal }
  | { kind: 'in'; field: string; literals: Literal[] }
  | { kind: 'any'; field: string; inner: string; literal: Literal };

/** A filter as it was read. */
export type Expression =
  | Leaf
  | { kind: 'and'; left: Expression; right: Expression }
  | { kind: 'or'; left: Expression; right: Expression }
  | { kind: 'not'; of: Expression };

interface Token {
  kind: 'text' | 'time' | 'number' | 'word' | 'sign';
  text: string;
}

const tokenPattern =
  /\s*(?:'((?:[^']|'')*)'|(\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?(?:Z|[+-]\d{2}:\d{2}))?)(?![\w-])|([0-9a-fA-F]{8}-[0-9a-fA-F-]{27})|(-?\d+(?:\.\d+)?)|([A-Za-z_@$][\w./@]*)|([(),:]))/y;
const operators = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le']);
const functions = new Set(['startswith', 'endswith', 'contains']);

/** A point in time as text of fixed width in UTC, so that comparing texts compares times to 100 ns; undefined when it is none. */
export function comparableTime(text: string): string | undefined {
  const found = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2})?(?:\.(\d+))?(Z|[+-]\d{2}:\d{2}))?$/.exec(text);
  if (!found) return undefined;
  const [, day = '', minutes = '00:00', seconds = ':00', fraction = '', zone = 'Z'] = found;
  const ms = Date.parse(`${day}T${minutes}${seconds}${zone}`);
  return Number.isNaN(ms) ? undefined : `${new Date(ms).toISOString().slice(0, 19)}.${fraction.padEnd(7, '0').slice(0, 7)}`;
}

/** Reads a $filter; throws the refusal that the service answers to one it cannot read. */
export function parseFilter(text: string): Expression {
  const tokens = tokensOf(text);
  let at = 0;
  const wrong = (): never => {
    throw badRequest(`Invalid filter clause: Syntax error at position ${at} in '${text}'.`);
  };
  const peek = () => tokens[at]?.text.toLowerCase();
  const take = (): Token => tokens[at++] ?? wrong();
  const expect = (sign: string) => {
    if (take().text !== sign) wrong();
  };

  function literal(): Literal {
    const token = take();
    if (token.kind === 'sign') wrong();
    if (token.kind === 'time') return { kind: 'time', value: comparableTime(token.text) ?? wrong() };
    return { kind: token.kind as Literal['kind'], value: token.text };
  }

  function primary(): Expression {
    const token = take();
    const name = token.text;
    if (token.kind === 'sign' && name === '(') {
      const inner = either();
      expect(')');
      return inner;
    }
    if (token.kind !== 'word') return wrong();
    if (name.toLowerCase() === 'not') return { kind: 'not', of: primary() };
    if (functions.has(name.toLowerCase()) && peek() === '(') {
      expect('(');
      const field = take().text;
      expect(',');
      const value = literal();
      expect(')');
      return { kind: name.toLowerCase() as 'startswith', field, literal: value };
    }
    if (name.endsWith('/any') && peek() === '(') return lambda(name.slice(0, -'/any'.length));
    const operator = take().text.toLowerCase();
    if (operator === 'in') {
      expect('(');
      const literals = [literal()];
      while (peek() === ',') {
        at++;
        literals.push(literal());
      }
      expect(')');
      return { kind: 'in', field: name, literals };
    }
    if (!operators.has(operator)) wrong();
    return { kind: 'compare', field: name, operator, literal: literal() };
  }

  function lambda(field: string): Expression {
    expect('(');
    const variable = take().text;
    expect(':');
    const path = take().text;
    if (path !== variable && !path.startsWith(`${variable}/`)) wrong();
    if (take().text.toLowerCase() !== 'eq') wrong();
    const value = literal();
    expect(')');
    return { kind: 'any', field, inner: path.slice(variable.length + 1), literal: value };
  }

  function both(): Expression {
    let left = primary();
    while (peek() === 'and') {
      at++;
      left = { kind: 'and', left, right: primary() };
    }
    return left;
  }

  function either(): Expression {
    let left = both();
    while (peek() === 'or') {
      at++;
      left = { kind: 'or', left, right: both() };
    }
    return left;
  }

  const expression = either();
  if (at < tokens.length) wrong();
  return expression;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.trimEnd().length) {
    const start = tokenPattern.lastIndex;
    const found = tokenPattern.exec(text);
    if (!found) throw badRequest(`Invalid filter clause: Syntax error at position ${start} in '${text}'.`);
    const [, quoted, time, guid, number, word, sign] = found;
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replaceAll("''", "'") });
    else if (time !== undefined) tokens.push({ kind: 'time', text: time });
    else if (guid !== undefined) tokens.push({ kind: 'text', text: guid });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else tokens.push({ kind: 'sign', text: sign ?? '' });
  }
  return tokens;
}

/** Every comparison of a filter, in the order it was written. */
export function* leaves(expression: Expression): Generator<Leaf> {
  if (expression.kind === 'and' || expression.kind === 'or') {
    yield* leaves(expression.left);
    yield* leaves(expression.right);
    return;
  }
  if (expression.kind === 'not') yield* leaves(expression.of);
  else yield expression;
}

/** Whether an object passes a filter; `get` answers the value at a path such as `status/errorCode`. */
export function passes(expression: Expression, get: (path: string) => unknown): boolean {
  switch (expression.kind) {
    case 'and':
      return passes(expression.left, get) && passes(expression.right, get);
    case 'or':
      return passes(expression.left, get) || passes(expression.right, get);
    case 'not':
      return !passes(expression.of, get);
    case 'compare':
      return holds(get(expression.field), expression.operator, expression.literal);
    case 'in':
      return expression.literals.some((literal) => holds(get(expression.field), 'eq', literal));
    case 'any': {
      const list = get(expression.field);
      if (!Array.isArray(list)) return false;
      return list.some((item) =>
        holds(expression.inner === '' ? item : valueAt(item, expression.inner), 'eq', expression.literal),
      );
    }
    case 'startswith':
    case 'endswith':
    case 'contains': {
      const value = get(expression.field);
      if (typeof value !== 'string') return false;
      const [whole, part] = [value.toLowerCase(), expression.literal.value.toLowerCase()];
      if (expression.kind === 'startswith') return whole.startsWith(part);
      return expression.kind === 'endswith' ? whole.endsWith(part) : whole.includes(part);
    }
  }
}

/** The value at a path of an object. */
export function valueAt(object: unknown, path: string): unknown {
  let value = object;
  for (const name of path.split('/')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function holds(value: unknown, operator: string, literal: Literal): boolean {
  const order = compare(value, literal);
  if (operator === 'eq') return order === 0;
  if (operator === 'ne') return order !== 0;
  if (order === undefined) return false;
  if (operator === 'gt') return order > 0;
  if (operator === 'ge') return order >= 0;
  return operator === 'lt' ? order < 0 : order <= 0;
}

/** A value as a filter would write it. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'null';
}

function compare(value: unknown, literal: Literal): number | undefined {
  if (literal.kind === 'word') return textOf(value) === literal.value ? 0 : undefined;
  if (value === null || value === undefined) return undefined;
  if (literal.kind === 'time') {
    const time = typeof value === 'string' ? comparableTime(value) : undefined;
    return time === undefined ? undefined : time < literal.value ? -1 : time > literal.value ? 1 : 0;
  }
  if (typeof value === 'number' || literal.kind === 'number') return Math.sign(Number(value) - Number(literal.value));
  // Enumerations and names compare without regard to case.
  const [left, right] = [textOf(value).toLowerCase(), literal.value.toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}
