// Runs in Deno alone: one part, with a storage of the test.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checksumOf, DISK_KEYS, endedKey, toDisk } from "../../../lib/codec/disk_entry.ts";
import { SynodError } from "../../../lib/errors.ts";
import { loadDisk, sumOf } from "../../../lib/node/disk/load.ts";
import {
  admitted,
  firstConfiguration,
  joinedBy,
  settledOf,
  withoutMember,
} from "../../../lib/paxos/configuration.ts";
import { memoryStorage } from "../../../lib/storage/memory.ts";

const LIFE = "a".repeat(20);
const RECORD = { id: "g", lives: [LIFE], floor: 0, maxTtl: 1_000, clients: false };

/** The entries of a complete memory, and the sum over them. */
function complete(
  configuration = firstConfiguration(["a"], [LIFE]),
): Map<string, Uint8Array> {
  return withSum([
    [DISK_KEYS.owner, toDisk.owner("a")],
    [DISK_KEYS.member, toDisk.member({ record: RECORD, incarnation: LIFE, waited: true })],
    [DISK_KEYS.configuration, toDisk.configuration(configuration)],
    [DISK_KEYS.known, toDisk.known([["a", LIFE]])],
    [DISK_KEYS.floor, toDisk.floor(4)],
    [endedKey("x"), toDisk.ended("x", "fenced")],
  ]);
}

function withSum(entries: [string, Uint8Array][]): Map<string, Uint8Array> {
  const sums = new Map(entries.map(([key, value]) => [key, checksumOf(value)]));
  return new Map([...entries, [DISK_KEYS.sum, toDisk.sum(sumOf(sums))]]);
}

async function load(entries: Map<string, Uint8Array>) {
  const storage = memoryStorage();
  storage.restore(entries);
  const { found } = await loadDisk(storage, "a");
  return { found, aside: storage.aside.length };
}

describe("loadDisk() (section 7)", () => {
  it("finds nothing, or a memory", async () => {
    assertEquals(await load(new Map()), { found: { type: "empty" }, aside: 0 });
    const { found } = await load(complete());
    assert(found.type === "memory");
    assertEquals([found.memory.floor, found.memory.fenced], [4, ["x"]]);
  });

  it("puts aside what lacks any entry, the sum too, or has one more, or one that went back", async () => {
    for (const key of complete().keys()) {
      const entries = complete();
      entries.delete(key);
      const { found, aside } = await load(entries);
      assertEquals([found.type, aside], ["damaged", 1], key);
    }
    const more = complete().set(endedKey("y"), toDisk.ended("y", "ended"));
    assertEquals((await load(more)).found.type, "damaged");
    const back = complete().set(DISK_KEYS.floor, toDisk.floor(3));
    assertEquals((await load(back)).found.type, "damaged");
  });

  it("puts aside a memory of a node that is no member under its own configuration", async () => {
    const others = firstConfiguration(["b", "c"], [LIFE, LIFE]);
    const joining = joinedBy(others, { id: "a", life: LIFE });
    const leaving = withoutMember(firstConfiguration(["a", "b"], [LIFE, LIFE]), "a");
    const outside = { found: { type: "outside", incarnation: LIFE }, aside: 1 } as const;
    const earlier = joinedBy(others, { id: "a", life: "b".repeat(20) });
    for (const one of [others, earlier, settledOf(leaving)]) {
      assertEquals(await load(complete(one)), outside);
    }
    // It may be a member by now.
    for (const one of [joining, admitted(joining)]) {
      const { found, aside } = await load(complete(one));
      assertEquals([found.type, aside], ["memory", 0]);
    }
    // It may be the only one that knows of this.
    const { found, aside } = await load(complete(leaving));
    assertEquals([found.type, aside], ["leaving", 0]);
    // It was admitted again since.
    const again = admitted(joinedBy(others, { id: "a", life: "b".repeat(20) }));
    assertEquals(await load(complete(again)), outside);
  });

  it("puts aside a memory that was never complete, and one with an unknown entry", async () => {
    const entries = [...complete()].filter(([key]) => key !== DISK_KEYS.sum);
    for (
      const missing of [DISK_KEYS.member, DISK_KEYS.configuration, DISK_KEYS.known] as string[]
    ) {
      const found = await load(withSum(entries.filter(([key]) => key !== missing)));
      assertEquals(found.found.type, "damaged", missing);
    }
    const unknown = complete().set("what", toDisk.owner("a"));
    assertEquals((await load(unknown)).found.type, "damaged");
  });

  it("fails with any other error of the storage, and puts nothing aside", async () => {
    const storage = memoryStorage();
    storage.load = () => Promise.reject(new Error("no such device"));
    await assertRejects(() => loadDisk(storage, "a"), Error, "no such device");
    assertEquals(storage.aside.length, 0);
  });

  it("refuses the disk of another member, and leaves it alone", async () => {
    const storage = memoryStorage();
    storage.restore(complete());
    await assertRejects(() => loadDisk(storage, "b"), SynodError, "that of a");
    assertEquals(storage.aside.length, 0);
  });

  it("refuses a damaged disk of another member, too, wherever the damage is", async () => {
    for (const damaged of complete().keys()) {
      if (damaged === DISK_KEYS.owner) continue;
      for (const isFirst of [true, false]) {
        const entries = [...complete()].filter(([key]) => key !== damaged);
        entries[isFirst ? "unshift" : "push"]([damaged, new Uint8Array([1])]);
        const storage = memoryStorage();
        storage.restore(new Map(entries));
        await assertRejects(() => loadDisk(storage, "b"), SynodError, "that of a", damaged);
        assertEquals(storage.aside.length, 0);
        assertEquals((await loadDisk(storage, "a")).found.type, "damaged");
      }
    }
  });
});
