import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { Learner } from "../../lib/paxos/learner.ts";
import type { Sender } from "../../lib/paxos/quorum.ts";
import { absent, ballot, value } from "./support/acceptor_script.ts";
import { showBallot, showState } from "./support/notation.ts";

const members = ["a", "b", "c"];

/** A sender with its incarnation and its crash vector. */
function sender(member: string, incarnation = "1", vector = "1 1 1"): Sender {
  return { member, incarnation, vector: vector.split(" ") };
}

/** The result of the learner when `member` has accepted `state` at `at`. */
function hear(
  learner: Learner,
  member: string | Sender,
  at: string,
  state = value(at, Number(at.slice(0, -1))),
  fast = false,
): string | undefined {
  const from = typeof member === "string" ? sender(member) : member;
  const learned = learner.receive(from, ballot(at), state, fast);
  return learned && `${showState(learned.state)} at ${showBallot(learned.ballot)}`;
}

describe("Learner (Paxos Made Simple, section 2.3)", () => {
  it("learns what a quorum accepted at one ballot", () => {
    const learner = new Learner(members);
    assertEquals(hear(learner, "a", "1p"), undefined);
    assertEquals(hear(learner, "c", "1p"), "1p@1 at 1p");
  });

  it("does not count the same state at two ballots together, nor one member twice", () => {
    const learner = new Learner(members);
    const state = value("x", 1);
    assertEquals(hear(learner, "a", "1p", state), undefined);
    assertEquals(hear(learner, "a", "1p", state), undefined);
    assertEquals(hear(learner, "b", "2q", state), undefined);
    assertEquals(hear(learner, "c", "2r", state), undefined);
    assertEquals(hear(learner, "a", "2q", state), "x@1 at 2q");
  });

  it("tells to whom the whole quorum has handed on the next ballot", () => {
    const heirs = ([["p", "p"], ["p", undefined], [undefined, "p"], ["q", "p"]] as const)
      .map(([first, second]) => {
        const learner = new Learner(members);
        learner.receive(sender("a"), ballot("1r"), value("x", 1), false, first);
        return learner.receive(sender("b"), ballot("1r"), value("x", 1), false, second)?.heir;
      });
    assertEquals(heirs, ["p", undefined, undefined, undefined]);
  });

  it("counts several ballots at the same time", () => {
    const learner = new Learner(members);
    assertEquals(hear(learner, "a", "1p"), undefined);
    assertEquals(hear(learner, "b", "2q"), undefined);
    assertEquals(hear(learner, "b", "1p"), "1p@1 at 1p");
    assertEquals(hear(learner, "c", "2q"), "2q@2 at 2q");
  });

  it("learns a tombstone like a value", () => {
    const learner = new Learner(members);
    hear(learner, "a", "3p", absent(3));
    assertEquals(hear(learner, "b", "3p", absent(3)), "absent@3 at 3p");
  });

  it("reports a chosen state once", () => {
    const learner = new Learner(members);
    hear(learner, "a", "1p");
    assertEquals(hear(learner, "b", "1p"), "1p@1 at 1p");
    assertEquals(hear(learner, "c", "1p"), undefined);
    assertEquals(hear(learner, "a", "1p"), undefined);
  });

  it("never goes back: a late quorum of a lower ballot changes nothing", () => {
    const learner = new Learner(members);
    hear(learner, "a", "1p");
    hear(learner, "a", "5q");
    assertEquals(hear(learner, "b", "5q"), "5q@5 at 5q");
    assertEquals(hear(learner, "b", "1p"), undefined);
    assertEquals(hear(learner, "c", "1p"), undefined);
    assertEquals(hear(learner, "c", "5p"), undefined);
    assertEquals(hear(learner, "b", "5p"), undefined);
    hear(learner, "a", "5r");
    assertEquals(hear(learner, "b", "5r"), "5r@5 at 5r");
  });

  it("never goes back below a ballot that it was told from elsewhere", () => {
    const learner = new Learner(members);
    hear(learner, "a", "3p");
    assertEquals(learner.learn(ballot("4q")), true);
    assertEquals(learner.learn(ballot("4q")), false);
    assertEquals(learner.learn(ballot("3z")), false);
    assertEquals([hear(learner, "b", "3p"), hear(learner, "c", "3p")], [undefined, undefined]);
    assertEquals([hear(learner, "b", "4q"), hear(learner, "c", "4q")], [undefined, undefined]);
    assertEquals([hear(learner, "b", "4r"), hear(learner, "c", "4r")], [undefined, "4r@4 at 4r"]);
  });

  it("continues to count ballots above that", () => {
    const learner = new Learner(members);
    hear(learner, "a", "9p");
    learner.learn(ballot("4q"));
    assertEquals(hear(learner, "b", "9p"), "9p@9 at 9p");
  });

  it("a quorum is crash-consistent: a vote from before a crash does not count with a sender that knows of the crash", () => {
    const learner = new Learner(members);
    hear(learner, sender("a", "1", "1 1 1"), "1p");
    assertEquals(hear(learner, sender("b", "1", "2 1 1"), "1p"), undefined);
    assertEquals(hear(learner, sender("c", "1", "1 1 1"), "1p"), "1p@1 at 1p");
    const other = new Learner(members);
    hear(other, sender("b", "1", "2 1 1"), "1p");
    assertEquals(hear(other, sender("a", "1", "1 1 1"), "1p"), undefined);
    assertEquals(hear(other, sender("a", "2", "2 1 1"), "1p"), "1p@1 at 1p");
  });

  it("does not count nodes that are not members", () => {
    const learner = new Learner(members);
    hear(learner, "a", "1p");
    assertEquals(hear(learner, "x", "1p"), undefined);
  });

  it("counts a bounded number of ballots, the highest ones", () => {
    const learner = new Learner(members);
    hear(learner, "a", "1p");
    for (let counter = 101; counter <= 108; counter++) hear(learner, "a", `${counter}p`);
    // 1p was dropped; if it were chosen, the members would report more than this.
    assertEquals(hear(learner, "b", "1p"), undefined);
    assertEquals(hear(learner, "b", "101p"), "101p@101 at 101p");
    assertEquals(hear(learner, "b", "108p"), "108p@108 at 108p");
    assertEquals(hear(learner, "b", "107p"), undefined);
  });

  it("in a cluster of one, one vote is a quorum, regardless of other votes", () => {
    const learner = new Learner(["a"]);
    assertEquals(hear(learner, sender("a", "1", "1"), "2p"), "2p@2 at 2p");
    assertEquals(hear(learner, sender("a", "1", "1"), "1p"), undefined);
  });
});

describe("Learner: votes of a fast round (section 3a)", () => {
  const x = value("x", 1);

  it("are enough if they are those of all members", () => {
    const learner = new Learner(members);
    assertEquals(hear(learner, "a", "1p", x, true), undefined);
    assertEquals(hear(learner, "b", "1p", x, true), undefined);
    assertEquals(hear(learner, "c", "1p", x, true), "x@1 at 1p");
  });

  it("are enough with a mark among those of a quorum", () => {
    const learner = new Learner(members);
    hear(learner, "a", "1p", x, true);
    assertEquals(hear(learner, "b", "1p", x, false), "x@1 at 1p");
    const other = new Learner(members);
    hear(other, "a", "1p", x, true);
    hear(other, "b", "1p", x, true);
    assertEquals(hear(other, "a", "1p", x, false), "x@1 at 1p");
  });

  it("count only if no member knows of the crash of another one since", () => {
    const learner = new Learner(members);
    hear(learner, "a", "1p", x, true);
    hear(learner, sender("b", "1", "2 1 1"), "1p", x, true);
    assertEquals(hear(learner, sender("c", "1", "2 1 1"), "1p", x, true), undefined);
  });
});
