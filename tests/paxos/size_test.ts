// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { Binding, Present } from "../../lib/paxos/register.ts";
import { ENTRY_BYTES, sizeOf } from "../../lib/paxos/size.ts";

const EMPTY: Present = {
  present: true,
  token: 1,
  over: 0,
  op: "p/1",
  value: new Uint8Array(0),
  bindings: [],
  owners: [],
};

describe("sizeOf() (section 8)", () => {
  const least = ENTRY_BYTES + 3;

  it("counts each register with its name, without a value, too", () => {
    assertEquals(sizeOf("kab", null), least);
    assertEquals(sizeOf("kab", { present: false, token: 9 }), least);
    assertEquals(sizeOf("kab", EMPTY), least);
    assertEquals(sizeOf("k".repeat(500), null), ENTRY_BYTES + 500);
  });

  it("counts the value", () => {
    assertEquals(sizeOf("kab", { ...EMPTY, value: new Uint8Array(1_000) }), least + 1_000);
  });

  it("counts each session that the value depends on", () => {
    const sizes = [0, 1, 5].map((count) =>
      sizeOf("kab", { ...EMPTY, owners: new Array(count).fill("a/x/1") }) - least
    );
    assertEquals(sizes, [0, 100, 500]);
  });

  it("counts the names of keys that the value is bound to, and no other binding", () => {
    const bindings: Binding[] = [
      { kind: "key", register: "k".repeat(40), token: 1 },
      { kind: "key", register: "k".repeat(2), token: 1 },
      { kind: "until", time: 1 },
      { kind: "node", session: "a/x/1" },
      { kind: "pid", pid: { node: "a", session: "a/x/1", seq: 1 } },
    ];
    assertEquals(sizeOf("kab", { ...EMPTY, bindings }), least + 42);
  });
});
