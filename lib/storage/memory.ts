/**
 * A storage in memory, for tests: it survives the node, not the process. It can fail, lose, tear and roll back.
 *
 * ```ts
 * import { join } from "@synod/synod";
 * import { memoryStorage } from "@synod/synod/storage/memory";
 * import { memoryNetwork } from "@synod/synod/transports/memory";
 *
 * const network = memoryNetwork();
 * const storage = memoryStorage();
 * const options = { id: "w1", members: ["w1"], storage };
 * const first = await join({ ...options, transport: network.transport() });
 * await first.kv.put("answer", 42);
 * await first.close();
 * const second = await join({ ...options, transport: network.transport() });
 * console.log(await second.kv.get("answer")); // { ok: true, value: 42, … }
 * await second.close();
 * ```
 *
 * @module
 */
import { type MemberStorage, StorageDamaged, type StorageEntry } from "./storage.ts";

/** A storage in memory, and what may happen to it. */
export interface MemoryStorage extends MemberStorage {
  /** A copy of what is there now. */
  snapshot(): ReadonlyMap<string, Uint8Array>;
  /** Becomes what it was when `snapshot` was taken; the node that uses it must have stopped. */
  restore(snapshot: ReadonlyMap<string, Uint8Array>): void;
  /** Loses everything. */
  lose(): void;
  /** Every later `write` fails with this error; `null`: they succeed again. */
  fail(error: Error | null): void;
  /** The next `load` finds it damaged. */
  damage(): void;
  /** What `clear` has put aside, in order. */
  readonly aside: readonly ReadonlyMap<string, Uint8Array>[];
  /** The number of writes so far. */
  readonly writes: number;
}

/** Options of {@linkcode memoryStorage}. */
export interface MemoryStorageOptions {
  /** Waits before each write takes effect, and again before it resolves. Default: not at all. */
  delay?: () => Promise<void>;
}

/** Makes an empty storage. */
export function memoryStorage({ delay }: MemoryStorageOptions = {}): MemoryStorage {
  let entries = new Map<string, Uint8Array>();
  let failure: Error | null = null;
  let isDamaged = false;
  const counts = { writes: 0 };
  const aside: ReadonlyMap<string, Uint8Array>[] = [];
  return {
    load(): Promise<Iterable<readonly [string, Uint8Array]>> {
      if (!isDamaged) return Promise.resolve([...entries]);
      isDamaged = false;
      return Promise.reject(new StorageDamaged("The storage in memory was damaged"));
    },
    async write(changes: readonly StorageEntry[]): Promise<void> {
      if (delay !== undefined) await delay();
      if (failure !== null) throw failure;
      counts.writes++;
      for (const [key, value] of changes) {
        if (value === null) entries.delete(key);
        else entries.set(key, value.slice());
      }
      if (delay !== undefined) await delay();
    },
    clear(): Promise<void> {
      if (failure !== null) return Promise.reject(failure);
      aside.push(entries);
      entries = new Map();
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
    snapshot: () => new Map([...entries].map(([key, value]) => [key, value.slice()])),
    restore(snapshot): void {
      entries = new Map([...snapshot].map(([key, value]) => [key, value.slice()]));
    },
    lose: () => void (entries = new Map()),
    fail: (error) => void (failure = error),
    damage: () => void (isDamaged = true),
    aside,
    get writes() {
      return counts.writes;
    },
  };
}

export type { MemberStorage, StorageEntry };
