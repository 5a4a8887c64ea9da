// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Renewal, Renewals } from "../../lib/paxos/renewals.ts";
import { Random } from "../../testing/random.ts";

const renewal = (...hosts: string[]): Renewal => ({ renewed: 1, ttl: 5_000, hosts });

describe("Renewals (section 6)", () => {
  it("keeps the latest renewal of each session", () => {
    const renewals = new Renewals();
    renewals.set("a/x/1", renewal());
    const later = { ...renewal("s"), renewed: 2 };
    renewals.set("a/x/1", later);
    assertEquals(renewals.get("a/x/1"), later);
    assertEquals([renewals.size, renewals.has("a/x/1"), renewals.has("a/x/2")], [1, true, false]);
    assertEquals(renewals.get("a/x/2"), undefined);
  });

  it("finds the sessions of a node, and of no other whose name begins like it", () => {
    const renewals = new Renewals();
    for (const session of ["a/x/1", "a/x/2", "ab/x/1", "~a/x/1"]) renewals.set(session, renewal());
    assertEquals([...renewals.of("a")], ["a/x/1", "a/x/2"]);
    assertEquals([...renewals.of("ab")], ["ab/x/1"]);
    assertEquals([...renewals.of("~a")], ["~a/x/1"]);
    assertEquals([...renewals.of("x")], []);
  });

  it("finds the sessions that can run a singleton as of the latest renewal", () => {
    const renewals = new Renewals();
    renewals.set("a/x/1", renewal("s", "t"));
    renewals.set("b/y/1", renewal("t"));
    renewals.set("a/x/1", renewal("t", "u"));
    const hosting = (spec: string) => [...renewals.hosting(spec)].sort();
    assertEquals(["s", "t", "u"].map(hosting), [[], ["a/x/1", "b/y/1"], ["a/x/1"]]);
  });

  it("is the same as a plain list, after any changes", () => {
    const random = new Random("renewals");
    const [renewals, plain] = [new Renewals(), new Map<string, Renewal>()];
    const nodes = ["a", "b", "c"];
    const specs = ["s", "t", "u"];
    for (let i = 0; i < 5_000; i++) {
      const session = `${random.pick(nodes)}/x/${random.integer(0, 4)}`;
      if (random.chance(0.3)) {
        renewals.delete(session);
        plain.delete(session);
      } else {
        const next = renewal(...specs.filter(() => random.chance(0.5)));
        renewals.set(session, next);
        plain.set(session, next);
      }
      const sorted = (sessions: Iterable<string>) => [...sessions].sort();
      assertEquals(sorted(renewals.sessions()), sorted(plain.keys()));
      assertEquals(renewals.size, plain.size);
      for (const node of nodes) {
        const own = [...plain.keys()].filter((one) => one.startsWith(`${node}/`));
        assertEquals(sorted(renewals.of(node)), sorted(own));
      }
      for (const spec of specs) {
        const able = [...plain].filter(([, { hosts }]) => hosts.includes(spec));
        assertEquals(sorted(renewals.hosting(spec)), sorted(able.map(([one]) => one)));
      }
    }
  });
});
