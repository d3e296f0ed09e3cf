import { randomBytes, randomUUID } from 'node:crypto';
import type { FunctionRegistry, RegisteredFunction } from './functionRegistry';
import { describeError, type HostLog } from './hostLog';
import type {
  CoreInvocationContext,
  InvocationRequest,
  InvocationResponse,
  ProgrammingModel,
  TypedData,
} from './workerInterface';

/** What a trigger hands over for one invocation. */
interface TriggerInput {
  readonly data: TypedData;
  readonly metadata?: Readonly<Record<string, TypedData>>;
}

/** Runs a function once with its hooks and writes its outputs; rejects if the invocation failed, after having logged why. */
export type Invoke = (fn: RegisteredFunction, input: TriggerInput) => Promise<InvocationResponse>;

/** What an invoker needs. */
export interface InvokerParts {
  readonly registry: FunctionRegistry;
  readonly model: ProgrammingModel;
  readonly log: HostLog;
  readonly timeoutMs: number;
  readonly appHookData: Record<string, unknown>;
  writeOutputs(fn: RegisteredFunction, response: InvocationResponse): Promise<void>;
}

/**
 * Makes the function that runs invocations. One that exceeds host.json's functionTimeout counts as failed, as in Azure. Azure then also ends the
 * worker process; here the handler's code goes on in the background, because nothing can stop it inside a process that others share.
 */
export function createInvoker(parts: InvokerParts): Invoke {
  return async (fn, input) => {
    const { log } = parts;
    const invocationId = randomUUID();
    const subject = { function: fn.name, invocationId };
    const started = performance.now();
    const outcome = (word: string) =>
      `Executed 'Functions.${fn.name}' (${word}, Id=${invocationId}, Duration=${Math.round(performance.now() - started)}ms)`;
    log('information', `Executing 'Functions.${fn.name}' (Id=${invocationId})`, subject);
    try {
      const response = await withTimeout(runWithHooks(parts, fn, invocationId, input), parts.timeoutMs, () => {
        log(
          'error',
          `Timeout value of ${parts.timeoutMs} ms exceeded by function 'Functions.${fn.name}' (Id=${invocationId}).`,
          subject,
        );
      });
      await parts.writeOutputs(fn, response);
      log('information', outcome('Succeeded'), subject);
      return response;
    } catch (error) {
      log('error', `${outcome('Failed')}\n${describeError(error)}`, subject);
      throw error;
    }
  };
}

async function runWithHooks(
  { registry, model, log, appHookData }: InvokerParts,
  fn: RegisteredFunction,
  invocationId: string,
  input: TriggerInput,
): Promise<InvocationResponse> {
  const shared: { hookData: object; appHookData: object; invocationContext?: unknown } = { hookData: {}, appHookData };
  const core: CoreInvocationContext = {
    invocationId,
    metadata: fn.metadata,
    request: requestOf(fn, invocationId, input),
    state: undefined,
    log: (level, category, message) => {
      const line = { ...shared, level, message, category };
      registry.runLogHooks(line);
      const user = category === 'user';
      // A hook's change counts for the app's own lines only.
      log(user ? line.level : level, user ? line.message : message, { function: fn.name, invocationId, user });
    },
  };
  const invocation = model.getInvocationModel(core);
  const { context, inputs } = await invocation.getArguments();
  shared.invocationContext = context;

  const before = { ...shared, functionCallback: fn.handler, inputs };
  core.state = 'preInvocationHooks';
  await registry.runHooks('preInvocation', before);

  const after: { result?: unknown; error?: unknown; inputs: unknown[] } = { ...shared, inputs: before.inputs };
  core.state = 'invocation';
  try {
    after.result = await invocation.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    after.error = error ?? new Error('The function threw nothing.');
  }
  core.state = 'postInvocationHooks';
  await registry.runHooks('postInvocation', after);
  core.state = undefined;

  if (after.error != null) throw new Error(`Function "${fn.name}" failed.`, { cause: after.error });
  return invocation.getResponse(context, after.result);
}

function requestOf(
  { triggerName }: RegisteredFunction,
  invocationId: string,
  { data, metadata = {} }: TriggerInput,
): InvocationRequest {
  const traceParent = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
  return {
    invocationId,
    inputData: [{ name: triggerName, data }],
    triggerMetadata: metadata,
    traceContext: { traceParent, traceState: '', attributes: {} },
  };
}

function withTimeout<T>(work: Promise<T>, timeoutMs: number, onTimeout: () => void): Promise<T> {
  // Above this, about 24.8 days, setTimeout would fire at once.
  if (timeoutMs >= 2 ** 31) return work;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      onTimeout();
      reject(new Error(`The function ran longer than ${timeoutMs} ms.`));
    }, timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
