import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { combine, type Part } from "../../../lib/node/quorum/combine.ts";
import type { CurrentState, RegisterChange } from "../../../lib/paxos/change.ts";
import { append, look, present, release, setOnce, textOf } from "../../paxos/support/changes.ts";

const BALLOT = { counter: 5, life: "p" };

/** A register with `text` in it, or one that was never written. */
function register(text?: string): CurrentState {
  const state = text === undefined ? null : { ...present(text), token: 3, over: 1 };
  return { state, token: 3, ballot: BALLOT };
}

/** The outcome of changes made in one round: the state that is written, and each result. */
function round(current: CurrentState, ...changes: RegisterChange<unknown>[]) {
  const parts = changes.map((change): Part => ({ change, wrote: false }));
  const { draft, result: { results } } = combine(parts, current);
  const writes = parts.map((part) => part.writes);
  const outcome = parts.map((part) => {
    const own = results.get(part);
    if (own === undefined) return "left";
    return "error" in own ? own.error : own.value;
  });
  const written = draft === null
    ? null
    : draft.present
    ? textOf({ ...draft, token: 0, over: 0 })
    : "";
  return { written, outcome, writes };
}

describe("combine()", () => {
  it("applies changes in order, each to the state that the previous one made", () => {
    const seen: [string, number][] = [];
    const see: RegisterChange<void> = ({ state, token }) => {
      seen.push([textOf(state), token]);
      return { draft: null, result: undefined };
    };
    const { written, outcome, writes } = round(register(), see, setOnce("x"), see, setOnce("y"));
    assertEquals({ written, outcome }, { written: "x", outcome: [undefined, "x", undefined, "x"] });
    assertEquals(writes, [false, true, false, false]);
    // A value written in this round has the token of this round.
    assertEquals(seen, [["", 3], ["x", 5]]);
  });

  it("a written value refers to the state before the round as replaced, regardless of states in between", () => {
    let over: number | undefined;
    const see: RegisterChange<void> = ({ state }) => {
      if (state?.present) over = state.over;
      return { draft: null, result: undefined };
    };
    round(register("x"), release, setOnce("y"), see);
    assertEquals(over, 3);
  });

  it("ends before a change that would replace a value of this round: both would have the same token", () => {
    for (const next of [append("y"), release]) {
      const { written, outcome, writes } = round(register(), setOnce("x"), next, look);
      assertEquals({ written, outcome }, { written: "x", outcome: ["x", "left", "left"] });
      assertEquals(writes[1], false);
    }
  });

  it("goes on with changes that replace an absent value or one from before the round", () => {
    assertEquals(round(register("x"), release, setOnce("y")).outcome, [undefined, "y"]);
    assertEquals(round(register("x"), append("y")).written, "xy");
  });

  it("goes on with changes that manage their tokens themselves", () => {
    const merging: RegisterChange<string> = (current) => ({
      ...append("y")(current),
      merges: true,
    });
    assertEquals(round(register(), setOnce("x"), merging).written, "xy");
  });

  it("completes the new state of the last change only", () => {
    const completed: string[] = [];
    const sketching = (text: string): RegisterChange<string> => (current) => ({
      ...append(text)(current),
      merges: true,
      complete: () => {
        completed.push(text);
        return present(`complete ${text}`);
      },
    });
    const combined = (...changes: RegisterChange<unknown>[]) =>
      combine(changes.map((change) => ({ change, wrote: false })), register("x"));
    const { complete } = combined(sketching("y"), sketching("z"), look);
    assertEquals(completed, []);
    assertEquals(complete?.(), present("complete z"));
    assertEquals(completed, ["z"]);
    // The state that an earlier change would complete no longer exists.
    const releasing: RegisterChange<unknown> = (current) => ({ ...release(current), merges: true });
    assertEquals(combined(sketching("y"), releasing).complete, undefined);
    assertEquals(combined(look).complete, undefined);
  });

  it("ends before a change that cannot be made in this round", () => {
    const later: RegisterChange<string> = () => ({ draft: present("z"), result: "z", later: true });
    assertEquals(round(register(), setOnce("x"), later, look).outcome, ["x", "left", "left"]);
    assertEquals(round(register(), later, setOnce("x")).written, null);
  });

  it("a change that throws fails alone", () => {
    const error = new Error("it is no lock");
    const failing: RegisterChange<void> = () => {
      throw error;
    };
    const { written, outcome } = round(register(), failing, setOnce("x"));
    assertEquals({ written, outcome }, { written: "x", outcome: [error, "x"] });
  });

  it("determines for each change in each round whether it writes", () => {
    const part: Part = { change: setOnce("x"), wrote: false };
    combine([part], register());
    assertEquals(part.writes, true);
    combine([part], register("y"));
    assertEquals(part.writes, false);
    // Also for a change that fails, or is left for the next round.
    part.writes = true;
    combine([{ change: setOnce("x"), wrote: false }, part], register("y"));
    assertEquals(part.writes, false);
    // Behind what is left, too.
    part.writes = true;
    const others: RegisterChange<unknown>[] = [setOnce("x"), release, release];
    combine([...others.map((change) => ({ change, wrote: false })), part], register());
    assertEquals(part.writes, false);
  });
});
