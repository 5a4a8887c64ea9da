import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import type { GuestOperation, GuestOutcome } from "../../lib/codec/guest_messages.ts";
import { checkGuests, type GuestLimits } from "../../lib/gateway/options.ts";
import { Usage } from "../../lib/gateway/usage.ts";
import { OPERATIONS, OUTCOMES } from "../codec/support/guest_frames.ts";

const { lock, unlock, put, release, watch, guard, call, place, end, read } = OPERATIONS;
const MINE = { ...put, bindings: [{ type: "ownPid", session: 1, seq: 2 }] } as const;
const OTHERS = { ...put, bindings: [{ type: "node", node: "w1" }] } as const;

function usage(limits: GuestLimits): Usage {
  return new Usage(checkGuests({ limits }, true)!.limits, 0);
}

/** Why `operation` may not begin, at most up to the bound; `null`: it may. */
function refusal(used: Usage, operation: GuestOperation, underWay = 0): string | null {
  return used.refusal(operation, underWay, 0)?.message ?? null;
}

describe("Usage (section 13)", () => {
  const bounds: [
    name: string,
    limits: GuestLimits,
    operation: GuestOperation,
    ends: GuestOutcome,
  ][] = [
    ["locks", { locks: 2 }, lock, OUTCOMES.refused],
    ["keys", { keys: 2 }, MINE, OUTCOMES.invalid],
    ["watches", { watches: 2 }, watch, OUTCOMES.done],
    ["watches", { watches: 2 }, guard, OUTCOMES.done],
    ["calls", { calls: 2 }, call, OUTCOMES.done],
    ["calls", { calls: 2 }, place, OUTCOMES.done],
  ];
  for (const [name, limits, operation, ends] of bounds) {
    it(`bounds ${name}: ${operation.type}`, () => {
      const used = usage(limits);
      const counted = [1, 2].map((number) => {
        assertEquals(refusal(used, operation), null);
        const register = `${"register" in operation ? operation.register : ""}${number}`;
        return used.count(number, { ...operation, register } as GuestOperation);
      });
      assertEquals(refusal(used, operation), `A guest may have 2 ${name} at this member`);
      assertEquals(refusal(used, read), null);
      counted[0](ends);
      assertEquals(refusal(used, operation), null);
    });
  }

  it("bounds operations under way, and operations and bytes in a second", () => {
    const used = usage({ operations: 3, operationsPerSecond: 1, bytesPerSecond: 100 });
    assertEquals(refusal(used, read, 2), null);
    assertEquals(refusal(used, read, 3), "A guest may have 3 operations at this member");
    assertEquals(refusal(used, read), null);
    assertEquals(refusal(used, read), "A guest may have 1 operations a second at this member");
    assertEquals([used.frame(200, 0)?.code, used.frame(1, 0)?.code], [undefined, "queue_full"]);
  });

  it("a lock counts until it is released or certainly not there", () => {
    for (
      const [outcome, isFree] of [[OUTCOMES.granted, false], [null, false], [
        OUTCOMES.lost,
        true,
      ]] as const
    ) {
      const used = usage({ locks: 1 });
      used.count(7, lock)(outcome);
      assertEquals(refusal(used, lock) === null, isFree, outcome?.type);
    }
    const used = usage({ locks: 1 });
    used.count(unlock.request, lock)(OUTCOMES.granted);
    used.count(8, unlock)(null);
    assertEquals(refusal(used, lock) === null, false);
    used.count(9, unlock)(OUTCOMES.done);
    assertEquals(refusal(used, lock), null);
  });

  it("a key counts if it is bound to the guest, until it is released or another's", () => {
    const used = usage({ keys: 1 });
    used.count(1, OTHERS)(OUTCOMES.done);
    assertEquals(refusal(used, MINE), null);
    used.count(2, MINE)({ type: "agreed", token: 1, value: null });
    assertEquals(refusal(used, MINE), null, "the same key once more");
    const another = { ...MINE, register: `${MINE.register}2` };
    assertEquals(refusal(used, another), "A guest may have 1 keys at this member");
    used.count(3, release)(OUTCOMES.done);
    assertEquals(refusal(used, another), null);
    used.count(4, another)({ type: "agreed", token: 1, value: new Uint8Array(1) });
    assertEquals(refusal(used, MINE), null);
  });

  it("nothing of a session counts after its end", () => {
    const used = usage({ keys: 1, locks: 1 });
    used.count(1, { ...MINE, register: "another" });
    used.count(2, lock);
    used.count(3, end)(OUTCOMES.done);
    assertEquals([refusal(used, lock), refusal(used, MINE)], [null, null]);
  });
});
