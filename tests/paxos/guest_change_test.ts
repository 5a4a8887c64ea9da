import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { LamportClock } from "../../lib/paxos/ballot.ts";
import { beginFor, guestChange, serves, TicketExpired } from "../../lib/paxos/guest_change.ts";
import { putChange } from "../../lib/paxos/kv_register.ts";
import type { CurrentState } from "../../lib/paxos/change.ts";

const BALLOT = { counter: 9, life: "a" };
const NOTHING: CurrentState = { state: null, token: 0, ballot: BALLOT };

describe("an operation of a guest (section 13)", () => {
  it("is proposed above its since", () => {
    const clock = new LamportClock();
    assertEquals(beginFor(clock, { since: 41, again: false }), undefined);
    assertEquals(clock.next(), 42);
  });

  it("that is sent again may have been accepted at any counter above its since", () => {
    const clock = new LamportClock();
    const firstAccept = beginFor(clock, { since: 41, again: true });
    const put = {
      op: "~g/life/1",
      value: new Uint8Array(0),
      bindings: [{ kind: "until", time: 1 }] as const,
      owners: [],
      endedByOthers: true,
      firstAccept,
    };
    const change = putChange(put, new Set(), () => true);
    const seen = (token: number) => change({ ...NOTHING, token }).result.kind;
    assertEquals([seen(41), seen(42), seen(43)], ["written", "unknown", "unknown"]);
  });

  it("takes no kept promise that is not above its since", () => {
    assertEquals([serves(41, { since: 41 }), serves(42, { since: 41 })], [false, true]);
  });

  it("changes nothing on a ticket that is too old", () => {
    let isOpen = true;
    const decision = { draft: null, result: 7 };
    const origin = { since: 0, again: false, isOpen: () => isOpen };
    const change = guestChange(() => decision, origin);
    assertEquals(change(NOTHING), decision);
    isOpen = false;
    assertThrows(() => change(NOTHING), TicketExpired);
  });
});
