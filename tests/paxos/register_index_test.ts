import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertLess } from "@std/assert";
import { Random } from "../../testing/random.ts";
import { RegisterIndex } from "../../lib/paxos/register_index.ts";

/** An index that holds these ids. */
function makeIndex(...ids: string[]) {
  const held = new Set<string>();
  const index = new RegisterIndex();
  const add = (id: string) => {
    if (!held.has(id)) index.add(id);
    held.add(id);
  };
  const remove = (id: string) => {
    if (held.delete(id)) index.delete(id);
  };
  for (const id of ids) add(id);
  const after = (prefix: string, id = "", count = Infinity) => {
    const found: string[] = [];
    for (const next of index.after(prefix, id)) {
      if (found.length >= count) break;
      found.push(next);
    }
    return found;
  };
  return { add, remove, after };
}

describe("RegisterIndex", () => {
  it("lists the ids with the prefix, in order", () => {
    const { after } = makeIndex("kb", "l1", "ka", "k", "kab", "K");
    assertEquals(after("k"), ["k", "ka", "kab", "kb"]);
    assertEquals(after("ka"), ["ka", "kab"]);
    assertEquals(after(""), ["K", "k", "ka", "kab", "kb", "l1"]);
    assertEquals(after("x"), []);
  });

  it("orders every byte as itself", () => {
    const ids = Array.from({ length: 256 }, (_, byte) => `k${String.fromCharCode(byte)}`);
    const { after } = makeIndex(...ids.toReversed());
    assertEquals(after("k"), ids);
    assertEquals(after("k", ids[127]), ids.slice(128));
  });

  it("continues after an id, whether it is held or not", () => {
    const { after } = makeIndex("k1", "k3", "k5");
    assertEquals(after("k", "k1"), ["k3", "k5"]);
    assertEquals(after("k", "k2"), ["k3", "k5"]);
    assertEquals(after("k", "k0"), ["k1", "k3", "k5"]);
    assertEquals(after("k", "k5"), []);
    assertEquals(after("k", "k9"), []);
  });

  it("a list shows the ids that are held when it begins", () => {
    const { add, remove, after } = makeIndex("k1", "k2");
    assertEquals(after("k"), ["k1", "k2"]);
    add("k0");
    remove("k1");
    assertEquals(after("k"), ["k0", "k2"]);
  });

  it("a list in pieces shows every id that was there when it began and still is", () => {
    const { add, remove, after } = makeIndex("k1", "k3", "k5", "k7");
    const first = after("k", "", 2);
    assertEquals(first, ["k1", "k3"]);
    add("k0");
    add("k4");
    remove("k1");
    const rest = after("k", "k3");
    assertEquals(rest.filter((id) => id !== "k4"), ["k5", "k7"]);
  });

  it("it does so while other lists begin", () => {
    const { add, after } = makeIndex("k1", "k3", "k5");
    after("k", "", 1);
    add("k4");
    assertEquals(after("k"), ["k1", "k3", "k4", "k5"]); // another list
    assertEquals(after("k", "k1"), ["k3", "k4", "k5"]);
    for (let i = 0; i < 100; i++) after(`l${i}`);
    add("k6");
    const rest = after("k", "k3");
    assertEquals(rest.filter((id) => id === "k5"), ["k5"]);
  });

  it("keeps nothing of the ids that come and go while no list begins", () => {
    const { add, remove, after } = makeIndex("k3");
    const ids = Array.from({ length: 100_000 }, (_, i) => `k${i % 7}`);
    for (const id of ids) {
      if (id === "k3") continue;
      add(id);
      remove(id);
    }
    assertEquals(after(""), ["k3"]);
  });

  it("agrees with sorting, for random ids", () => {
    let seed = 7;
    const chance = (bound: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor(seed / 2 ** 32 * bound);
    };
    const model = new Set<string>();
    const { add, remove, after } = makeIndex();
    for (let i = 0; i < 2_000; i++) {
      const id = `${"kl"[chance(2)]}${chance(50)}`;
      if (chance(3) === 0) {
        model.delete(id);
        remove(id);
      } else {
        model.add(id);
        add(id);
      }
      if (i % 20 !== 0) continue;
      const sorted = [...model].sort();
      const [prefix, from] = [["", "k", "l", "k1"][chance(4)], `k${chance(60)}`];
      const expected = sorted.filter((id) => id.startsWith(prefix));
      assertEquals(after(prefix), expected);
      assertEquals(after(prefix, from), expected.filter((id) => id > from));
    }
  });

  it("agrees with sorting, for more ids than fit into one chunk", () => {
    const random = new Random("many ids");
    const model = new Set<string>();
    const { add, remove, after } = makeIndex();
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < (round === 0 ? 20_000 : 500); i++) {
        const id = `${"kl"[random.integer(0, 1)]}${random.integer(0, 99_999)}`;
        if (round > 0 && random.chance(0.5)) {
          model.delete(id);
          remove(id);
        } else {
          model.add(id);
          add(id);
        }
      }
      const expected = [...model].sort().filter((id) => id.startsWith("k"));
      assertEquals(after("k").join(), expected.join());
      const from = `k${random.integer(0, 99_999)}`;
      assertEquals(after("k", from).join(), expected.filter((id) => id > from).join());
    }
    for (const id of model) remove(id);
    assertEquals(after(""), []);
  });

  it("begins the first list of many ids in less time than it took to add them", () => {
    const random = new Random("a list after many ids");
    const ids = Array.from({ length: 100_000 }, () => `k${random.integer(0, 2 ** 31)}`);
    const { add, after } = makeIndex();
    const begun = performance.now();
    for (const id of ids) add(id);
    const added = performance.now();
    assertEquals(after("k", "", 1).length, 1);
    assertLess(performance.now() - added, (added - begun) / 10);
  });

  it("begins a list at a cost that does not grow with all ids", () => {
    const { add, after } = makeIndex();
    for (let i = 0; i < 200_000; i++) add(`k${i}`);
    after("k", "", 1);
    const before = performance.now();
    for (let i = 0; i < 500; i++) {
      add(`k${i} more`);
      assertEquals(after("k", "", 1), ["k0"]);
      // Sorting them each time takes a minute and more.
      assertLess(performance.now() - before, 2_000);
    }
  });
});
