// Runs in Deno alone: pure. The model goes through its runs: see tests/model/heirs.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LamportClock } from "../../lib/paxos/ballot.ts";
import { SMALL_GROWTH } from "../../lib/paxos/growth.ts";
import { Inheritance } from "../../lib/paxos/inheritance.ts";
import type { RegisterRequest } from "../../lib/paxos/messages.ts";
import { ballot, value } from "./support/acceptor_script.ts";
import { acceptRequest } from "../support/accept_request.ts";

/** What is handed to life p with what was chosen at `at`. */
function handed(inheritance: Inheritance, at: string, heir?: string, life = "p") {
  const state = value("x", Number(at.slice(0, -1)));
  return inheritance.take({ ballot: ballot(at), state, heir }, life)?.ballot;
}

/** An inheritance of life p, whose clock was at 4 when it began. */
function start() {
  const clock = new LamportClock();
  clock.observe(4);
  return { clock, inheritance: new Inheritance(clock) };
}

const accept = (at: string, more: Partial<RegisterRequest & { type: "accept" }>) => ({
  ...acceptRequest("k", ballot(at), value("y", 1)),
  ...more,
});

describe("Inheritance (section 3)", () => {
  it("is the next ballot in the name of the present life, once", () => {
    const { clock, inheritance } = start();
    assertEquals(inheritance.hasTaken, false);
    assertEquals(handed(inheritance, "7q", "p"), ballot("8p"));
    assertEquals([clock.counter, inheritance.hasTaken], [8, true]);
    assertEquals(handed(inheritance, "7q", "p"), undefined);
  });

  it("is over with a state that another life wrote and did not hand on", () => {
    const { inheritance } = start();
    handed(inheritance, "7q", "p");
    handed(inheritance, "8p");
    handed(inheritance, "9p", "q");
    assertEquals(inheritance.hasTaken, true);
    handed(inheritance, "12q");
    assertEquals(inheritance.hasTaken, false);
  });

  it("is nothing of another life, of a quorum that names none, and of no state", () => {
    const { inheritance } = start();
    assertEquals(handed(inheritance, "7q", "q"), undefined);
    assertEquals(handed(inheritance, "7q"), undefined);
    assertEquals(handed(inheritance, "7q", "p", "r"), undefined);
    assertEquals(
      inheritance.take({ ballot: ballot("7q"), state: null, heir: "p" }, "p"),
      undefined,
    );
  });

  it("leaves the room that the promises before it have left, without a `prepare` between them", () => {
    const { inheritance } = start();
    const roomAt = (at: string, bytes: number, heir?: string) => {
      const state = { ...value("x", Number(at.slice(0, -1))), value: new Uint8Array(bytes) };
      return inheritance.take({ ballot: ballot(at), state, heir }, "p")?.room;
    };
    assertEquals(roomAt("7q", 1_000, "p"), SMALL_GROWTH);
    assertEquals(roomAt("8p", 2_000, "q"), undefined);
    assertEquals(roomAt("9q", 3_000, "p"), SMALL_GROWTH - 2_000);
    // Also on promises that their proposer has kept itself, and with what shrinks it again.
    assertEquals(roomAt("10p", 4_500), undefined);
    assertEquals(roomAt("11p", 4_000, "q"), undefined);
    assertEquals(roomAt("12q", 4_000, "p"), SMALL_GROWTH - 3_000);
    assertEquals(roomAt("13p", 100, "q"), undefined);
    assertEquals(roomAt("14q", 200, "p"), SMALL_GROWTH - 100);
    // What was prepared and grows has asked for its own, and a release has not.
    assertEquals(roomAt("17q", 9_000, "p"), SMALL_GROWTH);
    assertEquals(roomAt("18p", 11_000, "q"), undefined);
    assertEquals(roomAt("22q", 10_900, "p"), SMALL_GROWTH - 1_900);
  });

  it("is no ballot that was at or below the clock when it began", () => {
    assertEquals(handed(start().inheritance, "3q", "p"), undefined);
    assertEquals(handed(start().inheritance, "4q", "p"), ballot("5p"));
  });

  for (
    const [what, request, used] of [
      ["a prepare", { type: "prepare", register: "k", ballot: ballot("8p") }, 8],
      ["an accept", accept("8p", {}), 8],
      ["an accept that asks for the next ballot", accept("8p", { next: true }), 9],
      ["an accept that hands the next ballot on", accept("8p", { next: true, heir: "q" }), 8],
      ["an accept with a fallback", accept("8p", { fallback: 11 }), 11],
      [
        "a fast round",
        { type: "fast", register: "k", ballot: ballot("8p"), state: value("y", 8) },
        9,
      ],
      ["a read", { type: "read", register: "k" }, 4],
    ] as [string, RegisterRequest, number][]
  ) {
    it(`is no ballot that ${what} of this life has used`, () => {
      const one = start().inheritance;
      one.sends(request);
      assertEquals(handed(one, `${used - 1}q`, "p"), undefined);
      assertEquals(handed(one, `${used}q`, "p"), ballot(`${used + 1}p`));
    });
  }
});
