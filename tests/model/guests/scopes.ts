import type { GuestScope } from "./world.ts";

/** A scope with its exact size, which shows a change that shrinks the search. */
export interface ExpectedGuest {
  readonly scope: GuestScope;
  readonly states: number;
  readonly transitions: number;
}

const PUT: Omit<GuestScope, "name"> = {
  act: "put",
  bound: "own pid",
  resends: true,
  undoes: true,
  rival: [],
  attempts: [1, 1, 1],
  clocks: [0, 0, 0],
  since: 2,
  renews: false,
};

const put = (name: string, more: Partial<GuestScope>): GuestScope => ({ ...PUT, ...more, name });
const set = (name: string, more: Partial<GuestScope>) => put(name, { act: "set", ...more });
const lock = (name: string, more: Partial<GuestScope>) => put(name, { act: "lock", ...more });
const steal = (name: string, more: Partial<GuestScope>) => put(name, { act: "steal", ...more });

/** A put that is not undone, and one act of the rival. */
const against = (act: "put" | "seal", bound: GuestScope["bound"]): Partial<GuestScope> => ({
  bound,
  undoes: false,
  rival: [act],
});

/** Only the undo meets the second gateway. */
const ONCE: Partial<GuestScope> = { resends: false };

/** The first gateway, or the rival, is ahead of the others. */
const AHEAD: Partial<GuestScope> = { clocks: [4, 0, 0] };
const RIVAL_AHEAD: Partial<GuestScope> = { clocks: [0, 0, 9] };

/** A steal that is not undone, and one of the rival. */
const ROBBED: Partial<GuestScope> = { undoes: false, rival: ["steal"] };

/** A set of a cell, and a delete by the rival. */
const CLEARED: Partial<GuestScope> = { undoes: false, rival: ["clear"] };

/** The scopes of the test task, with their numbers of states and transitions. */
export const guestScopes: readonly ExpectedGuest[] = sized([
  [put("a put bound to a process, and its exit", { ...ONCE, ...AHEAD }), 928, 2_658],
  [put("the same, with a second ticket", { ...ONCE, ...AHEAD, renews: true }), 3_142, 8_627],
  [put("a put bound to a process, sent again, and its exit", AHEAD), 3_644, 11_041],
  [
    put("a put bound to a key, sent again, and a seal", {
      ...against("seal", "key"),
      clocks: [0, 9, 1],
    }),
    60_529,
    334_236,
  ],
  [
    put("a put bound to the session, sent again, and a seal after its end", {
      ...against("seal", "own session"),
      clocks: [0, 9, 1],
    }),
    60_529,
    334_236,
  ],
  [
    set("a late set of a cell, sent again, and a delete", { ...CLEARED, clocks: [9, 3, 5] }),
    25_201,
    116_597,
  ],
  [
    put("a late put that had found a release, sent again where there is none, and a read", {
      ...{ bound: "nothing", undoes: false, isLate: true, rival: ["read"], clocks: [6, 8, 9] },
    }),
    10_563,
    38_065,
  ],
  [lock("a lock, sent again, and given up", AHEAD), 3_644, 11_041],
  [
    steal("a late steal, sent again, and another", { ...ROBBED, clocks: [9, 3, 5] }),
    63_142,
    318_762,
  ],
  [steal("a steal, sent again, and given up", AHEAD), 3_644, 11_041],
]);

/** Scopes that take too long for the test task; their rules, broken, turn red in it all the same. */
export const deepGuestScopes: readonly ExpectedGuest[] = sized([
  [
    set("a set of a cell, sent again, and a delete", { ...CLEARED, clocks: [0, 9, 5] }),
    108_529,
    580_345,
  ],
  [
    put("a put bound to nothing, sent again, and another", against("put", "nothing")),
    107_291,
    590_565,
  ],
  [
    put("a put bound to a time, sent again, and a seal", {
      ...against("seal", "until"),
      clocks: [0, 9, 5],
    }),
    108_529,
    580_345,
  ],
  [
    put("a put bound to a process, its exit, and a read", {
      ...ONCE,
      ...RIVAL_AHEAD,
      rival: ["read"],
    }),
    124_527,
    610_479,
  ],
  [
    put("a put bound to the session, sent again, and another", against("put", "own session")),
    107_291,
    590_565,
  ],
  [
    lock("a lock, given up, and another", { ...ONCE, ...RIVAL_AHEAD, rival: ["lock"] }),
    192_987,
    984_873,
  ],
  [steal("a steal, sent again, and another", { ...ROBBED, clocks: [0, 9, 5] }), 219_786, 1_228_548],
]);

function sized(
  scopes: readonly (readonly [scope: GuestScope, states: number, transitions: number])[],
): ExpectedGuest[] {
  return scopes.map(([scope, states, transitions]) => ({ scope, states, transitions }));
}
