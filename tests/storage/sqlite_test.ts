import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { sqlite, type SqliteDatabase } from "../../lib/storage/sqlite.ts";
import { StorageDamaged } from "../../lib/storage/storage.ts";
import { opener } from "./support/open.ts";

const open = await opener();

/** Nothing where there is no SQLite. Files are for `tests/runtimes/storage`. */
const suite: (name: string, body: () => void) => void = open === undefined ? () => {} : describe;

const bytes = (...values: number[]) => Uint8Array.from(values);

async function all(storage: { load(): Promise<Iterable<readonly [string, Uint8Array]>> }) {
  return [...await storage.load()].map(([key, value]) => [key, [...value]]);
}

/** A database that outlives its connections, with exactly the methods that the adapter may use. */
function shared(): { make: () => SqliteDatabase; database: SqliteDatabase } {
  const database = open!(":memory:");
  const make = () => ({
    exec: (sql: string) => database.exec(sql),
    prepare: (sql: string) => database.prepare(sql),
  });
  return { make, database };
}

suite("sqlite()", () => {
  it("keeps entries, with any key, and deletes", async () => {
    const { make } = shared();
    const storage = sqlite(make());
    assertEquals(await all(storage), []);
    const key = "r:\u0000\u00ff\u0080'é";
    await storage.write([[key, bytes(1, 0, 2)], ["b", bytes()], ["c", bytes(3)]]);
    await storage.write([["c", null], ["b", bytes(9)], ["none", null]]);
    await storage.close();
    const again = sqlite(make());
    const entries = await all(again);
    assertEquals(new Map(entries as [string, number[]][]).get(key), [1, 0, 2]);
    assertEquals(entries.length, 2);
  });

  it("waits for a database that another process has, until it is closed", async () => {
    let opened = 0;
    const storage = sqlite(() => {
      throw new Error(opened++ < 3 ? "database is locked" : "opened again");
    }, { retry: 1 });
    const loaded = storage.load().then(() => "loaded", (error) => error.message);
    await storage.close();
    assertEquals(await loaded, "it was closed before another process let it go");
    assertEquals(opened, 1);
  });

  it("tells once that another process has the database, and not that it has none", async () => {
    const { make } = shared();
    let [told, locked] = [0, 3];
    const storage = sqlite(() => {
      if (locked-- > 0) throw new Error("database is locked");
      return make();
    }, { retry: 1 });
    assertEquals([...await storage.load(() => told++)], []);
    assertEquals([told, locked], [1, -1]);
    await sqlite(make()).load(() => told++);
    assertEquals(told, 1);
  });

  it("writes all entries of a call or none", async () => {
    const { make } = shared();
    const storage = sqlite(make());
    await storage.load();
    await storage.write([["a", bytes(1)]]);
    const failed = await storage.write([["a", bytes(2)], ["b", null as never], [
      "c",
      "no bytes" as never,
    ], ["d", { bad: true } as never]]).catch((error) => error);
    assert(failed instanceof Error);
    assertEquals(await all(sqlite(make())), [["a", [1]]]);
    await storage.write([["a", bytes(3)]]);
    assertEquals(await all(sqlite(make())), [["a", [3]]]);
  });

  it("brings each write into the file itself, not only into its log", async () => {
    const { make } = shared();
    const said: string[] = [];
    const database = make();
    const storage = sqlite({
      exec: (sql) => (said.push(sql), database.exec(sql)),
      prepare: (sql) => (said.push(sql), database.prepare(sql)),
    });
    await storage.load();
    assert(said.includes("PRAGMA journal_mode = WAL"), said.join("; "));
    assert(said.includes("PRAGMA synchronous = FULL"), said.join("; "));
    said.length = 0;
    await storage.write([["a", bytes(1)]]);
    assertEquals(said, ["BEGIN", "COMMIT", "PRAGMA wal_checkpoint(FULL)"]);
  });

  it("puts everything aside in the same file, and deletes nothing", async () => {
    const { make, database } = shared();
    const storage = sqlite(make());
    await storage.load();
    await storage.write([["a", bytes(1)]]);
    await storage.clear();
    await storage.write([["b", bytes(2)]]);
    assertEquals(await all(sqlite(make())), [["b", [2]]]);
    const tables = database.prepare(
      "SELECT name FROM sqlite_master WHERE name LIKE 'synod_aside_%' AND type = 'table'",
    ).all() as { name: string }[];
    assertEquals(tables.length, 1);
    assertEquals(database.prepare(`SELECT * FROM ${tables[0].name}`).all().length, 1);
  });

  it("says that a file which is no database cannot be trusted, and takes another one for it", async () => {
    const broken: SqliteDatabase = {
      exec: () => {
        throw new Error("file is not a database");
      },
      prepare: () => {
        throw new Error("file is not a database");
      },
    };
    const { make } = shared();
    const databases = [broken, make()];
    let asides = 0;
    const storage = sqlite(() => databases.shift()!, { aside: () => void asides++ });
    const error = await storage.load().catch((error) => error);
    assert(error instanceof StorageDamaged, String(error));
    await storage.clear();
    await storage.write([["a", bytes(1)]]);
    assertEquals([asides, await all(sqlite(make()))], [1, [["a", [1]]]]);
    const other = sqlite(broken);
    await other.load().catch(() => {});
    const refused = await other.clear().catch((error) => error);
    assert(refused instanceof Error);
    assert(refused.message.includes("move its file"), refused.message);
  });

  it("waits for a database that another process has", async () => {
    const { make } = shared();
    let locked = 3;
    const database = make();
    const storage = sqlite({
      ...database,
      exec: (sql) => {
        if (sql.startsWith("BEGIN EXCLUSIVE") && locked-- > 0) {
          throw new Error("database is locked");
        }
        return database.exec(sql);
      },
    }, { retry: 1 });
    assertEquals(await all(storage), []);
    assertEquals(locked, -1);
  });
});
