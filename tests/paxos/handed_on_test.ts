import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LamportClock } from "../../lib/paxos/ballot.ts";
import { HandedOn } from "../../lib/paxos/handed_on.ts";
import type { Learned } from "../../lib/paxos/learner.ts";
import { accept, ballot, prepare, value } from "./support/acceptor_script.ts";

/** What a quorum has accepted at a ballot, and handed on to `heir`. */
const learned = (at: string, heir?: string): Learned => ({
  ballot: ballot(at),
  state: value("x", ballot(at).counter),
  heir,
});

describe("HandedOn (section 3)", () => {
  it("takes the promise of the next ballot once, and observes its counter", () => {
    const clock = new LamportClock();
    const handedOn = new HandedOn(0);
    const kept = handedOn.take(learned("4p", "q"), "q", clock);
    assertEquals([kept?.ballot, kept?.state], [ballot("5q"), value("x", 4)]);
    assertEquals(clock.counter, 5);
    assertEquals(handedOn.take(learned("4p", "q"), "q", clock), undefined);
  });

  it("takes no promise that was handed on to another life, or to none", () => {
    const handedOn = new HandedOn(0);
    const clock = new LamportClock();
    assertEquals(handedOn.take(learned("4p", "r"), "q", clock), undefined);
    assertEquals(handedOn.take(learned("4p"), "q", clock), undefined);
  });

  it("takes none whose counter this life has used for the register", () => {
    const clock = new LamportClock();
    const take = (handedOn: HandedOn) => handedOn.take(learned("4p", "q"), "q", clock);
    assertEquals(take(new HandedOn(5)), undefined);
    const state = value("y", 4);
    const fast = { type: "fast", register: "k1", ballot: ballot("4q"), state } as const;
    if (!state.present) return;
    const used = [
      prepare("5q"),
      accept("5q", state),
      accept("4q", state, "k1", true),
      accept("3q", state, "k1", false, 5),
      { ...fast, state },
    ];
    for (const request of used) {
      const handedOn = new HandedOn(0);
      handedOn.sends(request);
      assertEquals(take(handedOn), undefined);
    }
    const other = new HandedOn(0);
    other.sends({ ...accept("4q", state, "k1", true), heir: "r" } as typeof used[number]);
    assertEquals(take(other)?.ballot, ballot("5q"));
  });
});
