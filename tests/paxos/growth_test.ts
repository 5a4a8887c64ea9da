// Runs in Deno alone: pure.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Growth, SMALL_GROWTH } from "../../lib/paxos/growth.ts";
import type { State } from "../../lib/paxos/register.ts";
import { present } from "./support/changes.ts";

const ballot = { counter: 7, life: "p" };
const request = { type: "prepare", register: "k", ballot } as const;
const restart = { do: "restart" } as const;
const full = { do: "full", tidying: true, missing: ["c"] } as const;
const state = (length: number): State => ({ ...present("x".repeat(length)), token: 1, over: 0 });

interface Needs {
  grows?: number;
  reserve?: boolean;
  sweep?: boolean;
  spare?: number;
}

function make(needs: Needs): Growth {
  const { grows, reserve = false, sweep = false, spare } = needs;
  return new Growth({
    register: "k",
    ...(grows !== undefined && { grows: () => grows }),
    reserve: () => reserve,
    sweep: () => sweep,
    ...(spare !== undefined && { spare: () => spare }),
  });
}

describe("Growth (section 8)", () => {
  it("asks for the bytes that a change adds, and again for more", () => {
    const growth = make({ grows: 100 });
    assertEquals(growth.prepare(ballot), { ...request, grows: 100 });
    assertEquals(growth.exceeded(state(50), state(150)), undefined);
    assertEquals(growth.exceeded(state(50), state(151)), restart);
    assertEquals(growth.prepare(ballot), { ...request, grows: 101 });
    assertEquals(growth.exceeded(state(50), state(151)), undefined);
    assertEquals(growth.exceeded(null, { present: false, token: 1 }), undefined);
  });

  it("asks for nothing where the change needs no room, or does not say how much", () => {
    for (const needs of [{}, { grows: Infinity }]) {
      const growth = make(needs);
      assertEquals(growth.prepare(ballot), request);
      assertEquals(growth.exceeded(null, state(10_000)), undefined);
      assertEquals(make({ ...needs, reserve: true }).prepare(ballot), {
        ...request,
        reserve: true,
      });
      assertEquals(make({ ...needs, sweep: true }).prepare(ballot), { ...request, sweep: true });
    }
  });

  it("once there is no room, tries once as if it added nothing", () => {
    const growth = make({ grows: 100 });
    growth.prepare(ballot);
    assertEquals(growth.refused(full), restart);
    assertEquals(growth.prepare(ballot), request);
    assertEquals(growth.exceeded(state(50), state(50)), undefined);
    assertEquals(growth.exceeded(state(50), state(51)), full);
    assertEquals(growth.refused({ ...full, tidying: false }), { ...full, tidying: false });
    // After a while it asks again.
    assertEquals(growth.prepare(ballot), { ...request, grows: 100 });
  });

  it("lets a change add its few bytes then, that takes over from another one", () => {
    const growth = make({ grows: 500, spare: 40 });
    growth.prepare(ballot);
    growth.refused(full);
    growth.prepare(ballot);
    assertEquals(growth.exceeded(state(50), state(90)), undefined);
    assertEquals(growth.exceeded(state(50), state(91)), full);
  });

  it("shares the reserve with a release of the same round as long as it adds little", () => {
    const growth = make({ grows: 10_000, reserve: true });
    assertEquals(growth.prepare(ballot), { ...request, reserve: true });
    assertEquals(growth.exceeded(state(0), state(SMALL_GROWTH)), undefined);
    assertEquals(growth.exceeded(state(0), state(SMALL_GROWTH + 1)), restart);
    assertEquals(growth.prepare(ballot), { ...request, grows: 10_000 });
  });

  it("has little room on kept promises, and one after the other share it", () => {
    const growth = make({ grows: 10_000 });
    growth.prepare(ballot);
    const next = { counter: 8, life: "p" };
    assertEquals(growth.kept(ballot, null, state(9_000)), { ballot: next, state: state(9_000) });
    growth.begin();
    assertEquals(growth.exceeded(state(0), state(SMALL_GROWTH + 1)), restart);
    assertEquals(growth.exceeded(state(0), state(1_000)), undefined);
    const { room } = growth.kept(ballot, state(0), state(1_000));
    assertEquals(room, SMALL_GROWTH - 1_000);
    growth.begin(room);
    assertEquals(growth.exceeded(state(0), state(SMALL_GROWTH - 1_000)), undefined);
    assertEquals(growth.exceeded(state(0), state(SMALL_GROWTH - 999)), restart);
    // What shrinks makes room again.
    assertEquals(growth.kept(ballot, state(9_000), state(0)).room, SMALL_GROWTH);
  });
});
