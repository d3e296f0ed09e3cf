import { z } from 'zod';
import {
  functionMetadata,
  hookNames,
  type Binding,
  type Handler,
  type Hook,
  type HookName,
  type LogCategory,
  type LogLevel,
  type ProgrammingModel,
} from './workerInterface';

/** A function that the app registered. */
export interface RegisteredFunction {
  readonly name: string;
  readonly metadata: z.infer<typeof functionMetadata>;
  readonly handler: Handler;
  readonly triggerName: string;
  readonly trigger: Binding;
}

class Disposable {
  readonly #undo: () => void;
  constructor(undo: () => void) {
    this.#undo = undo;
  }
  dispose(): void {
    this.#undo();
  }
}

/** Collects what an app registers while it is loaded. Its `api` is what the app gets when it requires `@azure/functions-core`. */
export class FunctionRegistry {
  readonly functions = new Map<string, RegisteredFunction>();
  readonly #hooks = new Map<HookName, Set<Hook>>(hookNames.map((name) => [name, new Set()]));
  readonly #log: (level: LogLevel, message: string) => void;
  #model: ProgrammingModel | undefined;
  #sealed = false;

  constructor(log: (level: LogLevel, message: string) => void) {
    this.#log = log;
  }

  readonly api = {
    version: '3.12.0',
    hostVersion: '4.1041.0',
    Disposable,
    setProgrammingModel: (model: ProgrammingModel): void => {
      this.#model = model;
    },
    getProgrammingModel: (): ProgrammingModel | undefined => this.#model,
    registerFunction: (metadata: unknown, handler: Handler): Disposable => this.#register(metadata, handler),
    registerHook: (name: string, hook: Hook): Disposable => {
      const hooks = this.#hooks.get(z.enum(hookNames).parse(name));
      hooks?.add(hook);
      return new Disposable(() => hooks?.delete(hook));
    },
    log: (level: LogLevel, _category: LogCategory, message: string): void => this.#log(level, message),
  };

  /** Ends registration and returns the library's model; throws if the app never reached the worker interface. */
  seal(): ProgrammingModel {
    this.#sealed = true;
    if (this.#model) return this.#model;
    throw new Error(
      'The app registered no function. Either it has none, or it loads its own copy of @azure/functions instead of the bundled one, which then finds no worker.',
    );
  }

  /** Runs the hooks of a name one after the other in the order they were registered. */
  async runHooks(name: Exclude<HookName, 'log'>, context: object): Promise<void> {
    for (const hook of this.#hooks.get(name) ?? []) await hook(context);
  }

  /** Runs the log hooks, which are synchronous. */
  runLogHooks(context: object): void {
    for (const hook of this.#hooks.get('log') ?? []) hook(context);
  }

  #register(given: unknown, handler: Handler): Disposable {
    const metadata = functionMetadata.parse(given);
    const { name } = metadata;
    if (this.#sealed)
      throw new Error(`Function "${name}" was registered after the app had started, which the worker does not allow.`);
    if (this.functions.has(name)) throw new Error(`A function with id "${name}" has already been registered.`);
    const triggers = Object.entries(metadata.bindings).filter(([, { type }]) => /trigger$/i.test(type));
    const [first, second] = triggers;
    if (!first || second) throw new Error(`Function "${name}" must have exactly one trigger but has ${triggers.length}.`);
    this.functions.set(name, { name, metadata, handler, triggerName: first[0], trigger: first[1] });
    return new Disposable(() => this.functions.delete(name));
  }
}
