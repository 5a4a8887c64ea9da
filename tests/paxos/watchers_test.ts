import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertLess } from "@std/assert";
import { MAX_NODE_WATCHES, MAX_WATCHES, WATCH_TTL, Watchers } from "../../lib/paxos/watchers.ts";

const watcher = (node: string, life = "1", id = 7) => ({ node, life, id });

function of(watchers: Watchers, register: string, now = 0): string[] {
  return watchers.of(register, now).map(({ node, life, id }) => `${node}/${life}#${id}`);
}

describe("Watchers", () => {
  it("add() notes one watcher for each life of a node, with the id of its latest request", () => {
    const watchers = new Watchers();
    watchers.add("k1", watcher("n"), 0);
    watchers.add("k1", watcher("m"), 0);
    watchers.add("k1", watcher("n", "1", 8), 0);
    watchers.add("k1", watcher("n", "2"), 0);
    watchers.add("k2", watcher("n"), 0);
    assertEquals(of(watchers, "k1"), ["n/1#8", "m/1#7", "n/2#7"]);
    assertEquals(of(watchers, "k2"), ["n/1#7"]);
    assertEquals(of(watchers, "k3"), []);
    assertEquals(watchers.size, 4);
  });

  it("remove() forgets that watcher of that life of that node only", () => {
    const watchers = new Watchers();
    for (const life of ["1", "2"]) watchers.add("k1", watcher("n", life), 0);
    watchers.add("k2", watcher("n"), 0);
    watchers.remove("k1", watcher("n"));
    watchers.remove("k1", watcher("n"));
    watchers.remove("k9", watcher("n"));
    assertEquals([of(watchers, "k1"), of(watchers, "k2")], [["n/2#7"], ["n/1#7"]]);
    assertEquals(watchers.size, 2);
  });

  it("remove() keeps a watcher that has asked again with another number since", () => {
    const watchers = new Watchers();
    watchers.add("k1", watcher("n", "1", 7), 0);
    watchers.add("k1", watcher("n", "1", 8), 0);
    watchers.remove("k1", watcher("n", "1", 7));
    assertEquals([of(watchers, "k1"), watchers.size], [["n/1#8"], 1]);
    watchers.remove("k1", watcher("n", "1", 8));
    assertEquals([of(watchers, "k1"), watchers.size], [[], 0]);
  });

  it("of() omits watchers that have not asked again in time", () => {
    const watchers = new Watchers();
    watchers.add("k1", watcher("n"), 0);
    watchers.add("k1", watcher("m"), 10);
    assertEquals(of(watchers, "k1", WATCH_TTL - 1), ["n/1#7", "m/1#7"]);
    assertEquals(of(watchers, "k1", WATCH_TTL), ["m/1#7"]);
    assertEquals(watchers.size, 1);
    watchers.add("k1", watcher("m"), WATCH_TTL);
    assertEquals(of(watchers, "k1", 2 * WATCH_TTL - 1), ["m/1#7"]);
    assertEquals(of(watchers, "k1", 2 * WATCH_TTL), []);
    assertEquals(watchers.size, 0);
  });

  it("of() includes the watchers of the register's bucket", () => {
    const watchers = new Watchers();
    const bucket = "k\x61b";
    watchers.add(bucket, watcher("n"), 0);
    watchers.add(bucket + "\x01", watcher("m"), 0);
    watchers.add("k\xf6", watcher("o"), 0);
    assertEquals(of(watchers, bucket + "\x01"), ["m/1#7", "n/1#7"]);
    assertEquals(of(watchers, bucket + "\x02"), ["n/1#7"]);
    assertEquals(of(watchers, "k\xf6\x01"), ["o/1#7"]);
    assertEquals(of(watchers, "k\x61c\x01"), []);
    assertEquals(of(watchers, "l\x61b\x01"), []);
    watchers.remove(bucket, watcher("n"));
    watchers.remove("k\xf6", watcher("o"));
    assertEquals(of(watchers, bucket + "\x01"), ["m/1#7"]);
    assertEquals(watchers.size, 1);
  });

  it("expire() forgets them everywhere", () => {
    const watchers = new Watchers();
    watchers.add("k1", watcher("n"), 0);
    watchers.add("k2", watcher("n"), 1);
    watchers.expire(WATCH_TTL);
    assertEquals([watchers.size, of(watchers, "k2", WATCH_TTL)], [1, ["n/1#7"]]);
  });

  it("keeps a bounded number, refuses more, and has room again when some have expired", () => {
    const watchers = new Watchers();
    for (let i = 0; i < MAX_WATCHES; i++) {
      assertEquals(watchers.add(`k${i}`, watcher(`n${i % 5}`), i === 0 ? 0 : 100), true);
    }
    assertEquals(watchers.add("new", watcher("m"), 100), false);
    assertEquals(of(watchers, "new", 100), []);
    // A known watcher may ask again.
    assertEquals(watchers.add("k5", watcher("n0", "1", 9), 100), true);
    assertEquals(of(watchers, "k5", 100), ["n0/1#9"]);
    // The first one has expired by now.
    assertEquals(watchers.add("new", watcher("m"), WATCH_TTL), true);
    assertEquals([of(watchers, "new", WATCH_TTL), watchers.size], [["m/1#7"], MAX_WATCHES]);
    assertEquals(watchers.add("newer", watcher("m"), WATCH_TTL), false);
  });

  it("keeps fewer watches of one node, and has room again when that node has stopped some", () => {
    const watchers = new Watchers();
    for (let i = 0; i < MAX_NODE_WATCHES; i++) {
      assertEquals(watchers.add(`k${i}`, watcher("n", `${i % 2}`), 100), true);
    }
    const before = performance.now();
    for (let i = 0; i < 2_000; i++) assertEquals(watchers.add("new", watcher("n"), 100), false);
    // A search for expired watches each time takes many seconds.
    assertLess(performance.now() - before, 1_000);
    assertEquals(watchers.add("new", watcher("m"), 100), true);
    watchers.remove("k0", watcher("n", "0"));
    assertEquals(watchers.add("new", watcher("n"), 100), true);
    assertEquals(watchers.add("newer", watcher("n"), 100), false);
    assertEquals(watchers.add("newer", watcher("n"), 100 + WATCH_TTL), true);
  });

  it("forgets expired watches, even with room and without writes to their registers", () => {
    const watchers = new Watchers();
    for (let i = 0; i < 1_000; i++) watchers.add(`k${i}`, watcher(`n${i}`), i * WATCH_TTL / 100);
    assertLess(watchers.size, 202);
  });

  it("adds to a register whose last watcher expired to make room for it", () => {
    const watchers = new Watchers();
    watchers.add("k0", watcher("n0"), 0);
    for (let i = 1; i < MAX_WATCHES; i++) watchers.add(`k${i}`, watcher(`n${i % 5}`), 100);
    assertEquals(watchers.add("k0", watcher("m"), WATCH_TTL), true);
    assertEquals(of(watchers, "k0", WATCH_TTL), ["m/1#7"]);
    assertEquals(watchers.size, MAX_WATCHES);
  });

  it("losing() looks at no watcher if no life keeps a promise: each `prepare` asks", () => {
    const watchers = new Watchers();
    watchers.add("k", watcher("n"), 0);
    assertEquals(watchers.losing("k", undefined, { counter: 5, life: "r" }, WATCH_TTL), []);
    // A look would have found that it has expired.
    assertEquals(watchers.size, 1);
  });
});
