import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { durableObject, type DurableObjectStorageLike } from "../../lib/storage/durable_object.ts";
import type { SqliteDatabase } from "../../lib/storage/sqlite.ts";
import { opener } from "./support/open.ts";

const open = await opener();

/** Nothing where there is no SQLite. The real one is in `tests/runtimes/workerd`. */
const suite: (name: string, body: () => void) => void = open === undefined ? () => {} : describe;

const bytes = (...values: number[]) => Uint8Array.from(values);

/** `ctx.storage` over another SQLite. */
function storageOver(
  database: SqliteDatabase,
  synced: { count: number },
): DurableObjectStorageLike {
  return {
    sql: {
      exec(sql, ...values) {
        const statement = database.prepare(sql);
        const rows = sql.startsWith("SELECT") ? statement.all(...values as never[]) : [];
        if (!sql.startsWith("SELECT")) statement.run(...values as never[]);
        return { toArray: () => rows as Record<string, unknown>[] };
      },
    },
    transactionSync(action) {
      database.exec("BEGIN");
      try {
        const result = action();
        database.exec("COMMIT");
        return result;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    sync: () => Promise.resolve(void synced.count++),
  };
}

suite("durableObject()", () => {
  it("keeps entries and deletes, each write in one transaction that is synced", async () => {
    const synced = { count: 0 };
    const database = open!(":memory:");
    const storage = durableObject(storageOver(database, synced));
    assertEquals([...await storage.load()], []);
    await storage.write([["r:\u0000\u00ff", bytes(1, 0)], ["b", bytes(2)]]);
    await storage.write([["b", null], ["c", bytes()]]);
    assertEquals(synced.count, 2);
    const failed = await storage.write([["c", null], ["d", {} as never]]).catch((error) => error);
    assertEquals(failed instanceof Error, true);
    const again = durableObject(storageOver(database, synced));
    const entries = new Map([...await again.load()].map(([key, value]) => [key, [...value]]));
    assertEquals(entries, new Map([["r:\u0000\u00ff", [1, 0]], ["c", []]]));
  });

  it("keeps a value of any length in rows of at most a mebibyte, and nothing of one that it replaces", async () => {
    const database = open!(":memory:");
    const inner = storageOver(database, { count: 0 });
    let longest = 0;
    const sql: DurableObjectStorageLike["sql"] = {
      exec(statement, ...values) {
        for (const value of values) {
          if (value instanceof Uint8Array) longest = Math.max(longest, value.length);
        }
        return inner.sql.exec(statement, ...values);
      },
    };
    const storage = durableObject({ ...inner, sql });
    await storage.load();
    const mebibyte = 2 ** 20;
    for (const length of [3 * mebibyte + 5, 2 * mebibyte, mebibyte + 1, 7, 0, mebibyte]) {
      const value = new Uint8Array(length).map((_, index) => index >> 8);
      await storage.write([["a", bytes(1)], ["big", value], ["c", bytes(3)]]);
      const loaded = [...await storage.load()];
      assertEquals(loaded.map(([key]) => key), ["a", "big", "c"]);
      assertEquals(loaded[1][1].length, length);
      assertEquals(loaded[1][1].every((byte, index) => byte === value[index]), true);
    }
    assertEquals(longest, mebibyte);
    await storage.write([["big", null]]);
    assertEquals([...await storage.load()].map(([key]) => key), ["a", "c"]);
  });

  it("puts everything aside, and deletes nothing", async () => {
    const database = open!(":memory:");
    const storage = durableObject(storageOver(database, { count: 0 }));
    await storage.load();
    await storage.write([["a", bytes(1)]]);
    await storage.clear();
    assertEquals([...await storage.load()], []);
    const tables = database.prepare(
      "SELECT name FROM sqlite_master WHERE name LIKE 'synod_aside_%' AND type = 'table'",
    ).all();
    assertEquals(tables.length, 1);
  });
});
