import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { mayForget, openState, writeState } from "../../lib/paxos/state_register.ts";

const VALUE = new Uint8Array([1]);
const OTHER = new Uint8Array([2]);
const KEPT = { token: 5, value: VALUE };

describe("the state of a singleton (section 10)", () => {
  it("is opened by an instance that is not older than the one that opened it last", () => {
    assertEquals(openState(null, 5), { token: 5, value: null });
    assertEquals(openState(KEPT, 6), { token: 6, value: VALUE });
    assertEquals(openState(KEPT, 5), KEPT);
    assertEquals(openState({ token: 5, value: null }, 7), { token: 7, value: null });
    assertEquals(openState(KEPT, 4), null);
  });

  it("is written by the instance that has opened it, and by no other one", () => {
    assertEquals(writeState(KEPT, 5, OTHER), { token: 5, value: OTHER });
    assertEquals(writeState(KEPT, 5, null), { token: 5, value: null });
    for (const token of [4, 6]) assertEquals(writeState(KEPT, token, OTHER), null);
    assertEquals(writeState(null, 5, OTHER), null);
  });

  it("is released by the instance that has opened it, and by its successors", () => {
    assertEquals([5, 4, 6].map((token) => mayForget(KEPT, token)), [true, false, true]);
    assertEquals(mayForget(null, 5), false);
  });
});
