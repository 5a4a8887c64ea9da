import type { Key } from "../codec/key.ts";
import { parseRegisterId } from "../codec/register_id.ts";
import { decodeValue } from "../codec/value.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { Found, KvStore } from "./store.ts";
import { WatchIterator, type WatchSource } from "./watch_iterator.ts";

/** What a watch of a bucket yields: a key with its value, or a key that has none any more. */
export type EntryChange<T> =
  | { key: Key; present: true; value: T; token: number }
  | { key: Key; present: false };

/** A value of a key; `null`: it has none. */
type Value = Pick<Found, "token" | "value"> | null;

/**
 * Follows the keys of a bucket, whose registers begin with `prefix`: yields those that have a value, in order, then
 * each change. Ends as a watch of one key does.
 */
export function watchAll<T>(
  store: KvStore,
  prefix: string,
  signals: readonly AbortSignal[],
  closing: AbortSignal,
): AsyncIterable<EntryChange<T>> {
  return {
    [Symbol.asyncIterator]: () =>
      new WatchIterator(new BucketSource<T>(store, prefix), signals, closing),
  };
}

class BucketSource<T> implements WatchSource<EntryChange<T>> {
  readonly #store: KvStore;
  readonly #prefix: string;
  /** The newest states that were not yielded, in the order of the first of them; keys that were not there are left out. */
  #news = new Map<RegisterId, Value>();
  /** The tokens of the values that were yielded last, of the keys that have one. */
  readonly #told = new Map<RegisterId, number>();
  /** Whether it knows all that was there at the beginning. */
  #isListed = false;

  constructor(store: KvStore, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
  }

  start(wake: () => void, fail: (error: unknown) => void): () => void {
    return this.#store.watchAll(this.#prefix, {
      learn: (register, found) => {
        // If it is equal to what was yielded last, the states in between are skipped.
        if (found?.token === this.#told.get(register)) this.#news.delete(register);
        else this.#news.set(register, found);
        if (this.#isListed) wake();
      },
      listed: () => {
        if (this.#isListed) return;
        this.#isListed = true;
        this.#news = new Map([...this.#news].sort(([a], [b]) => a < b ? -1 : 1));
        wake();
      },
      fail,
    });
  }

  take(): EntryChange<T> | undefined {
    if (!this.#isListed) return undefined;
    for (const [register, found] of this.#news) {
      this.#news.delete(register);
      const { key } = parseRegisterId(register);
      if (found === null) {
        this.#told.delete(register);
        return { key, present: false };
      }
      this.#told.set(register, found.token);
      return { key, present: true, value: decodeValue(found.value) as T, token: found.token };
    }
  }
}
