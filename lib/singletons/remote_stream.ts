import { decodeValue, encodeValue } from "../codec/value.ts";
import { SynodError } from "../errors.ts";
import type { Limits, NodeShell, Operation } from "../node/shell.ts";
import { show } from "../show.ts";
import type { Attempts } from "./calls.ts";
import { fromFailure } from "./failure.ts";
import type { CallAttempt } from "./outbound.ts";
import { KEEP_EVERY, STREAM_CALLS } from "./stream_calls.ts";

/** What a stream needs at its caller. */
export interface RemoteStreamParts {
  readonly shell: NodeShell;
  readonly attempts: Pick<Attempts, "call" | "cast">;
  /** The call that has returned it. */
  readonly call: Pick<CallAttempt, "pid" | "token" | "register" | "method">;
  /** The number of the stream at its instance. */
  readonly number: number;
  /** The signal of the call, which ends the stream too. */
  readonly signal: AbortSignal | undefined;
  /** The time that the instance has to end its generator, in milliseconds. */
  readonly timeout: number;
}

const END = { done: true, value: undefined } as const;

/** The items of a stream, which its instance makes when they are asked for. */
export class RemoteStream implements AsyncIterableIterator<unknown, void> {
  readonly #parts: RemoteStreamParts;
  readonly #args: Uint8Array;
  /** Ends with the node, or with the signal of the call. */
  readonly #life: Operation<void>;
  /** The questions so far: the next one is asked when they are answered. */
  #last: Promise<unknown> = Promise.resolve();
  #isOver = false;
  /** Cancels the next sign that the caller is there. */
  #cancelKeep: () => void = () => {};

  /** Follows the stream of a call that has returned one. */
  constructor(parts: RemoteStreamParts) {
    this.#parts = parts;
    this.#args = encodeValue([parts.number], 100);
    const { shell, signal } = parts;
    this.#life = shell.operation<void>({ deadline: Infinity, signal });
    this.#life.promise.catch(() => {});
    this.#life.onEnd(() => {
      this.#cancelKeep();
      this.#stop();
    });
    this.#keepLater();
  }

  /** The stream itself: it can be iterated once. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next item, once its instance has made it. */
  next(): Promise<IteratorResult<unknown, void>> {
    const next = this.#last.then(() => this.#next());
    this.#last = next.catch(() => {});
    return next;
  }

  /** Ends the stream; resolves when its generator has ended, or cannot be reached. */
  async return(): Promise<IteratorResult<unknown, void>> {
    if (this.#isOver) return END;
    const ended = this.#ask(STREAM_CALLS.end, this.#limits());
    this.#over();
    // Whether the generator has heard of it or not, nothing more comes.
    const outcome = await ended.catch(() => undefined);
    if (outcome?.type === "threw") throw fromFailure(outcome.failure);
    return END;
  }

  async #next(): Promise<IteratorResult<unknown, void>> {
    const { signal, call: { method, pid } } = this.#parts;
    if (this.#isOver) {
      // A stream that was cut off did not end.
      if (this.#life.ended) await this.#life.promise;
      return END;
    }
    this.#cancelKeep();
    try {
      const outcome = await this.#ask(STREAM_CALLS.next, { deadline: Infinity, signal });
      switch (outcome.type) {
        case "returned": {
          const items = decodeValue(outcome.value) as unknown[];
          if (items.length === 0) break;
          this.#keepLater();
          return { done: false, value: items[0] };
        }
        case "threw":
          throw fromFailure(outcome.failure);
        case "refused":
          throw new SynodError("closed", `The instance that ran ${method}() has ended`);
        case "busy":
          throw new SynodError("queue_full", `Too many calls wait for ${show(pid.node)}`);
        default:
          throw new SynodError("outcome_unknown", `Node ${pid.node} vanished during ${method}()`);
      }
      this.#over();
      return END;
    } catch (error) {
      this.#over();
      throw error;
    }
  }

  #ask(method: string, limits: Limits) {
    const { attempts, call } = this.#parts;
    const about = { ...call, method, args: this.#args, chain: [], isPart: true };
    return attempts.call(about, limits);
  }

  #limits(): Limits {
    const { shell: { runtime }, timeout } = this.#parts;
    return { deadline: runtime.now() + timeout };
  }

  /** Tells the host now and then that the caller is there, while it asks for nothing. */
  #keepLater(): void {
    if (this.#isOver) return;
    const { shell: { runtime } } = this.#parts;
    this.#cancelKeep = runtime.setTimer(() => {
      this.#cast(STREAM_CALLS.keep);
      this.#keepLater();
    }, KEEP_EVERY);
  }

  #cast(method: string): void {
    const { attempts, call } = this.#parts;
    attempts.cast({ ...call, method, args: this.#args, chain: [] });
  }

  #over(): void {
    this.#isOver = true;
    this.#cancelKeep();
    this.#life.resolve();
  }

  /** The node closes, or the signal of the call is aborted: has the generator end. */
  #stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#parts.shell.closed === undefined) this.#cast(STREAM_CALLS.end);
  }
}
