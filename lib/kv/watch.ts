import { decodeValue } from "../codec/value.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { Found, KvStore } from "./store.ts";
import { WatchIterator, type WatchSource } from "./watch_iterator.ts";

/** What a watch yields: the value of a key, or that it has none. */
export type Change<T> =
  | { present: true; value: T; token: number }
  | { present: false };

/** Where keys, or cells, are followed. */
type Watchable = Pick<KvStore, "watch">;

/**
 * Follows one key: yields its present state first, then each change. May skip intermediate states, never goes
 * back. Ends when one of `signals` aborts, with its reason, when the watch fails, or when the node
 * closes: with an error unless by `close()`.
 */
export function watch<T>(
  store: Watchable,
  register: RegisterId,
  signals: readonly AbortSignal[],
  closing: AbortSignal,
): AsyncIterable<Change<T>> {
  return {
    [Symbol.asyncIterator]: () =>
      new WatchIterator(new KeySource<T>(store, register), signals, closing),
  };
}

class KeySource<T> implements WatchSource<Change<T>> {
  readonly #store: Watchable;
  readonly #register: RegisterId;
  /** The newest state that was not yielded; `undefined`: none. */
  #news: News | undefined;
  /** The token of the state yielded last; `null`: absent; `undefined`: nothing was yielded yet. */
  #told: number | null | undefined;

  constructor(store: Watchable, register: RegisterId) {
    this.#store = store;
    this.#register = register;
  }

  start(wake: () => void, fail: (error: unknown) => void): () => void {
    const learn = (found: News["found"]) => {
      // If it is equal to what was yielded last, the states in between are skipped.
      this.#news = tokenOf(found) === this.#told ? undefined : { found };
      wake();
    };
    return this.#store.watch(this.#register, { learn, fail });
  }

  take(): Change<T> | undefined {
    const news = this.#news;
    if (news === undefined) return undefined;
    this.#news = undefined;
    this.#told = tokenOf(news.found);
    return toChange<T>(news.found);
  }
}

/** A state that was learned. */
interface News {
  readonly found: Pick<Found, "token" | "value"> | null;
}

function tokenOf(found: News["found"]): number | null {
  return found?.token ?? null;
}

function toChange<T>(found: News["found"]): Change<T> {
  if (found === null) return { present: false };
  return { present: true, value: decodeValue(found.value) as T, token: found.token };
}
