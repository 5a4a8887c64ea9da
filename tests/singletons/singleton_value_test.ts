import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { encodeValue, MalformedError } from "../../lib/codec.ts";
import type { RegisterChange } from "../../lib/paxos/change.ts";
import type { Pid, SessionId, State } from "../../lib/paxos/register.ts";
import {
  leaveChange,
  singletonOf,
  type SingletonValue,
  takeChange,
} from "../../lib/singletons/singleton_value.ts";
import type { Restart } from "../../lib/singletons/spec.ts";

const FIRST: Pid = { node: "w1", session: "w1/-P70F6sqFhqk35ea00oQ/1", seq: 7 };
const SECOND: Pid = { node: "w2", session: "w2/-P70F6sqFhqk35ea00oR/3", seq: 1 };
const RESTARTS: readonly Restart[] = ["temporary", "permanent", "transient"];

/** The encoded arguments of a start. */
const args = (...values: unknown[]) => encodeValue(values, 1_000);

/** What `change` makes of `state` at a ballot with this counter, and its result. */
function apply<R>(
  change: RegisterChange<R>,
  state: State | null,
  counter: number,
): { state: State | null; result: R } {
  const token = state?.token ?? 0;
  const ballot = { counter, life: "-P70F6sqFhqk35ea00oQ" };
  const { draft, result } = change({ state, token, ballot });
  if (draft === null) return { state, result };
  const next = draft.present
    ? { ...draft, token: counter, over: token }
    : { present: false as const, token: counter };
  return { state: next, result };
}

interface Taking {
  restart?: Restart;
  start?: Uint8Array;
  ended?: readonly SessionId[];
  mayTake?: boolean;
  decides?: boolean;
  after?: number;
}

function take(pid: Pid, { restart = "temporary", start, ...more }: Taking = {}) {
  const { ended = [], mayTake = true, decides = false, after = null } = more;
  return takeChange(
    "op",
    pid,
    { restart, args: start ?? args(), decides, after },
    (session) => ended.includes(session),
    () => mayTake,
  );
}

function leave(pid: Pid, byItself: boolean, failed = false) {
  return leaveChange(
    "op",
    ({ session, seq }) => session === pid.session && seq === pid.seq,
    { byItself, failed },
  );
}

/** A register that names `pid`. */
function taken(pid: Pid, options: Taking = {}): State {
  return apply(take(pid, options), null, 5).state!;
}

describe("takeChange()", () => {
  it("takes a place that is free: never written, or left", () => {
    for (const state of [null, { present: false, token: 3 } as const]) {
      const { state: next, result } = apply(take(FIRST, { start: args(1) }), state, 5);
      assertEquals(singletonOf(next), {
        ...{ pid: FIRST, restart: "temporary", args: args(1), failures: 0 },
      });
      assertEquals(result, { pid: FIRST, restart: "temporary", args: args(1) });
    }
  });

  it("names the session as owner, so that readers learn when it has ended", () => {
    const state = taken(FIRST);
    assertEquals(state.present && state.owners, [FIRST.session]);
    assertEquals(state.present && state.bindings, []);
  });

  it("leaves a live instance alone, and returns its pid", () => {
    const state = taken(FIRST, { start: args("first") });
    const { state: next, result } = apply(take(SECOND, { start: args("second") }), state, 9);
    assertStrictEquals(next, state);
    assertEquals(result, { pid: FIRST, restart: "temporary", args: args("first") });
  });

  it("finds its own place again when it is repeated", () => {
    const state = taken(FIRST);
    const { state: next, result } = apply(take(FIRST), state, 9);
    assertStrictEquals(next, state);
    assertEquals(result.pid, FIRST);
  });

  it("takes the place of an instance whose session has ended", () => {
    const state = taken(FIRST);
    const options = { ended: [FIRST.session], start: args(2) };
    const { state: next, result } = apply(take(SECOND, options), state, 9);
    assertEquals(singletonOf(next)?.pid, SECOND);
    assertEquals(next?.token, 9);
    assertEquals(result, { pid: SECOND, restart: "temporary", args: args(2) });
  });

  it("takes nothing for a process that has ended", () => {
    for (const state of [null, taken(SECOND, { restart: "permanent" })]) {
      const options = { mayTake: false, ended: [SECOND.session] };
      const { state: next, result } = apply(take(FIRST, options), state, 9);
      assertStrictEquals(next, state);
      assertEquals(result.pid, null);
    }
  });

  for (const restart of ["permanent", "transient"] as const) {
    it(`starts a ${restart} instance with the arguments of its first start`, () => {
      const first = taken(FIRST, { restart, start: args("first") });
      const waiting = apply(leave(FIRST, false), first, 6).state;
      const other = { restart, start: args("other") };
      for (
        const [state, options] of [
          [waiting, other],
          [first, { ...other, ended: [FIRST.session] }],
        ] as const
      ) {
        const { state: next, result } = apply(take(SECOND, options), state, 9);
        assertEquals(singletonOf(next), {
          ...{ pid: SECOND, restart, args: args("first"), failures: 0 },
        });
        assertEquals(result, { pid: SECOND, restart, args: args("first") });
      }
    });
  }
});

describe("a start that decides", () => {
  it("gives its own arguments, and counts what failed", () => {
    const first = taken(FIRST, { restart: "permanent", start: args("first") });
    const waiting = apply(leave(FIRST, false, true), first, 6).state;
    const options = { restart: "permanent", start: args("own"), decides: true } as const;
    const { state: next, result } = apply(take(SECOND, options), waiting, 9);
    assertEquals(singletonOf(next), {
      ...{ pid: SECOND, restart: "permanent", args: args("own"), failures: 1 },
    });
    assertEquals(result, { pid: SECOND, restart: "permanent", args: args("own") });
  });
});

describe("a start that is meant for one state", () => {
  const first = taken(FIRST, { restart: "permanent" });
  const waiting = apply(leave(FIRST, false, true), first, 6).state;
  const released: State = { present: false, token: 7 };

  it("takes that one", () => {
    for (const [state, after] of [[waiting, 6], [null, 0], [released, 0]] as const) {
      const { state: next } = apply(take(SECOND, { after }), state, 9);
      assertEquals(singletonOf(next)?.pid, SECOND);
    }
  });

  it("takes no other one, since another node has tried meanwhile", () => {
    for (const [state, after] of [[waiting, 5], [waiting, 0], [null, 6], [released, 7]] as const) {
      const { state: next, result } = apply(take(SECOND, { after }), state, 9);
      assertStrictEquals(next, state);
      assertEquals(result.pid, null);
    }
  });

  it("returns the instance that runs meanwhile", () => {
    assertEquals(apply(take(SECOND, { after: 3 }), first, 9).result.pid, FIRST);
  });
});

describe("leaveChange()", () => {
  /** Whether it waits for its next start afterwards. */
  const WAITS: Record<Restart, { byItself: boolean; otherwise: boolean }> = {
    temporary: { byItself: false, otherwise: false },
    permanent: { byItself: true, otherwise: true },
    transient: { byItself: false, otherwise: true },
  };

  for (const restart of RESTARTS) {
    for (const [why, waits] of Object.entries(WAITS[restart])) {
      const what = waits ? "waits for its next start" : "is gone";
      const ended = why === "byItself" ? "that ended by itself" : "that was ended";
      it(`of a ${restart} instance ${ended}: it ${what}`, () => {
        const state = taken(FIRST, { restart, start: args(1) });
        const { state: next } = apply(leave(FIRST, why === "byItself"), state, 9);
        const waiting: SingletonValue = { pid: null, restart, args: args(1), failures: 0 };
        assertEquals(singletonOf(next), waits ? waiting : null);
        assertEquals(next?.token, 9);
        assertEquals(next?.present && next.owners, waits && []);
      });
    }
  }

  it("counts the failed starts in a row, and restarts the count after a success", () => {
    let counter = 5;
    let state: State | null = null;
    const next = (change: RegisterChange<unknown>) => state = apply(change, state, ++counter).state;
    const restart = "permanent";
    const counts: (number | undefined)[] = [];
    for (const failed of [true, true, true, false, true]) {
      next(take(FIRST, { restart }));
      next(leave(FIRST, true, failed));
      counts.push(singletonOf(state)?.failures);
    }
    assertEquals(counts, [1, 2, 3, 0, 1]);
    // An instance that ran until its host vanished did not fail.
    next(take(FIRST, { restart }));
    next(take(SECOND, { restart, ended: [FIRST.session] }));
    assertEquals(singletonOf(state)?.failures, 0);
  });

  it("leaves another instance alone, even one of the same session", () => {
    for (const other of [SECOND, { ...FIRST, seq: FIRST.seq + 1 }]) {
      for (const restart of RESTARTS) {
        const state = taken(other, { restart });
        assertStrictEquals(apply(leave(FIRST, true), state, 9).state, state);
      }
    }
  });

  it("leaves a free place alone", () => {
    const waiting = apply(leave(FIRST, true), taken(FIRST, { restart: "permanent" }), 6).state;
    for (const state of [null, { present: false, token: 3 } as const, waiting]) {
      assertStrictEquals(apply(leave(FIRST, true), state, 9).state, state);
    }
  });
});

describe("singletonOf()", () => {
  it("reads nothing from a register without a value", () => {
    assertEquals(singletonOf(null), null);
    assertEquals(singletonOf({ present: false, token: 3 }), null);
  });

  it("reads what a change wrote, including arguments of up to 8 MiB", () => {
    const large = new Uint8Array(8 * 2 ** 20).fill(7);
    for (const start of [args(), args(1, "two", [3]), large]) {
      for (const restart of RESTARTS) {
        const value = singletonOf(taken(FIRST, { restart, start }));
        assertEquals([value?.pid, value?.restart], [FIRST, restart]);
        assertEquals(value?.args, start);
      }
    }
  });

  it("throws MalformedError for what no change wrote", () => {
    const { session } = FIRST;
    const bytes = new Uint8Array();
    const values: unknown[] = [
      1,
      null,
      {},
      [],
      [session, 1, "temporary"],
      [session, 1, "temporary", bytes],
      [session, 1, "temporary", bytes, 0, 1],
      [session, 1, "forever", bytes, 0],
      [session, 1, null, bytes, 0],
      [session, 1, "temporary", "text", 0],
      [session, 1.5, "temporary", bytes, 0],
      [session, "1", "temporary", bytes, 0],
      ["w1", 1, "temporary", bytes, 0],
      [1, 1, "temporary", bytes, 0],
      [undefined, 1, "temporary", bytes, 0],
      [session, 1, "temporary", bytes, -1],
      [session, 1, "temporary", bytes, 0.5],
      [null, 0, "permanent", bytes, "1"],
    ];
    const good = taken(FIRST);
    for (const value of values) {
      const state = { ...good, value: encodeValue(value, 1_000) } as State;
      assertThrows(() => singletonOf(state), MalformedError);
    }
    for (const value of [new Uint8Array(), Uint8Array.of(0xff), Uint8Array.of(0x84, 0xf6)]) {
      assertThrows(() => singletonOf({ ...good, value } as State), MalformedError);
    }
  });
});
