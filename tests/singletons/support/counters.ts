import type { ChildContext, ChildSpec, Restart } from "../../../mod.ts";

/** A singleton that counts, and does what a test requests. */
export class Counter {
  readonly #context: ChildContext;
  readonly #counters: Counters;
  #count: number;

  constructor(context: ChildContext, counters: Counters, first: number) {
    this.#context = context;
    this.#counters = counters;
    this.#count = first;
  }

  /** Increments the count; returns the count before that. */
  inc(): number {
    this.#counters.executed.push("inc");
    return this.#count++;
  }

  /** The id of the node that runs it. */
  node(): string {
    return this.#context.node;
  }

  /** Its token. */
  token(): number {
    return this.#context.token;
  }

  /** Ends this instance. */
  exit(reason?: string): void {
    void this.#context.exit(reason);
  }

  /** Answers when `counters.release` is called, and notes `name` when it begins. */
  async wait(name: string): Promise<string> {
    this.#counters.executed.push(`wait ${name}`);
    await new Promise<void>((resolve) => this.#counters.waiting.push(resolve));
    return name;
  }
}

/** A spec of counters, with a record of its instances on all nodes. */
export class Counters {
  /** The contexts of the instances, in the order of their starts. */
  readonly contexts: ChildContext[] = [];
  /** The calls that were executed, in order. */
  readonly executed: string[] = [];
  /** The instances that still had an open signal when another instance of their key was started. */
  readonly doubles: string[] = [];
  /** Functions that let each running call of `wait` return. */
  readonly waiting: (() => void)[] = [];
  readonly spec: ChildSpec<Counter, [first?: number]>;

  constructor(
    options: { id?: string; restart?: Restart; concurrent?: boolean } = {},
  ) {
    this.spec = {
      id: "counter",
      ...options,
      start: (context, first = 1) => {
        this.#note(context);
        return new Counter(context, this, first);
      },
    };
  }

  /** Lets every call of `wait` return that has begun. */
  release(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  #note(context: ChildContext): void {
    const key = JSON.stringify(context.key);
    for (const other of this.contexts) {
      if (JSON.stringify(other.key) !== key || other.signal.aborted) continue;
      this.doubles.push(`${key} on ${other.node} and on ${context.node}`);
    }
    this.contexts.push(context);
  }
}
