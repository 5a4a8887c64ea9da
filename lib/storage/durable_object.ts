/**
 * Storage in the SQLite database of a Durable Object of Cloudflare Workers.
 *
 * @module
 */
import type { MemberStorage, StorageEntry } from "./storage.ts";

/** What the adapter uses of `ctx.storage` of a Durable Object that has a SQLite database. */
export interface DurableObjectStorageLike {
  /** The database. */
  readonly sql: {
    /** Runs statements with these values. */
    exec(sql: string, ...values: unknown[]): { toArray(): Record<string, unknown>[] };
  };
  /** Runs `action` in one transaction. */
  transactionSync<T>(action: () => T): T;
  /** Resolves when all writes so far are durable. */
  sync(): Promise<void>;
}

const TABLE = "synod";

/** Bytes of a value in one row: a row of this database takes at most 2 MB, and values may have more. */
const PART_BYTES = 2 ** 20;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A storage in `ctx.storage` of a Durable Object, whose class is declared with `new_sqlite_classes`.
 *
 * ```ts ignore
 * import { join } from "@synod/synod";
 * import { durableObject } from "@synod/synod/storage/durable-object";
 *
 * const node = await join({ id, members, transport, storage: durableObject(ctx.storage) });
 * ```
 */
export function durableObject(storage: DurableObjectStorageLike): MemberStorage {
  const { sql } = storage;
  const create = () =>
    sql.exec(
      `CREATE TABLE IF NOT EXISTS ${TABLE} (key BLOB, part INTEGER, value BLOB NOT NULL, ` +
        "PRIMARY KEY (key, part)) WITHOUT ROWID",
    );
  const put = (key: Uint8Array, value: Uint8Array) => {
    let part = 0;
    do {
      const bytes = value.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
      sql.exec(
        `INSERT OR REPLACE INTO ${TABLE} (key, part, value) VALUES (?, ?, ?)`,
        ...[key, part, bytes],
      );
      part++;
    } while (part * PART_BYTES < value.length);
    // An earlier value may have had more.
    sql.exec(`DELETE FROM ${TABLE} WHERE key = ? AND part >= ?`, key, part);
  };
  return {
    load() {
      create();
      const rows = sql.exec(`SELECT key, value FROM ${TABLE} ORDER BY key, part`).toArray();
      const entries: [key: string, value: Uint8Array][] = [];
      for (const row of rows) {
        const key = decoder.decode(bytesOf(row.key));
        const value = bytesOf(row.value);
        const last = entries.at(-1);
        if (last?.[0] === key) last[1] = concat(last[1], value);
        else entries.push([key, value]);
      }
      return Promise.resolve(entries);
    },
    async write(entries: readonly StorageEntry[]): Promise<void> {
      storage.transactionSync(() => {
        for (const [key, value] of entries) {
          const name = encoder.encode(key);
          if (value === null) sql.exec(`DELETE FROM ${TABLE} WHERE key = ?`, name);
          else put(name, value);
        }
      });
      await storage.sync();
    },
    async clear(): Promise<void> {
      const aside = `${TABLE}_aside_${Date.now()}_${Math.floor(Math.random() * 1e6)}`;
      storage.transactionSync(() => {
        sql.exec(`ALTER TABLE ${TABLE} RENAME TO ${aside}`);
        create();
      });
      await storage.sync();
    },
    close: () => Promise.resolve(),
  };
}

function concat(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return new Uint8Array(value as Uint8Array);
}

export type { MemberStorage, StorageEntry };
