/**
 * Storage in a SQLite database, with the SQLite of the runtime: `node:sqlite` (Node 24, Deno), `bun:sqlite`, or
 * `better-sqlite3`. The user opens the database, a file of its own for each member.
 *
 * @module
 */
import { type MemberStorage, StorageDamaged, type StorageEntry } from "./storage.ts";

/** What the adapter uses of a prepared statement. */
export interface SqliteStatement {
  /** Runs it with these values. */
  run(...values: never[]): unknown;
  /** All rows, as objects. */
  all(...values: never[]): unknown[];
}

/** What the adapter uses of a database. */
export interface SqliteDatabase {
  /** Runs statements without results. */
  exec(sql: string): unknown;
  /** Prepares a statement. */
  prepare(sql: string): SqliteStatement;
  /** Closes the database. */
  close?(): unknown;
}

/** Options of {@linkcode sqlite}. */
export interface SqliteOptions {
  /**
   * Puts a file that cannot be read aside, so that `database` opens an empty one: for example, it renames the file. It
   * needs `database` as a function. Without it such a file ends `join`.
   */
  aside?: () => void | Promise<void>;
  /** Time between two attempts to get a database that another process has, in milliseconds. Default: 100. */
  retry?: number;
}

const TABLE = "synod";

/** Errors that say that another process has the database. */
const BUSY = /\block(ed)?\b|\bbusy\b/i;

/** Errors of a file that SQLite cannot read. */
const UNREADABLE = /malformed|not a database|corrupt|disk image|encrypted|truncated|short read/i;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A storage in `database`: an open database, or a function that opens it. The database belongs to the member: it has the
 * only connection, from the start of the node to its end, and closes it.
 *
 * ```ts ignore
 * import { DatabaseSync } from "node:sqlite"; // or Database of "bun:sqlite"
 * import { join } from "@synod/synod";
 * import { sqlite } from "@synod/synod/storage/sqlite";
 *
 * const storage = sqlite(() => new DatabaseSync("w1.db"));
 * const node = await join({ id, members, transport, storage });
 * ```
 */
export function sqlite(
  database: SqliteDatabase | (() => SqliteDatabase),
  { aside, retry = 100 }: SqliteOptions = {},
): MemberStorage {
  return new SqliteStorage(database, aside, retry);
}

class SqliteStorage implements MemberStorage {
  readonly #source: SqliteDatabase | (() => SqliteDatabase);
  readonly #aside: (() => void | Promise<void>) | undefined;
  readonly #retry: number;
  #database: SqliteDatabase | null = null;
  #isUnreadable = false;
  #isClosed = false;
  /** Ends the wait for another process. */
  #wake: () => void = () => {};
  #put: SqliteStatement | undefined;
  #delete: SqliteStatement | undefined;

  constructor(
    source: SqliteDatabase | (() => SqliteDatabase),
    aside: (() => void | Promise<void>) | undefined,
    retry: number,
  ) {
    this.#source = source;
    this.#aside = aside;
    this.#retry = retry;
  }

  async load(inUse: () => void = () => {}): Promise<Iterable<readonly [string, Uint8Array]>> {
    for (let isTold = false;; isTold = true) {
      try {
        return this.#load();
      } catch (error) {
        const message = String((error as Error)?.message ?? error);
        if (UNREADABLE.test(message)) {
          this.#isUnreadable = true;
          throw new StorageDamaged(`The database cannot be read: ${message}`, { cause: error });
        }
        if (!BUSY.test(message)) throw error;
      }
      // Another process has the database: a process that ends lets it go.
      if (!isTold) inUse();
      await this.#wait();
      if (this.#isClosed) throw new Error("it was closed before another process let it go");
    }
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#retry);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #load(): [string, Uint8Array][] {
    const database = this.#open();
    // Checked as a whole: a page that went back or was lost may still look like one.
    const [check] = database.prepare("PRAGMA integrity_check(1)").all() as Record<
      string,
      unknown
    >[];
    const verdict = String(Object.values(check ?? {})[0]);
    if (verdict !== "ok") throw new Error(`malformed: ${verdict}`);
    const rows = database.prepare(`SELECT key, value FROM ${TABLE}`).all();
    return (rows as { key: Uint8Array; value: Uint8Array }[])
      .map(({ key, value }) => [decoder.decode(key), bytesOf(value)]);
  }

  #open(): SqliteDatabase {
    const { exec, database } = this.#connect();
    // One process at a time: the lock is held until the connection ends. The journal of writes is synced at each commit.
    exec("PRAGMA locking_mode = EXCLUSIVE");
    exec("PRAGMA journal_mode = WAL");
    exec("PRAGMA synchronous = FULL");
    exec("BEGIN EXCLUSIVE");
    try {
      exec(
        `CREATE TABLE IF NOT EXISTS ${TABLE} (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID`,
      );
      exec("COMMIT");
    } catch (error) {
      tryTo(() => exec("ROLLBACK"));
      throw error;
    }
    // What an earlier process has committed, too.
    this.#checkpoint();
    this.#put = database.prepare(
      `INSERT INTO ${TABLE} (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    );
    this.#delete = database.prepare(`DELETE FROM ${TABLE} WHERE key = ?`);
    return database;
  }

  #connect(): { database: SqliteDatabase; exec: (sql: string) => unknown } {
    const database = this.#database ??= typeof this.#source === "function"
      ? this.#source()
      : this.#source;
    return { database, exec: (sql) => database.exec(sql) };
  }

  write(entries: readonly StorageEntry[]): Promise<void> {
    try {
      this.#write(entries);
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #write(entries: readonly StorageEntry[]): void {
    const { exec } = this.#connect();
    const put = this.#put as unknown as { run(key: Uint8Array, value: Uint8Array): void };
    const remove = this.#delete as unknown as { run(key: Uint8Array): void };
    exec("BEGIN");
    try {
      for (const [key, value] of entries) {
        if (value === null) remove.run(encoder.encode(key));
        else put.run(encoder.encode(key), value);
      }
      exec("COMMIT");
    } catch (error) {
      tryTo(() => exec("ROLLBACK"));
      throw error;
    }
    this.#checkpoint();
  }

  /**
   * Brings what was committed into the file itself. SQLite takes a log that is damaged or cut for one that ends there, and
   * says nothing: what is only in the log could be forgotten unnoticed, and the member would not know.
   */
  #checkpoint(): void {
    const [row] = this.#connect().database.prepare("PRAGMA wal_checkpoint(FULL)").all() as Record<
      string,
      unknown
    >[];
    if (row !== undefined && Number(row.busy) !== 0) {
      throw new Error("another connection keeps the database from a checkpoint");
    }
  }

  async clear(): Promise<void> {
    if (this.#isUnreadable) return await this.#replace();
    const { exec } = this.#connect();
    const name = `${TABLE}_aside_${Date.now()}_${Math.floor(Math.random() * 1e6)}`;
    exec("BEGIN");
    try {
      exec(`ALTER TABLE ${TABLE} RENAME TO ${name}`);
      exec("COMMIT");
    } catch (error) {
      tryTo(() => exec("ROLLBACK"));
      throw error;
    }
    this.#open();
  }

  /** A file that cannot be read gives way to another one. */
  async #replace(): Promise<void> {
    if (this.#aside === undefined || typeof this.#source !== "function") {
      throw new Error(
        "The database cannot be read: move its file, with the files -wal and -shm beside it, to another place and keep it",
      );
    }
    this.#end();
    await this.#aside();
    if (this.#isClosed) return;
    this.#isUnreadable = false;
    this.#open();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    this.#end();
    return Promise.resolve();
  }

  #end(): void {
    // One that was given open belongs to the member, also if that never used it.
    const database = typeof this.#source === "function" ? this.#database : this.#source;
    this.#database = null;
    tryTo(() => database?.close?.());
  }
}

/** Plain bytes: some drivers give Buffers, or views of memory that they use again. */
function bytesOf(value: Uint8Array): Uint8Array {
  return new Uint8Array(value);
}

function tryTo(action: () => unknown): void {
  try {
    action();
  } catch {
    // What failed before says more.
  }
}

export type { MemberStorage, StorageEntry };
