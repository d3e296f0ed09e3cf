// The part of `@azure/functions-core` that the library `@azure/functions` 4.16.5 uses. In Azure the Node.js worker provides it; it is no npm package:
// https://github.com/Azure/azure-functions-nodejs-worker/blob/v3.x/types-core/index.d.ts
import { z } from 'zod';

/** The levels of a log line, as the library names them. */
export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';

/** Who wrote a line: the app itself or the library. */
export type LogCategory = 'user' | 'system' | 'customMetric';

/** A value on its way between host and library; at most one member is set. */
export interface TypedData {
  readonly string?: string | null;
  readonly json?: string | null;
  readonly bytes?: Uint8Array | null;
  readonly int?: number | null;
  readonly double?: number | null;
  readonly http?: HttpData | null;
}

/** A cookie that a function sets, as the library encodes it. */
export interface HttpCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: { readonly value?: string };
  readonly path?: { readonly value?: string };
  readonly expires?: { readonly value?: { readonly seconds: number } };
  readonly secure?: { readonly value?: boolean };
  readonly httpOnly?: { readonly value?: boolean };
  readonly sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone';
  readonly maxAge?: { readonly value?: number };
}

/** An HTTP request (with method and url) or an HTTP response (with statusCode and cookies). */
export interface HttpData {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: TypedData | null;
  readonly statusCode?: string;
  readonly cookies?: readonly HttpCookie[];
}

const binding = z.looseObject({ type: z.string(), direction: z.enum(['in', 'out', 'inout']) });

/** One trigger, input or output of a function with the options its author gave. */
export type Binding = z.infer<typeof binding>;

/** What a registration says of a function. */
export const functionMetadata = z.object({
  name: z.string().min(1),
  bindings: z.record(z.string(), binding),
  retryOptions: z.unknown().optional(),
});

/** The code of a function or of a hook's replacement for it. */
export type Handler = (...inputs: unknown[]) => unknown;

/** What the host hands to the library for one invocation. */
export interface InvocationRequest {
  readonly invocationId: string;
  readonly inputData: readonly { readonly name: string; readonly data: TypedData }[];
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
  readonly traceContext: {
    readonly traceParent: string;
    readonly traceState: string;
    readonly attributes: Readonly<Record<string, string>>;
  };
}

/** What the library hands back: extra outputs by binding name, and the value of the return binding. */
export interface InvocationResponse {
  readonly outputData?: readonly { readonly name: string; readonly data: TypedData | null }[];
  readonly returnValue?: TypedData | null;
}

/** The host's side of one invocation; the library reads `state` to warn of logs after the end. */
export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: InvocationRequest;
  readonly metadata: z.infer<typeof functionMetadata>;
  state: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks' | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
}

/** The library's side of one invocation. */
interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], handler: Handler): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<InvocationResponse>;
}

/** What `@azure/functions` gives to the worker when the first function is registered. */
export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getCapabilities(capabilities: Record<string, string>): Promise<Record<string, string>>;
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
}

/** The names of the hooks an app can register. */
export const hookNames = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;

/** One of the hooks an app can register. */
export type HookName = (typeof hookNames)[number];

/** A hook gets one context object, whose members it may change where the library lets it. */
export type Hook = (context: object) => unknown;
