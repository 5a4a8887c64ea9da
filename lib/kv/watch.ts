import { decodeValue } from "../codec/value.ts";
import { SynodError } from "../errors.ts";
import { onAbort } from "../node/shell.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { Found, KvStore } from "./store.ts";

/** What a watch yields: the value of a key, or that it has none. */
export type Change<T> =
  | { present: true; value: T; token: number }
  | { present: false };

/**
 * Follows one key: yields its present state first, then each change. May skip intermediate states, never goes
 * back. Ends when one of `signals` aborts, with its reason, when the watch fails, or when the node
 * closes: with an error unless by `close()`.
 */
export function watch<T>(
  store: KvStore,
  register: RegisterId,
  signals: readonly AbortSignal[],
  closing: AbortSignal,
): AsyncIterable<Change<T>> {
  return { [Symbol.asyncIterator]: () => new KeyWatcher<T>(store, register, signals, closing) };
}

class KeyWatcher<T> implements AsyncIterator<Change<T>, undefined> {
  readonly #stop: () => void;
  readonly #closing: AbortSignal;
  readonly #signals: readonly AbortSignal[];
  /** The newest state that was not yielded; `undefined`: none. */
  #news: News | undefined;
  /** The token of the state yielded last; `null`: absent; `undefined`: nothing was yielded yet. */
  #told: number | null | undefined;
  readonly #waiting: (() => void)[] = [];
  /** The error of the watch. */
  #failure: { readonly error: unknown } | undefined;
  #ended = false;

  constructor(
    store: KvStore,
    register: RegisterId,
    signals: readonly AbortSignal[],
    closing: AbortSignal,
  ) {
    this.#signals = signals;
    const wake = () => this.#wake();
    const stopWatching = store.watch(register, {
      learn: (found) => this.#learn({ found }),
      fail: (error) => {
        this.#failure ??= { error };
        wake();
      },
    });
    const stops = [...signals, closing].map((signal) => onAbort(signal, wake));
    this.#closing = closing;
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
      if (this.#ended || this.#closing.aborted) {
        const { reason } = this.#closing;
        const isLost = !this.#ended && reason instanceof SynodError && reason.code !== "closed";
        this.#end();
        // What follows is not seen, although the program did not close the node.
        if (isLost) throw reason;
        return { done: true, value: undefined };
      }
      const news = this.#news;
      if (news !== undefined) {
        this.#news = undefined;
        this.#told = tokenOf(news);
        return { done: false, value: toChange<T>(news) };
      }
      if (this.#failure !== undefined) {
        this.#end();
        throw this.#failure.error;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  return(): Promise<IteratorResult<Change<T>, undefined>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #learn(news: News): void {
    if (tokenOf(news) === this.#told) {
      // Equal to what was yielded last, so the states in between are skipped.
      this.#news = undefined;
      return;
    }
    this.#news = news;
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

/** A state that was learned. */
interface News {
  readonly found: Pick<Found, "token" | "value"> | null;
}

function tokenOf({ found }: News): number | null {
  return found?.token ?? null;
}

function toChange<T>({ found }: News): Change<T> {
  if (found === null) return { present: false };
  return { present: true, value: decodeValue(found.value) as T, token: found.token };
}
