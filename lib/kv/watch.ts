import { decodeValue } from "../codec.ts";
import type { Core } from "../node/core.ts";
import { onAbort } from "../node/runtime/on_abort.ts";
import type { Learned } from "../paxos/learner.ts";
import type { RegisterId, State } from "../paxos/register.ts";

/** What a watch yields: the value of a key, or that it has none. */
export type Change<T> =
  | { present: true; value: T; token: number }
  | { present: false };

/**
 * Follows one key: yields its present state first, then each change. May skip intermediate states, never goes
 * back. Ends when one of `signals` aborts, with its reason, or when the node closes.
 */
export function watch<T>(
  core: Core,
  register: RegisterId,
  signals: readonly AbortSignal[],
  closing: AbortSignal,
): AsyncIterable<Change<T>> {
  return { [Symbol.asyncIterator]: () => new Watcher<T>(core, register, signals, closing) };
}

class Watcher<T> implements AsyncIterator<Change<T>, undefined> {
  readonly #stop: () => void;
  readonly #isClosing: () => boolean;
  readonly #signals: readonly AbortSignal[];
  /** The newest state that was not yielded; `undefined`: none. */
  #news: State | null | undefined;
  /** The token of the state yielded last; `null`: absent; `undefined`: nothing was yielded yet. */
  #told: number | null | undefined;
  readonly #waiting: (() => void)[] = [];
  #ended = false;

  constructor(
    core: Core,
    register: RegisterId,
    signals: readonly AbortSignal[],
    closing: AbortSignal,
  ) {
    this.#signals = signals;
    const wake = () => this.#wake();
    const stopWatching = core.watches.watch(register, (learned) => this.#learn(learned));
    const stops = [...signals, closing].map((signal) => onAbort(signal, wake));
    this.#isClosing = () => closing.aborted;
    this.#stop = () => {
      stopWatching();
      for (const stop of stops) stop();
    };
  }

  async next(): Promise<IteratorResult<Change<T>, undefined>> {
    for (;;) {
      const aborted = this.#signals.find((signal) => signal.aborted);
      if (aborted !== undefined && !this.#ended) {
        this.#end();
        throw aborted.reason;
      }
      if (this.#ended || this.#isClosing()) {
        this.#end();
        return { done: true, value: undefined };
      }
      const state = this.#news;
      if (state !== undefined) {
        this.#news = undefined;
        this.#told = tokenOf(state);
        return { done: false, value: toChange<T>(state) };
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  return(): Promise<IteratorResult<Change<T>, undefined>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #learn({ state }: Learned): void {
    if (tokenOf(state) === this.#told) {
      // Equal to what was yielded last, so the states in between are skipped.
      this.#news = undefined;
      return;
    }
    this.#news = state;
    this.#wake();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stop();
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function tokenOf(state: State | null): number | null {
  return state?.present ? state.token : null;
}

function toChange<T>(state: State | null): Change<T> {
  if (!state?.present) return { present: false };
  return { present: true, value: decodeValue(state.value) as T, token: state.token };
}
