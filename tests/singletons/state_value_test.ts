import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { encodeValue, MalformedError } from "../../lib/codec.ts";
import type { RegisterChange } from "../../lib/paxos/change.ts";
import type { State } from "../../lib/paxos/register.ts";
import {
  forgetChange,
  keptStateOf,
  openChange,
  writeChange,
} from "../../lib/singletons/state_value.ts";

const VALUE = new Uint8Array([1, 2]);
const always = () => true;
const never = () => false;

/** What `change` makes of `state`, and its result. */
function apply<R>(
  change: RegisterChange<R>,
  state: State | null,
): { state: State | null; result: R } {
  const token = (state?.token ?? 0) + 1;
  const ballot = { counter: token, life: "-P70F6sqFhqk35ea00oQ" };
  const { draft, result } = change({ state, token: token - 1, ballot });
  if (draft === null) return { state, result };
  const next = draft.present
    ? { ...draft, token, over: token - 1 }
    : { present: false as const, token };
  return { state: next, result };
}

const opened = apply(openChange("a", 5, always), null).state;

describe("the register of a state (section 10)", () => {
  it("is written when it is opened, and has no value yet", () => {
    assertEquals(keptStateOf(opened), { token: 5, value: null });
    assertEquals(opened?.present && [opened.bindings, opened.owners], [[], []]);
  });

  it("is written again when the next instance opens it, which gets its value", () => {
    const written = apply(writeChange("b", 5, VALUE, always), opened).state;
    const { state, result } = apply(openChange("c", 9, always), written);
    assertEquals([keptStateOf(state), result], [
      { token: 9, value: VALUE },
      { token: 9, value: VALUE },
    ]);
  });

  it("is not written twice by one operation", () => {
    for (const change of [openChange("a", 5, always), writeChange("a", 5, null, always)]) {
      const { state, result } = apply(change, opened);
      assertStrictEquals(state, opened);
      assertEquals(result, { token: 5, value: null });
    }
  });

  it("is not written by an instance that has ended", () => {
    for (const change of [openChange("b", 5, never), writeChange("b", 5, VALUE, never)]) {
      const { state, result } = apply(change, opened);
      assertStrictEquals(state, opened);
      assertEquals(result, null);
    }
  });

  it("is released by the instance that has opened it last", () => {
    assertStrictEquals(apply(forgetChange(4), opened).state, opened);
    assertEquals(apply(forgetChange(5), opened).state?.present, false);
    assertEquals(apply(forgetChange(5), null).state, null);
  });

  it("takes values of up to 8 MiB", () => {
    const large = new Uint8Array(8 * 2 ** 20);
    const { state } = apply(writeChange("b", 5, large, always), opened);
    assertEquals(keptStateOf(state)?.value?.length, large.length);
  });

  it("throws MalformedError for what no node wrote", () => {
    for (const fields of [[], [5], [5, VALUE, 1], [-1, null], ["5", null], [5, "x"], 5, null]) {
      const value = encodeValue(fields, 1_000);
      const state = { ...opened!, present: true, value } as State;
      assertThrows(() => keptStateOf(state), MalformedError);
    }
  });
});
