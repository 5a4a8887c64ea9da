import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { registerId } from "../../lib/codec.ts";
import { inOrder } from "../../lib/singletons/placement.ts";
import { Random } from "../../testing/random.ts";

const KEYS = Array.from({ length: 3_000 }, (_, n) => registerId("s", "counter", n));

/** The number of `KEYS` for which each host is at this place in the order. */
function countAt(place: number, hosts: readonly string[]): number[] {
  const counts = new Map(hosts.map((host) => [host, 0]));
  for (const key of KEYS) {
    const host = inOrder(key, hosts)[place];
    counts.set(host, counts.get(host)! + 1);
  }
  return [...counts.values()];
}

describe("inOrder()", () => {
  it("returns every host once, for any order of the input", () => {
    const random = new Random("placement");
    const hosts = ["w1", "w2", "w3", "eu-west-1.a", "eu-west-1.b"];
    for (const key of KEYS.slice(0, 200)) {
      const order = inOrder(key, hosts);
      assertEquals([...order].sort(), [...hosts].sort());
      assertEquals(inOrder(key, new Set(random.shuffle(hosts))), order);
    }
  });

  it("returns the same order in every runtime", () => {
    assertEquals(inOrder("apple", ["w1", "w2", "w3"]), ["w3", "w1", "w2"]);
    assertEquals(inOrder("banana", ["w1", "w2", "w3"]), ["w2", "w1", "w3"]);
    assertEquals(inOrder("apple", ["w2"]), ["w2"]);
    assertEquals(inOrder("apple", []), []);
  });

  for (const count of [2, 3, 5, 9]) {
    it(`spreads similar keys evenly over all ${count} hosts, as first and as second`, () => {
      const hosts = Array.from({ length: count }, (_, n) => `w${n + 1}`);
      const share = KEYS.length / count;
      for (const place of [0, 1]) {
        for (const keys of countAt(place, hosts)) {
          assertGreater(keys, share * 0.8);
          assertLess(keys, share * 1.2);
        }
      }
    });
  }

  it("keeps the order of the other hosts when a host comes or goes", () => {
    const hosts = ["w1", "w2", "w3", "w4"];
    for (const key of KEYS.slice(0, 500)) {
      const order = inOrder(key, hosts);
      for (const gone of hosts) {
        const left = hosts.filter((host) => host !== gone);
        assertEquals(inOrder(key, left), order.filter((host) => host !== gone));
      }
    }
  });

  it("spreads the keys of a lost host over all remaining ones", () => {
    const moved = KEYS.map((key) => inOrder(key, ["w1", "w2", "w3", "w4"]))
      .filter(([first]) => first === "w1");
    for (const host of ["w2", "w3", "w4"]) {
      const taken = moved.filter(([, second]) => second === host).length;
      assert(taken > moved.length / 3 * 0.75, `${host} takes ${taken} of ${moved.length}`);
    }
  });
});
