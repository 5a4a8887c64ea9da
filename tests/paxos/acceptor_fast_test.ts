// Runs in Deno alone: pure; the model has the fast round in all states.
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import type { Acceptor } from "../../lib/paxos/acceptor.ts";
import type { RegisterReply, RegisterRequest } from "../../lib/paxos/messages.ts";
import { CONFIGURATION, type Present } from "../../lib/paxos/register.ts";
import {
  absent,
  accept,
  asker,
  ballot,
  forget,
  makeAcceptor,
  prepare,
  read,
  value,
} from "./support/acceptor_script.ts";
import { showReply } from "./support/notation.ts";

const fast = (at: string, text = "x", register = "k1"): RegisterRequest => {
  const state = value(text, ballot(at).counter) as Present;
  return { type: "fast", register, ballot: ballot(at), state };
};

const chosen = (at: string): RegisterRequest => {
  return { type: "chosen", register: "k1", ballot: ballot(at) };
};

function replyOf(acceptor: Acceptor, request: RegisterRequest): RegisterReply | undefined {
  return acceptor.handle(request, asker, 0).reply;
}

function says(acceptor: Acceptor, request: RegisterRequest): string {
  const reply = replyOf(acceptor, request);
  if (reply?.type === "took") return `took ${reply.ballot.counter} over ${reply.over}`;
  return reply === undefined ? "nothing" : showReply(reply);
}

/** Whether it reports the vote of a fast round. */
function isFast(acceptor: Acceptor): boolean {
  const reply = replyOf(acceptor, read());
  return reply?.type === "current" && reply.accepted?.fast === true;
}

describe("Acceptor: fast (section 3a)", () => {
  it("takes the state of a register that was never written, over its floor, and promises the next ballot", () => {
    const acceptor = makeAcceptor({ floor: 4 });
    assertEquals(says(acceptor, fast("5p")), "took 5 over 4");
    assertEquals(says(acceptor, read()), "current, promised 6p, x@5 at 5p");
    assertEquals(isFast(acceptor), true);
    assertEquals(says(acceptor, prepare("6p")), "nack 6p");
    assertEquals(says(acceptor, accept("6p", value("y", 6))), "accepted 6p");
    assertEquals(isFast(acceptor), false);
  });

  it("takes nothing at or below its floor, whatever it has promised for the register", () => {
    const acceptor = makeAcceptor({ floor: 4 });
    says(acceptor, prepare("5q"));
    acceptor.raiseFloor(8);
    assertEquals(says(acceptor, fast("8p")), "promise 9p, none, floor 8");
    assertEquals(says(acceptor, fast("10p")), "took 10 over 8");
  });

  it("takes a second copy once more, as long as nothing has happened since", () => {
    const acceptor = makeAcceptor({ floor: 4 });
    says(acceptor, fast("5p"));
    says(acceptor, { ...prepare("9q"), register: "k2" } as RegisterRequest);
    acceptor.raiseFloor(8);
    assertEquals(says(acceptor, fast("5p")), "took 5 over 4");
    says(acceptor, prepare("7q"));
    assertEquals(says(acceptor, fast("5p")), "nack 7q");
  });

  it("prepares the next ballot if it has accepted or promised something", () => {
    const acceptor = makeAcceptor();
    says(acceptor, fast("5p"));
    assertEquals(says(acceptor, fast("7q", "y")), "promise 8q, x@5 at 5p");
    assertEquals(says(acceptor, fast("6p", "z")), "nack 8q");
    const promised = makeAcceptor();
    says(promised, prepare("5q"));
    assertEquals(says(promised, fast("5p")), "promise 6p, none");
    assertEquals(says(promised, fast("5p")), "nack 6p");
  });

  it("takes a state over a promise that is below it", () => {
    const acceptor = makeAcceptor({ floor: 2 });
    says(acceptor, prepare("5q"));
    assertEquals(says(acceptor, fast("6p")), "took 6 over 2");
  });

  it("takes nothing at or below its floor, over a tombstone, or in place of a copy", () => {
    const floor = makeAcceptor({ floor: 5 });
    assertEquals(says(floor, fast("5p")), "promise 6p, none, floor 5");
    assertEquals(says(makeAcceptor({ floor: 5 }), fast("4p")), "nack 5~");
    const released = makeAcceptor();
    says(released, accept("3q", absent(3)));
    assertEquals(says(released, fast("5p")), "promise 6p, absent@3 at 3q");
    const copied = makeAcceptor();
    const accepted = { ballot: ballot("5p"), state: value("x", 5), fast: true } as const;
    copied.adopt([{ register: "k1", promised: ballot("6p"), accepted }], 0, 0);
    assertEquals(says(copied, fast("5p")), "nack 6p");
    assertEquals(isFast(copied), true);
  });

  it("a doubled one does nothing after its register was forgotten", () => {
    const acceptor = makeAcceptor();
    says(acceptor, fast("5p"));
    says(acceptor, accept("6p", absent(6)));
    says(acceptor, forget("6p"));
    assertEquals(says(acceptor, fast("5p")), "nack 6~");
    assertEquals(acceptor.size, 0);
  });

  it("is never about the configuration", () => {
    const acceptor = makeAcceptor();
    assertEquals(says(acceptor, fast("5p", "x", CONFIGURATION)), "nothing");
    assertEquals(acceptor.size, 0);
  });

  it("needs room for a new register, and none for one that has an entry", () => {
    const acceptor = makeAcceptor({ maxKeys: 1 });
    says(acceptor, prepare("3q"));
    assertEquals(replyOf(acceptor, fast("5p", "x", "k2"))?.type, "full");
    assertEquals(says(acceptor, fast("5p")), "took 5 over 0");
  });

  it("needs room for its bytes, also where something was promised, which it then uses", () => {
    const acceptor = makeAcceptor({ maxBytes: 10_000 });
    const long = "x".repeat(10_000);
    for (const register of ["k1", "k2", "k3"]) {
      replyOf(acceptor, { type: "prepare", register, ballot: ballot("3q") });
    }
    // What is reserved for the register itself is for what is accepted next.
    replyOf(acceptor, { type: "prepare", register: "k1", ballot: ballot("4q"), grows: 20_000 });
    assertEquals(replyOf(acceptor, fast("5p", long, "k2"))?.type, "full");
    assertEquals(says(acceptor, fast("5p", long, "k1")), "took 5 over 0");
    assertEquals(replyOf(acceptor, fast("5p", long, "k3"))?.type, "full");
    // The promises stand, as does the room of what is held.
    assertEquals(acceptor.isFull("k4", null), true);
    const late = { ...accept("3q", value("y", 3)), register: "k3" } as RegisterRequest;
    assertEquals(says(acceptor, late), "accepted 3q");
  });

  it("is pushed to those who watch, and its mark as well", () => {
    const acceptor = makeAcceptor();
    acceptor.handle({ type: "watch", register: "k1" }, asker, 0);
    const pushed = (request: RegisterRequest) =>
      acceptor.handle(request, asker, 0).pushes.map(({ reply }) =>
        reply.type === "learned" && `${showReply(reply)}${reply.fast ? " fast" : ""}`
      );
    assertEquals(pushed(fast("5p")), ["learned 5p x@5 fast"]);
    assertEquals(pushed(fast("5p")), []);
    assertEquals(pushed(chosen("5p")), ["learned 5p x@5"]);
    assertEquals(pushed(chosen("5p")), []);
  });
});

describe("Acceptor: chosen (section 3a)", () => {
  it("marks the vote of exactly that ballot", () => {
    const acceptor = makeAcceptor();
    says(acceptor, fast("5p"));
    for (const other of ["4p", "6p", "5q"]) says(acceptor, chosen(other));
    assertEquals(isFast(acceptor), true);
    assertEquals(says(acceptor, chosen("5p")), "nothing");
    assertEquals(isFast(acceptor), false);
    assertEquals(says(acceptor, read()), "current, promised 6p, x@5 at 5p");
  });

  it("leaves a copy a copy, and is not pushed then", () => {
    const acceptor = makeAcceptor();
    const accepted = { ballot: ballot("5p"), state: value("x", 5), fast: true } as const;
    acceptor.adopt([{ register: "k1", promised: ballot("6p"), accepted }], 0, 0);
    acceptor.handle({ type: "watch", register: "k1" }, asker, 0);
    assertEquals(acceptor.handle(chosen("5p"), asker, 0).pushes, []);
    assertEquals(says(acceptor, read()), "current, promised 6p, x@5 at 5p, copied");
    assertEquals(isFast(acceptor), false);
  });

  it("tells of a change that a disk has to keep", () => {
    const acceptor = makeAcceptor();
    const changed: string[] = [];
    acceptor.onChange((register) => changed.push(register));
    says(acceptor, fast("5p"));
    says(acceptor, chosen("4p"));
    says(acceptor, chosen("5p"));
    assertEquals(changed, ["k1", "k1"]);
    assertEquals(acceptor.stored("k1")?.accepted?.fast, undefined);
  });

  it("says nothing of a register that it does not hold", () => {
    const acceptor = makeAcceptor();
    assertEquals([says(acceptor, chosen("5p")), acceptor.size], ["nothing", 0]);
  });
});
