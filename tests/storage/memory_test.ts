import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { memoryStorage } from "../../lib/storage/memory.ts";
import { StorageDamaged } from "../../lib/storage/storage.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

async function all(storage: { load(): Promise<Iterable<readonly [string, Uint8Array]>> }) {
  return [...await storage.load()].map(([key, value]) => [key, [...value]]);
}

describe("memoryStorage()", () => {
  it("keeps copies of entries, and deletes", async () => {
    const storage = memoryStorage();
    const value = bytes(1);
    await storage.write([["a", value], ["b", bytes(2)]]);
    value[0] = 9;
    await storage.write([["b", null]]);
    assertEquals([await all(storage), storage.writes], [[["a", [1]]], 2]);
  });

  it("rolls back, loses, and puts aside", async () => {
    const storage = memoryStorage();
    await storage.write([["a", bytes(1)]]);
    const old = storage.snapshot();
    await storage.write([["a", bytes(2)]]);
    storage.restore(old);
    assertEquals(await all(storage), [["a", [1]]]);
    await storage.clear();
    assertEquals([await all(storage), storage.aside.length], [[], 1]);
    await storage.write([["a", bytes(3)]]);
    storage.lose();
    assertEquals([await all(storage), storage.aside.length], [[], 1]);
  });

  it("fails as it is told, and changes nothing then", async () => {
    const storage = memoryStorage();
    await storage.write([["a", bytes(1)]]);
    storage.fail(new Error("full"));
    const failed = await storage.write([["a", bytes(2)]]).catch((error) => error);
    assertEquals(failed.message, "full");
    storage.fail(null);
    storage.damage();
    const damaged = await storage.load().catch((error) => error);
    assert(damaged instanceof StorageDamaged);
    assertEquals(await all(storage), [["a", [1]]]);
  });
});
