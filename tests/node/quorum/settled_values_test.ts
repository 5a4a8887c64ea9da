import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { SettledValues } from "../../../lib/node/quorum/settled_values.ts";
import type { Present } from "../../../lib/paxos/register.ts";
import { present } from "../../paxos/support/changes.ts";

/** A state with this value and these bindings. */
function value(text: string, bindings: Present["bindings"] = []): Present {
  return { ...present(text), bindings, token: 3, over: 0 };
}

describe("SettledValues", () => {
  it("keeps a value without bindings unchanged", () => {
    const settled = new SettledValues();
    settled.note("k1", value("x"), 0);
    settled.note("k1", value("y"), 0);
    assertEquals(settled.get("k1"), value("x"));
    assertEquals(settled.get("k2"), undefined);
  });

  it("keeps no value that can end", () => {
    const settled = new SettledValues();
    settled.note("k1", value("x", [{ kind: "until", time: 5 }]), 0);
    assertEquals(settled.get("k1"), undefined);
  });

  it("forgets all values of a lost cluster, and takes no value that was read in it", () => {
    const settled = new SettledValues();
    const { generation } = settled;
    settled.note("k1", value("x"), generation);
    settled.clear();
    assertEquals(settled.get("k1"), undefined);
    // This read began before the cluster was lost.
    settled.note("k1", value("x"), generation);
    assertEquals(settled.get("k1"), undefined);
    settled.note("k1", value("y"), settled.generation);
    assertEquals(settled.get("k1"), value("y"));
  });

  it("forgets the least recently requested value first, beyond ten thousand", () => {
    const settled = new SettledValues();
    for (let i = 0; i < 10_000; i++) settled.note(`k${i}`, value("x"), 0);
    settled.get("k0");
    settled.note("new", value("x"), 0);
    assertEquals([settled.get("k0"), settled.get("k1")], [value("x"), undefined]);
  });

  it("keeps 16 MiB at most", () => {
    const settled = new SettledValues();
    const large = { ...value("x"), value: new Uint8Array(2 ** 20) };
    for (let i = 0; i < 20; i++) settled.note(`k${i}`, large, 0);
    const kept = Array.from({ length: 20 }, (_, i) => settled.get(`k${i}`) !== undefined);
    assertEquals(kept.filter((is) => is).length, 15);
    assertEquals(kept[19], true);
  });
});
