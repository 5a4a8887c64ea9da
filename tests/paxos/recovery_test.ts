import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { PIECE_ENTRIES } from "../../lib/paxos/pieces.ts";
import {
  admitted,
  type Configuration,
  firstConfiguration,
  joinedBy,
  settledOf,
  undone,
  withoutMember,
} from "../../lib/paxos/configuration.ts";
import { Incarnations } from "../../lib/paxos/incarnations.ts";
import { emptyPiece } from "../../lib/paxos/empty_piece.ts";
import type { Header, Reply } from "../../lib/paxos/messages.ts";
import { help } from "../../lib/paxos/recovery.ts";
import { absent, accept, ballot, forget, prepare, value } from "./support/acceptor_script.ts";
import { Comeback } from "./support/comeback.ts";
import { showBallot, showState } from "./support/notation.ts";

/** The recovered registers by name: promise and accepted state. */
function registers(comeback: Comeback): Record<string, string> {
  const entries = comeback.memory!.registers.map(({ register, promised, accepted }) => {
    const has = accepted
      ? `${showState(accepted.state)} at ${showBallot(accepted.ballot)}`
      : "none";
    return [register, `promised ${showBallot(promised)}, ${has}`];
  });
  return Object.fromEntries(entries.sort());
}

/** Asks for the incarnation, and all members answer. */
function announced(comeback: Comeback, others = ["b", "c"]): Comeback {
  comeback.tick().ask(...others);
  comeback.trace.length = 0;
  return comeback;
}

describe("Recovery (Michael et al., section 4): step 1, the incarnation", () => {
  it("asks all others; continues with a majority of all members, without itself", () => {
    const comeback = new Comeback("a", "2").tick();
    comeback.ask("b", "c").send("b");
    comeback.expect(`
      a>b incarnation
      b>a known 1
      a>c incarnation
      c>a known 1
      a>b transfer "" of 2
    `);
  });

  it("needs three of the four others in a cluster of five, each counted once", () => {
    const comeback = new Comeback("a", "2", ["a", "b", "c", "d", "e"]).tick();
    comeback.ask("b", "b", "c");
    assertEquals(comeback.recovery.tick().map(({ request }) => request.type), [
      "incarnation",
      "incarnation",
    ]);
    comeback.ask("e");
    assertEquals(comeback.recovery.tick().map(({ request }) => request.type), [
      "transfer",
      "transfer",
      "transfer",
      "transfer",
    ]);
  });

  it("of an even number it needs as many others as a majority of all: three of four, four of six members", () => {
    const comeback = new Comeback("a", "2", ["a", "b", "c", "d"]).tick().ask("b", "c");
    const asked = comeback.recovery.tick().map(({ to, request }) => `${request.type} ${to}`);
    assertEquals(asked, ["incarnation d"]);
    comeback.ask("d").ask("b", "c");
    assertEquals(comeback.memory, undefined);
    comeback.ask("d");
    assertEquals(comeback.memory?.incarnation, "2");
    const six = new Comeback("a", "2", ["a", "b", "c", "d", "e", "f"]).tick();
    six.ask("b", "c", "d", "e").ask("b", "c", "f");
    assertEquals(six.memory, undefined);
    six.ask("d");
    assertEquals(six.memory?.incarnation, "2");
  });

  it("of two members it needs the other one", () => {
    const two = new Comeback("a", "2", ["a", "b"]).tick().ask("b", "b");
    assertEquals(two.memory?.incarnation, "2");
  });

  it("announces nothing while it is another member's turn, and asks nothing again meanwhile", () => {
    const comeback = new Comeback("a", "2").tick();
    comeback.isItsTurn = false;
    comeback.ask("b", "c");
    assertEquals([comeback.recovery.isWaiting, comeback.recovery.tick()], [true, []]);
    comeback.isItsTurn = true;
    const asked = comeback.recovery.tick().map(({ to, request }) => `${request.type} ${to}`);
    assertEquals(asked, ["transfer b", "transfer c"]);
    assertEquals(comeback.recovery.isWaiting, false);
  });

  it("once announced, it continues in any member's turn", () => {
    const comeback = announced(new Comeback("a", "2"));
    comeback.isItsTurn = false;
    comeback.recovery.restart();
    comeback.tick().ask("b", "c").ask("b", "c");
    assertEquals(comeback.memory?.incarnation, "2");
  });

  it("the highest of the answers counts, in any order and from any member", () => {
    for (const order of [["b", "c"], ["c", "b"]]) {
      const comeback = new Comeback("a", "2").raise("b", "a", "5").raise("c", "a", "3");
      comeback.tick().ask(...order);
      assertEquals(comeback.trace.at(-1), "a! changeLife as 5+");
    }
  });

  it("an incarnation that is not below its own life: it takes a life just above the highest", () => {
    for (const highest of ["2", "3"]) {
      const comeback = new Comeback("a", "2").raise("b", "a", highest).tick();
      comeback.ask("c", "b");
      comeback.expect(`
        a>c incarnation
        c>a known 1
        a>b incarnation
        b>a known ${highest}
        a! changeLife as ${highest}+
      `);
      comeback.tick().send("b");
      assertEquals(comeback.vector("b"), `${highest}+ 1 1`);
    }
  });

  it("its own announcement, found again after a restart of the recovery, is no reason for another life", () => {
    const comeback = announced(new Comeback("a", "2")).send("b", "c").lose("b", "c");
    comeback.recovery.restart();
    comeback.tick();
    comeback.trace.length = 0;
    comeback.ask("b", "c").send("b");
    comeback.expect(`
      a>b incarnation
      b>a known 2
      a>c incarnation
      c>a known 2
      a>b transfer "" of 2
    `);
  });

  it("the quorum is crash-consistent", () => {
    const comeback = new Comeback("a", "2").tick().send("b").replace("b", "5");
    comeback.raise("c", "b", "5").ask("c").hear("b");
    // b's answer is from before its crash: b may have forgotten a's incarnation.
    assertEquals(comeback.recovery.tick().map(({ to, request }) => `${to} ${request.type}`), [
      "b incarnation",
    ]);
  });

  it("takes only answers that echo its number, of voting members of its genesis", () => {
    const comeback = new Comeback("a", "2").tick();
    const { request } = comeback.recovery.tick()[0];
    const header = { life: "1", clock: 0, epoch: 0, genesis: "g", incarnation: "1" } as const;
    // It knows no incarnations, so the answers are not dropped only for their age.
    const vector = ["", "", ""];
    const known = { id: request.id, type: "known", incarnation: "1" } as const;
    comeback.receive("b", { ...header, vector }, known);
    comeback.receive("c", { ...header, vector }, { ...known, id: request.id + 1 });
    comeback.receive("c", { ...header, vector, genesis: "other" }, known);
    comeback.receive("c", { ...header, vector, genesis: null }, known);
    comeback.receive("c", { ...header, vector, incarnation: null }, known);
    comeback.receive("c", { ...header, vector: [] }, known);
    comeback.receive("x", { ...header, vector }, known);
    // Its own would need a later life than it has.
    comeback.receive("a", { ...header, vector }, { ...known, incarnation: "7" });
    assertEquals(comeback.recovery.tick()[0].request.type, "incarnation");
    comeback.receive("c", { ...header, vector }, known);
    assertEquals(comeback.trace.filter((line) => line.includes("!")), []);
    assertEquals(comeback.recovery.tick()[0].request.type, "transfer");
  });
});

describe("Recovery: step 2, the announcement", () => {
  it("each member raises its vector's entry before it sends any of its state", () => {
    const comeback = announced(new Comeback("a", "2"));
    comeback.handle("b", accept("1p", value("x", 1), "k1"));
    assertEquals(comeback.vector("b"), "1 1 1");
    comeback.send("b");
    assertEquals(comeback.vector("b"), "2 1 1");
    comeback.hear("b").ask("c");
    assertEquals(comeback.known, ["2", "1", "1"]);
  });

  it("help() raises the vector first of all, and never lowers it", () => {
    const comeback = new Comeback("a", "2").raise("b", "a", "3");
    const steps: string[] = [];
    const voter = comeback.voter("b");
    const { configuration } = comeback;
    const incarnations = new Incarnations();
    incarnations.follow(configuration);
    const raise = incarnations.raise.bind(incarnations);
    incarnations.raise = (id, incarnation) => {
      steps.push("raise");
      return raise(id, incarnation);
    };
    const { acceptor } = voter;
    const copy = acceptor.copy.bind(acceptor);
    acceptor.copy = (after) => {
      steps.push("copy");
      return copy(after);
    };
    const helper = { voter, configuration, incarnations };
    const header = { life: "2", clock: 0, genesis: "g", epoch: 0, incarnation: null, vector: [] };
    const transfer = {
      type: "transfer",
      members: comeback.members,
      announcement: 1,
      incarnation: "2",
      after: "",
    } as const;
    help(helper, "a", header, transfer, 0, () => null);
    assertEquals(steps, ["raise", "copy"]);
    comeback.tick().ask("c", "b");
    assertEquals(comeback.vector("b"), "3 1 1");
  });

  it("help() does not answer a stranger, in another epoch, or another life's announcement", () => {
    const comeback = new Comeback("a", "2");
    const { configuration } = comeback;
    const incarnations = new Incarnations();
    incarnations.follow(configuration);
    const helper = { voter: comeback.voter("b"), configuration, incarnations };
    const header = { life: "2", clock: 0, genesis: "g", epoch: 0, incarnation: null, vector: [] };
    const transfer = {
      type: "transfer",
      members: comeback.members,
      announcement: 1,
      incarnation: "2",
      after: "",
    } as const;
    const older = { ...helper, configuration: { ...configuration, epoch: 1 } };
    assertEquals(help(helper, "x", header, transfer, 0, () => null), undefined);
    assertEquals(help(older, "a", header, transfer, 0, () => null), undefined);
    assertEquals(
      help(helper, "a", header, { ...transfer, incarnation: "9" }, 0, () => null),
      undefined,
    );
    assertEquals(incarnations.entries, ["1", "1", "1"]);
    assertEquals(help(helper, "a", header, transfer, 0, () => null)?.type, "piece");
  });

  it("the state arrives in pieces, each read at its request, the fenced set and the floor last", () => {
    const comeback = announced(new Comeback("a", "2"));
    const name = (i: number) => `k${String(i).padStart(5, "0")}`;
    for (let i = 0; i <= PIECE_ENTRIES; i++) {
      comeback.handle("b", accept("1p", value("x", 1), name(i)));
    }
    comeback.ask("b");
    // Changes between two pieces are in the second: a session that is fenced, a register that is dropped.
    comeback.voter("b").sessions.end("n/1/1", 0);
    comeback.handle("b", accept("9p", absent(9), name(0))).handle("b", forget("9p", name(0)));
    comeback.ask("b", "c");
    comeback.expect(`
      a>b transfer "" of 2
      b>a piece ${name(0)}…${name(PIECE_ENTRIES - 1)} and more
      a>b transfer "${name(PIECE_ENTRIES - 1)}" of 2
      b>a piece ${name(PIECE_ENTRIES)} last
      a>c transfer "" of 2
      c>a piece - last
      a! recovered as 2
    `);
    assertEquals(comeback.memory?.floor, 9);
    assertEquals([comeback.memory?.fenced, comeback.memory?.ended], [[], ["n/1/1"]]);
    assertEquals(comeback.memory?.registers.length, PIECE_ENTRIES + 1);
  });

  it("a piece is taken once, and only as a reply to its own request", () => {
    const comeback = announced(new Comeback("a", "2"));
    comeback.handle("b", accept("1p", value("x", 1), "k1"));
    comeback.send("b", "b").hear("b", "b");
    assertEquals(comeback.memory, undefined);
    comeback.ask("c");
    assertEquals(Object.keys(registers(comeback)), ["k1"]);
  });

  it("the second copy of a piece does not move the position back", () => {
    const comeback = announced(new Comeback("a", "2"));
    for (let i = 0; i <= PIECE_ENTRIES; i++) {
      comeback.handle("b", accept("1p", value("x", 1), `k${String(i).padStart(5, "0")}`));
    }
    const asked = () => comeback.recovery.tick().find(({ to }) => to === "b")?.request;
    comeback.send("b", "b").hear("b");
    const second = asked();
    assert(second?.type === "transfer" && second.after !== "");
    comeback.hear("b");
    assertEquals(asked(), second);
  });

  it("pieces of two incarnations do not make one copy: another incarnation begins with the first piece", () => {
    const comeback = announced(new Comeback("a", "2"));
    for (let i = 0; i <= PIECE_ENTRIES; i++) {
      comeback.handle("b", accept("1p", value("x", 1), `k${String(i).padStart(5, "0")}`));
    }
    comeback.ask("b").replace("b", "5").handle("b", accept("2p", value("y", 2), "k9"));
    comeback.trace.length = 0;
    comeback.ask("b", "b", "c");
    comeback.expect(`
      a>b transfer "k00999" of 2
      b>a piece k9 last
      a>b transfer "" of 2
      b>a piece k9 last
      a>c transfer "" of 2
      c>a piece - last
      a! recovered as 2
    `);
    assertEquals(Object.keys(registers(comeback)), ["k9"]);
  });
});

describe("Recovery: step 3, the recovered memory", () => {
  it("needs complete states from as many others as a majority of all", () => {
    const comeback = announced(new Comeback("a", "2")).ask("b", "c");
    comeback.expect(`
      a>b transfer "" of 2
      b>a piece - last
      a>c transfer "" of 2
      c>a piece - last
      a! recovered as 2
    `);
    const five = new Comeback("a", "2", ["a", "b", "c", "d", "e"]).tick().ask("b", "c", "d");
    five.ask("b", "c");
    assertEquals(five.memory, undefined);
    five.ask("e");
    assertEquals(five.memory?.incarnation, "2");
  });

  it("the quorum of states is crash-consistent: a member that crashed since its last piece is asked again", () => {
    const comeback = announced(new Comeback("a", "2"));
    comeback.handle("b", accept("1p", value("x", 1), "k1"));
    comeback.ask("b").replace("b", "5").raise("c", "b", "5").ask("c");
    assertEquals(comeback.memory, undefined);
    comeback.tick().ask("b");
    assertEquals([comeback.memory?.registers, comeback.known], [[], ["2", "5", "1"]]);
  });

  it("the vector of a state is that read with its last piece", () => {
    const comeback = announced(new Comeback("a", "2"));
    comeback.ask("b").send("c");
    // When c read it, c knew of b's crash, regardless of the rest of the frame.
    const [{ request }] = comeback.recovery.tick().filter(({ to }) => to === "c");
    if (request.type !== "transfer") throw new Error("not asked for its state");
    const header = { life: "1", clock: 0, epoch: 0, genesis: "g", incarnation: "1" } as const;
    const last = {
      fenced: [],
      ended: [],
      over: [],
      floor: 0,
      vector: ["2", "5", "1"],
      wait: 0,
      former: [],
    };
    const { id, announcement } = request;
    const piece = { id, type: "piece", announcement, registers: [], last } as const;
    comeback.receive("c", { ...header, vector: ["2", "1", "1"] }, piece);
    assertEquals(comeback.memory, undefined);
    assertEquals(comeback.recovery.tick().map(({ to }) => to), ["b"]);
  });

  it("per register the highest promise and the accepted state with the highest ballot", () => {
    const comeback = announced(new Comeback("a", "2"));
    comeback.handle("b", accept("1p", value("x", 1), "k1")).handle("b", prepare("9q", "k1"));
    comeback.handle("c", accept("4p", value("y", 4), "k1"));
    comeback.handle("b", accept("5p", value("z", 5), "k2")).handle("c", prepare("3p", "k2"));
    comeback.handle("b", prepare("3p", "k3")).handle("c", prepare("7p", "k3"));
    comeback.ask("b", "c");
    assertEquals(registers(comeback), {
      k1: "promised 9q, y@4 at 4p",
      k2: "promised 5p, z@5 at 5p",
      k3: "promised 7p, none",
    });
  });

  it("the result is independent of the order of the states", () => {
    const found = [["b", "c"], ["c", "b"]].map((order) => {
      const comeback = announced(new Comeback("a", "2"));
      comeback.handle("b", accept("1p", value("x", 1), "k1")).handle("b", prepare("9q", "k1"));
      comeback.handle("c", accept("4p", value("y", 4), "k1"));
      comeback.handle("c", accept("9p", absent(9), "k2")).handle("c", forget("9p", "k2"));
      comeback.handle("b", accept("3p", value("z", 3), "k3"));
      return registers(comeback.ask(...order));
    });
    assertEquals(found[0], found[1]);
    assertEquals(found[0], { k1: "promised 9q, y@4 at 4p", k3: "promised 9~, z@3 at 3p" });
  });

  it("the floor of a sender without an entry for a register counts as its promise", () => {
    const comeback = announced(new Comeback("a", "2"));
    comeback.handle("b", accept("3p", value("x", 3), "k1"));
    comeback.handle("c", accept("8p", absent(8), "k2")).handle("c", forget("8p", "k2"));
    comeback.ask("b", "c");
    assertEquals(registers(comeback), { k1: "promised 8~, x@3 at 3p" });
    // A lower floor changes nothing.
    const other = announced(new Comeback("a", "2"));
    other.handle("b", accept("9p", value("x", 9), "k1"));
    other.handle("c", accept("8p", absent(8), "k2")).handle("c", forget("8p", "k2"));
    other.ask("b", "c");
    assertEquals(registers(other), { k1: "promised 9p, x@9 at 9p" });
  });

  it("the highest floor, the union of the fenced sets, the longest wait, the highest of each vector", () => {
    const comeback = announced(new Comeback("a", "2"));
    for (const [member, floor] of [["b", "7"], ["c", "4"]]) {
      comeback.handle(member, accept(`${floor}p`, absent(Number(floor)), "k1"));
      comeback.handle(member, forget(`${floor}p`, "k1"));
    }
    for (const session of ["n/1/1", "m/1/1"]) comeback.voter("b").sessions.fence(session, 0);
    for (const session of ["m/1/1", "o/1/1"]) comeback.voter("c").sessions.fence(session, 0);
    for (const session of ["p/1/1", "q/1/1"]) comeback.voter("b").sessions.end(session, 0);
    for (const session of ["q/1/1", "r/1/1"]) comeback.voter("c").sessions.end(session, 0);
    for (const life of ["s", "t"]) comeback.voter("b").sessions.over(life, 0);
    for (const life of ["t", "u"]) comeback.voter("c").sessions.over(life, 0);
    comeback.voter("b").sessions.grantFrom(300);
    comeback.voter("c").sessions.grantFrom(900);
    comeback.now = 100;
    comeback.ask("b", "c");
    const { floor, fenced, ended, over, wait, known } = comeback.memory!;
    assertEquals({
      floor,
      fenced: fenced.toSorted(),
      ended: ended.toSorted(),
      over: over.toSorted(),
      wait,
      known,
    }, {
      ended: ["p/1/1", "q/1/1", "r/1/1"],
      over: ["s", "t", "u"],
      floor: 7,
      fenced: ["m/1/1", "n/1/1", "o/1/1"],
      wait: 800,
      known: [["a", "2"], ["b", "1"], ["c", "1"]],
    });
  });

  it("the highest of each entry of the vectors, from any sender", () => {
    for (const order of [["b", "c", "d"], ["d", "c", "b"]]) {
      // Its state is the last one of them.
      const comeback = new Comeback("a", "2", ["a", "b", "c", "d", "e"]).raise("d", "e", "3");
      announced(comeback, ["b", "c", "d"]).ask(...order);
      assertEquals(comeback.known, ["2", "1", "1", "1", "3"]);
    }
  });

  it("a state that was chosen before the crash, even with its own vote, is recovered", () => {
    // x was accepted by a and one other member: that one is among those that give their state.
    for (const other of ["b", "c"]) {
      const comeback = announced(new Comeback("a", "2"));
      comeback.handle(other, accept("1p", value("x", 1), "k1"));
      comeback.ask("b", "c");
      assertEquals(registers(comeback), { k1: "promised 1p, x@1 at 1p" });
    }
  });

  it("restart() drops all answers so far, and begins again with new numbers", () => {
    const comeback = announced(new Comeback("a", "2"));
    comeback.send("b", "c").hear("b");
    comeback.recovery.restart();
    comeback.hear("c");
    assertEquals(comeback.memory, undefined);
    const asked = comeback.recovery.tick();
    assertEquals(asked.map(({ to, request }) => `${to} ${request.type}`), [
      "b incarnation",
      "c incarnation",
    ]);
    comeback.tick().ask("b", "c").ask("c");
    assertEquals(comeback.memory, undefined); // b's state of before does not count
    comeback.ask("b");
    assertEquals(comeback.memory?.incarnation, "2");
  });

  it("restart() drops the pieces of an incomplete state", () => {
    const comeback = announced(new Comeback("a", "2"));
    for (let i = 0; i <= PIECE_ENTRIES; i++) {
      comeback.handle("b", accept("1p", value("x", 1), `k${String(i).padStart(5, "0")}`));
    }
    comeback.ask("b");
    comeback.recovery.restart();
    comeback.tick().ask("b", "c");
    comeback.trace.length = 0;
    comeback.send("b");
    comeback.expect(`a>b transfer "" of 2`);
  });

  it("pieces that answer an earlier announcement do not count", () => {
    const comeback = announced(new Comeback("a", "2"));
    comeback.send("b", "c");
    comeback.recovery.restart();
    comeback.tick().send("b", "c").hear("b", "c", "b", "c"); // late pieces, then incarnations
    const pieces = comeback.recovery.tick();
    assert(pieces.every(({ request }) => request.type === "transfer"));
    const header = { life: "1", clock: 0, epoch: 0, genesis: "g", incarnation: "1" } as const;
    const last = {
      fenced: [],
      ended: [],
      over: [],
      floor: 0,
      vector: ["2", "1", "1"],
      wait: 0,
      former: [],
    };
    for (const { to, request } of pieces) {
      const stale = { type: "piece", announcement: 1, registers: [], last } as const;
      const reply = { id: request.id, ...stale };
      comeback.receive(to, { ...header, vector: ["2", "1", "1"] }, reply);
    }
    assertEquals(comeback.memory, undefined);
  });
});

describe("Recovery: step 4, another process has taken its place", () => {
  it("a vector that names a higher incarnation of itself than its own means that it is replaced", () => {
    const comeback = announced(new Comeback("a", "2")).raise("b", "a", "3").ask("b");
    comeback.expect(`
      a>b transfer "" of 2
      b>a piece - last
      a! replaced
    `);
    assertEquals(comeback.memory, undefined);
  });
});

describe("Recovery: ballots of floors", () => {
  it("a promise taken from a floor refuses the same ballots as that floor", () => {
    const comeback = announced(new Comeback("a", "2"));
    comeback.handle("b", prepare("3p", "k1"));
    comeback.handle("c", accept("8p", absent(8), "k2")).handle("c", forget("8p", "k2"));
    comeback.ask("b", "c");
    assertEquals(comeback.memory?.registers, [
      { register: "k1", promised: ballot("8~"), accepted: null },
    ]);
  });
});

describe("Recovery while the members change (section 11)", () => {
  const first = (...members: string[]) => firstConfiguration(members, members.map(() => "1"));
  const d = { id: "d", life: "1" };

  it("needs enough members of the list before, too; the removed one helps", () => {
    const less = withoutMember(first("a", "b", "c"), "c");
    const comeback = new Comeback("a", "2", ["a", "b", "c"], less).tick().ask("b");
    // b may have accepted since that it is settled.
    assertEquals(comeback.recovery.tick().map(({ to }) => to), ["b", "c"]);
    comeback.ask("c").ask("b");
    assertEquals(comeback.memory, undefined);
    comeback.ask("c");
    assertEquals(comeback.known, ["2", "1", "1"]);
  });

  it("a node that joins copies from a majority, under the life that the configuration names", () => {
    const joined = joinedBy(first("a", "b", "c"), d);
    const comeback = new Comeback("d", "1", ["a", "b", "c", "d"], joined);
    comeback.isItsTurn = false;
    comeback.tick().ask("a", "b").ask("a", "c");
    assertEquals([comeback.memory?.incarnation, comeback.known.at(-1)], ["1", "1"]);
  });

  it("takes no answers of another epoch", () => {
    const comeback = new Comeback("a", "2").tick();
    const { request } = comeback.recovery.tick()[0];
    const header = { life: "1", clock: 0, epoch: 1, genesis: "g", incarnation: "1" } as const;
    for (const from of ["b", "c"]) {
      const known = { id: request.id, type: "known", incarnation: "1" } as const;
      comeback.receive(from, { ...header, vector: ["1", "1", "1"] }, known);
    }
    assertEquals(comeback.recovery.tick().map(({ request: { type } }) => type), [
      "incarnation",
      "incarnation",
    ]);
  });

  const joined = joinedBy(first("a", "b"), d);
  const pair = (next: Configuration | null, configuration = joined) => {
    const comeback = new Comeback("a", "2", ["a", "b", "d"], configuration);
    comeback.next = next;
    comeback.handle("b", accept("1p", value("x", 1), "c\xf6\xf6"));
    return comeback.tick().ask("b").ask("b");
  };

  it("one of two members needs the other one only, as long as nothing newer may be chosen", () => {
    for (const next of [null, joined, first("a", "b")]) {
      assertEquals(pair(next).memory?.incarnation, "2");
    }
  });

  it("if the third node may have been admitted, that one has to say that it does not know it", () => {
    const comeback = pair(admitted(joined));
    // It does not fall back to its own disk either, which may be older.
    assertEquals([comeback.memory, comeback.trace.at(-1)], [undefined, "b>a piece c\xf6\xf6 last"]);
    comeback.ask("d");
    assertEquals(comeback.memory?.incarnation, "2");
    assertEquals(comeback.vector("d"), "2 1 1");
  });

  const toThird = (comeback: Comeback) =>
    comeback.recovery.tick().find(({ to }) => to === "d")!.request.id;
  const later = { life: "3", clock: 0, genesis: null, epoch: 0, incarnation: null, vector: [] };
  const record = { id: "g", lives: ["1", "1"], floor: 0, maxTtl: 5_000, clients: false };
  const piece = (comeback: Comeback, own = "2"): Reply => {
    const { request } = comeback.recovery.tick().find(({ to }) => to === "d")!;
    assert(request.type === "transfer");
    const { id, announcement } = request;
    return { id, ...emptyPiece(announcement, incarnationsOf([own, "1", "1"])) };
  };
  const incarnationsOf = (lives: readonly string[]) => {
    const incarnations = new Incarnations();
    incarnations.follow(joined);
    ["a", "b", "d"].forEach((id, index) => incarnations.raise(id, lives[index]));
    return incarnations;
  };

  it("from its disk the third node answers as if it had not started again", () => {
    const others = [{ ...later, life: "0" }, { ...later, genesis: "g" }];
    for (const header of others) {
      const comeback = pair(admitted(joined));
      comeback.receive("d", header, piece(comeback));
      assertEquals(comeback.memory, undefined);
    }
    const comeback = pair(admitted(joined));
    comeback.receive("d", later, piece(comeback));
    assertEquals(comeback.memory?.incarnation, "2");
    assertEquals(comeback.known, ["2", "1", "1"]);
    const replaced = pair(admitted(joined));
    replaced.receive("d", later, piece(replaced, "4"));
    assertEquals([replaced.memory, replaced.trace.at(-1)], [undefined, "a! replaced"]);
  });

  it("if the third node has lost its memory, no other one has, and its own disk is enough", () => {
    const told = { type: "record", members: ["a", "b"], record } as const;
    const knows = { ...later, genesis: "g", epoch: 1 };
    const tells = (header: Header) => {
      const comeback = pair(admitted(joined));
      comeback.receive("d", header, { id: toThird(comeback), ...told });
      return [comeback.memory === undefined, comeback.trace.at(-1)];
    };
    assertEquals(tells(knows), [true, "a! uncovered"]);
    for (const other of [{ life: "0" }, { genesis: "h" }, { epoch: 2 }]) {
      assertEquals(tells({ ...knows, ...other }), [true, "d>a record"]);
    }
    const early = new Comeback("a", "2", ["a", "b", "d"], joined).tick().ask("b");
    early.receive("d", knows, { id: toThird(early), ...told });
    assertEquals(early.trace.at(-1), "d>a record");
  });

  it("if it may have been the only member, its memory is gone for good", () => {
    const alone = withoutMember(first("a", "b"), "b");
    const comeback = pair(alone, first("a", "b"));
    assertEquals([comeback.memory, comeback.trace.at(-1)], [undefined, "a! uncovered"]);
  });

  it("of one member that has just become two it comes back once the other one has accepted that this is settled", () => {
    const two = admitted(joinedBy(first("a"), { id: "b", life: "1" }));
    const comeback = new Comeback("a", "2", ["a", "b"], two);
    comeback.handle("b", accept("1p", value("x", 1), "c\xf6\xf6"));
    comeback.next = two;
    comeback.tick().ask("b");
    comeback.next = settledOf({ ...two, epoch: two.epoch + 1 });
    comeback.tick().ask("b");
    comeback.next = settledOf(two);
    comeback.tick().ask("b");
    comeback.expect(`
      a>b incarnation
      b>a known 1
      a>b incarnation
      b>a known 1
      a>b incarnation
      b>a known 1, and settled
    `);
    comeback.ask("b").ask("b");
    assertEquals(comeback.memory?.incarnation, "2");
    assertEquals(comeback.memory?.registers.map(({ register }) => register), ["c\xf6\xf6"]);
  });

  it("who has accepted that an admission is undone, which was not chosen, does not say that it is settled", () => {
    const joining = joinedBy(first("a", "b", "c"), { id: "d", life: "1" });
    const comeback = new Comeback("a", "2", ["a", "b", "c", "d"], admitted(joining));
    comeback.handle("c", accept("1p", value("x", 1), "c\xf6\xf6"));
    comeback.next = undone(joining);
    comeback.tick().ask("c");
    assertEquals(comeback.trace.at(-1), "c>a known 1");
  });

  it("a new life is above those that the list of two knows, also once that is known to be settled", () => {
    const two = admitted(joinedBy(first("a"), { id: "b", life: "1" }));
    const comeback = new Comeback("a", "2", ["a", "b"], two).raise("b", "a", "7");
    comeback.handle("b", accept("1p", value("x", 1), "c\xf6\xf6"));
    comeback.next = settledOf(two);
    comeback.tick().ask("b").ask("b");
    assertEquals(comeback.trace.at(-1), "a! changeLife as 7+");
  });
});
