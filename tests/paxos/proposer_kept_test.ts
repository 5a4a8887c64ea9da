import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { MAX_COUNTER } from "../../lib/paxos/ballot.ts";
import type { RegisterChange } from "../../lib/paxos/change.ts";
import { append, look, present, release, write } from "./support/changes.ts";
import { Cluster } from "./support/acceptors.ts";
import { showBallot } from "./support/notation.ts";
import type { ScriptedProposer } from "./support/scripted_proposer.ts";

const keepPromise = () => true;

/** Sets the register in every state, by an operation of the life "p". */
function own(value: string): RegisterChange<void> {
  return () => ({ draft: present(value, "p/1"), result: undefined });
}

/** The kept promise of a proposer, as text. */
function kept<R>(p: ScriptedProposer<R>): string | undefined {
  return p.proposer.kept && showBallot(p.proposer.kept.ballot);
}

describe("Proposer: the kept promise, one round trip instead of two", () => {
  it("an accept may carry a promise for (counter + 1, same life); a quorum of these serves once", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.run("a", "b");
    assertEquals(kept(p), "2p");
    cluster.trace.length = 0;
    const again = cluster.proposer("p", release, { clock: p.clock });
    again.startKept(p.proposer.kept!).ask("a", "b");
    cluster.expect(`
      p>a accept 2p absent@2, or prepare 19p
      a>p accepted 2p
      p>b accept 2p absent@2, or prepare 19p
      b>p accepted 2p
      p! done, absent@2 at 2p
    `);
  });

  it("it is not asked for at the last counter: no ballot is above that", () => {
    for (const [spare, expected] of [[1, `${MAX_COUNTER - 1}p`], [0, undefined]] as const) {
      const cluster = new Cluster();
      const p = cluster.proposer("p", write("x"), { keepPromise });
      p.clock.observe(MAX_COUNTER - 2 - spare);
      p.run("a", "b");
      assertEquals(kept(p), expected);
    }
  });

  it("the change receives the kept state, and its token grows", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.run("a", "b");
    const again = cluster.proposer("p", append("y"), { clock: p.clock, keepPromise });
    again.startKept(p.proposer.kept!).ask("b", "c");
    const { state } = again.chosen;
    assert(state?.present);
    assertEquals([again.chosen.result, state.token, state.over], ["xy", 2, 1]);
    assertEquals(kept(again), "3p");
  });

  it("nothing is kept unless it was requested, nor for a tombstone, nor without a write", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"));
    p.run("a", "b");
    assertEquals(kept(p), undefined);
    const q = cluster.proposer("q", look, { keepPromise });
    q.clock.observe(1);
    q.run("a", "b");
    assertEquals(kept(q), undefined);
    const r = cluster.proposer("r", release, { keepPromise });
    r.clock.observe(2);
    r.run("a", "b");
    assertEquals(kept(r), undefined);
  });

  it("nothing is kept before the end, nor a promise that an earlier attempt requested", () => {
    const cluster = new Cluster();
    let keeps = true;
    const p = cluster.proposer("p", write("x"), { keepPromise: () => keeps });
    p.start().ask("a", "b").ask("a");
    assertEquals(kept(p), undefined);
    keeps = false;
    p.start().ask("b", "c").ask("b", "c");
    assertEquals([p.last, kept(p)], ["done, x@3 at 3p", undefined]);
  });

  it("nothing is kept from an attempt that only repeated the present state, when the next one ends", () => {
    const cluster = new Cluster();
    cluster.proposer("p", own("x")).run("a", "b");
    const p = cluster.proposer("p", look, { keepPromise });
    p.clock.observe(1);
    p.start().ask("b", "c").send("b").lose("b"); // x again, and a promise for 3p
    p.start().ask("b", "a").ask("a", "b");
    p.start().ask("a", "b");
    assertEquals([p.last, kept(p)], ["done, x@1 at 4p", undefined]);
  });

  it("nothing is kept of what another life has written: each attempt hears what members believe of its owners", () => {
    const cluster = new Cluster();
    cluster.proposer("o", write("x")).run("a", "b");
    const p = cluster.proposer("p", look, { keepPromise });
    p.clock.observe(1);
    p.start().ask("b", "c").ask("b", "c"); // x again
    assertEquals([p.last, kept(p)], ["done, x@1 at 2p", undefined]);
    // At a ballot of its own by now.
    p.start().ask("a", "b").ask("a", "b");
    assertEquals([p.last, kept(p)], ["done, x@1 at 3p", undefined]);
    const own = cluster.proposer("p", append("y"), { clock: p.clock, keepPromise });
    own.start().ask("b", "c").ask("b", "c");
    assertEquals([own.last, kept(own)], ["done, xy@4 at 4p", "5p"]);
  });

  it("the promised ballot is used up: no other attempt of that life may choose it", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.start().ask("a", "b").ask("a"); // 2p is promised by a already
    p.start();
    assertEquals(showBallot(p.proposer.ballot), "3p");
  });

  it("it is dropped after any nack: there is a rival", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.start().ask("a", "b");
    cluster.proposer("q", look).start().ask("c");
    p.ask("c", "a", "b");
    assertEquals([p.last, kept(p)], ["done, x@1 at 1p", undefined]);
  });

  it("there is no end without a write: even `no change` is written before it is reported", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.run("a", "b");
    cluster.trace.length = 0;
    const again = cluster.proposer("p", look, { clock: p.clock });
    again.startKept(p.proposer.kept!).ask("a", "b");
    cluster.expect(`
      p>a accept 2p x@1, or prepare 19p
      a>p accepted 2p
      p>b accept 2p x@1, or prepare 19p
      b>p accepted 2p
      p! done, x@1 at 2p
    `);
  });

  it("the reason: the kept state may be outdated, and then it is not reported", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.run("a", "b");
    const q = cluster.proposer("q", append("y"));
    q.clock.observe(1);
    q.run("b", "c"); // 2q is above 2p
    const again = cluster.proposer("p", look, { clock: p.clock });
    again.startKept(p.proposer.kept!).ask("a", "b");
    assertEquals(again.last, "");
    again.ask("c");
    assertEquals(again.last, "done, xy@2 at 2q");
  });

  it("a rival of a lower life at the promised counter is refused, one of a higher life is not", () => {
    for (const [life, last] of [["o", "done, xz@2 at 2p"], ["q", ""]]) {
      const cluster = new Cluster();
      const p = cluster.proposer("p", write("x"), { keepPromise });
      p.run("a", "b");
      const rival = cluster.proposer(life, write("y"));
      rival.clock.observe(1);
      rival.start().ask("a", "b", "c");
      assertEquals(rival.last, life === "o" ? "retry" : "");
      const again = cluster.proposer("p", append("z"), { clock: p.clock });
      again.startKept(p.proposer.kept!).ask("a", "b");
      assertEquals(again.last, last);
    }
  });

  it("a nack of a later attempt is contention like any other", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.run("a", "b");
    const again = cluster.proposer("p", append("y"), { clock: p.clock });
    for (const [counter, last] of [[40, "restart"], [60, "retry"]] as const) {
      const q = cluster.proposer("q", look);
      q.clock.observe(counter);
      if (counter === 40) {
        q.start().ask("b", "c");
        again.startKept(p.proposer.kept!).ask("b", "c");
      } else {
        again.start();
        q.start().ask("b", "c");
        again.ask("b", "c");
      }
      assertEquals(again.last, last);
    }
  });

  it("after a nack it continues with a prepare above all ballots; its state may be adopted by then", () => {
    const { cluster, again, kept } = rivalled(40);
    again.startKept(kept).ask("a", "b", "c");
    assertEquals(again.last, "restart");
    again.start().ask("a", "b").ask("a", "b");
    assert(cluster.trace.includes("p>b accept 42p xy@2"), "no fallback: nothing was kept for it");
    // It finds its own state at a, which accepted it: the change is made once.
    assertEquals([again.last, again.chosen.result], ["done, xy@2 at 42p", "xy"]);
    assert(cluster.trace.includes("b>p nack 41q"));
  });
});

/**
 * A proposer that appends `y` and has kept the promise for it; meanwhile b and c have promised a ballot to a
 * rival that has seen `counter`.
 */
function rivalled(counter = 1, members = ["a", "b", "c"]) {
  const cluster = new Cluster({ members });
  const p = cluster.proposer("p", write("x"), { keepPromise });
  p.run(...members);
  const q = cluster.proposer("q", look);
  q.clock.observe(counter);
  q.start().ask("b", "c");
  const again = cluster.proposer("p", append("y"), { clock: p.clock });
  cluster.trace.length = 0;
  return { cluster, again, q, kept: p.proposer.kept! };
}

describe("Proposer: the fallback, a prepare that goes with a kept promise", () => {
  it("a member that refuses promises it instead: a nack costs no extra round trip", () => {
    const { cluster, again, kept } = rivalled();
    again.startKept(kept).ask("b", "c").ask("b", "c");
    cluster.expect(`
      p>b accept 2p xy@2, or prepare 19p
      b>p promise 19p, x@1 at 1p
      p>c accept 2p xy@2, or prepare 19p
      c>p promise 19p, none
      p>b accept 19p xy@19
      b>p accepted 19p
      p>c accept 19p xy@19
      c>p accepted 19p
      p! done, xy@19 at 19p
    `);
  });

  it("is not needed when a quorum accepts, regardless of nacks", () => {
    const other = new Cluster({ members: ["a", "b", "c", "d", "e"] });
    const p = other.proposer("p", write("x"), { keepPromise });
    p.run("a", "b", "c", "d", "e");
    const q = other.proposer("q", look);
    q.clock.observe(1);
    q.start().ask("d", "e");
    const more = other.proposer("p", append("y"), { clock: p.clock });
    more.startKept(p.proposer.kept!).ask("d", "e", "a", "b", "c");
    assertEquals(more.last, "done, xy@2 at 2p");
  });

  it("is above the seen counters by more than the waiting proposers may have used", () => {
    for (const [rivals, type] of [[9, "accept"], [10, "prepare"]] as const) {
      const { cluster, again, q, kept } = rivalled();
      // Each of them takes two: one for its prepare, and one for its next change.
      for (let rival = 1; rival < rivals; rival++) {
        q.clock.observe(q.clock.counter + 1);
        q.start().ask("b", "c");
      }
      again.startKept(kept).ask("b", "c");
      if (again.last === "restart") again.start();
      assertEquals(again.proposer.request?.type, type, cluster.trace.join());
    }
  });

  it("is a ballot like any other: used up, and a further attempt takes a greater one", () => {
    const { again, kept } = rivalled();
    again.startKept(kept).ask("b");
    again.start();
    assertEquals(showBallot(again.proposer.ballot), "20p");
  });

  it("an accepted at the kept ballot does not count for it", () => {
    const { again, kept } = rivalled();
    again.startKept(kept).ask("a", "b", "c").ask("b");
    assertEquals([again.last, again.proposer.unanswered()?.members], ["", ["a", "c"]]);
    again.ask("c");
    assertEquals(again.last, "done, xy@19 at 19p");
  });

  it("after a write, even a state that a quorum reports is written before it is reported", () => {
    const { cluster, again, kept } = rivalled();
    const rival = cluster.proposer("r", append("y"));
    rival.clock.observe(3);
    rival.run("b", "c");
    again.startKept(kept).ask("b", "c");
    assertEquals([again.last, again.proposer.request?.type], ["", "accept"]);
    again.ask("b", "c");
    assertEquals(again.last, "done, xy@4 at 19p");
  });

  it("without a write, a state that a quorum reports at one ballot is reported at once", () => {
    const { cluster, kept } = rivalled();
    const rival = cluster.proposer("r", append("z"));
    rival.clock.observe(3);
    rival.run("b", "c");
    const again = cluster.proposer("p", look);
    again.clock.observe(2);
    again.startKept(kept).ask("b", "c");
    assertEquals(again.last, "done, xz@4 at 4r");
  });

  it("a change that ends by it without a write keeps no promise: no member gave one", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.run("a", "b");
    // Below the promise that the kept ballot asks for, and above that ballot.
    const o = cluster.proposer("o", append("z"));
    o.clock.observe(2);
    o.run("b", "c");
    const again = cluster.proposer("p", look, { clock: p.clock, keepPromise });
    again.startKept(p.proposer.kept!).ask("a", "b", "c");
    assertEquals([again.last, kept(again)], ["done, xz@3 at 3o", undefined]);
  });

  it("does not wait for members that may be down when the answers are split", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.run("a", "b");
    const q = cluster.proposer("q", look);
    q.clock.observe(2);
    q.start().ask("b");
    const again = cluster.proposer("p", append("y"), { clock: p.clock });
    again.startKept(p.proposer.kept!).ask("a");
    assertEquals(again.proposer.contended, false);
    again.ask("b");
    assertEquals([again.last, again.proposer.contended], ["", true]);
  });

  it("is omitted when the counters are nearly used up", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.run("a", "b");
    p.clock.observe(MAX_COUNTER - 1);
    const again = cluster.proposer("p", release, { clock: p.clock });
    again.startKept(p.proposer.kept!).ask("a", "b");
    assertEquals(again.last, "done, absent@2 at 2p");
    assert(cluster.trace.includes("p>a accept 2p absent@2"));
  });

  it("begins again when neither ballot can get a quorum any more", () => {
    const mixed = rivalled();
    const rival = mixed.cluster.proposer("r", look);
    rival.clock.observe(40);
    rival.start().ask("c");
    mixed.again.startKept(mixed.kept).ask("a", "b");
    assertEquals(mixed.again.last, "");
    mixed.again.ask("c"); // accepted, promised, refused
    assertEquals(mixed.again.last, "restart");
    for (const order of [["a", "b", "c", "d"], ["b", "c", "a", "d"], ["a", "d", "b", "c"]]) {
      const halves = rivalled(1, ["a", "b", "c", "d"]);
      halves.again.startKept(halves.kept).ask(...order.slice(0, 3));
      assertEquals(halves.again.last, "");
      halves.again.ask(order[3]);
      assertEquals(halves.again.last, "restart");
    }
  });

  it("a promise of another ballot does not count, nor one when no fallback was requested", () => {
    const { cluster, again, kept } = rivalled();
    again.startKept(kept);
    const request = again.proposer.request!;
    for (const member of ["a", "b", "c"]) {
      const promise = {
        type: "promise",
        ballot: { counter: 20, life: "p" },
        accepted: null,
        copied: false,
        floor: 0,
        stale: [],
      } as const;
      assertEquals(again.proposer.receive(request, cluster.sender(member), promise), undefined);
    }
    again.ask("a", "b", "c");
    assertEquals(again.proposer.request?.type, "accept");
    const later = again.proposer.request!;
    for (const member of ["a", "b", "c"]) {
      const promise = cluster.handle(
        member,
        { ...request, type: "prepare" } as typeof request,
        "p",
      );
      assertEquals(again.proposer.receive(later, cluster.sender(member), promise!), undefined);
    }
    assertEquals(again.last, "");
  });

  it("a member that has promised it is not asked again, and the second copy of a request changes nothing", () => {
    const { again, kept } = rivalled();
    again.startKept(kept).ask("b").ask("b");
    assertEquals([again.last, again.proposer.contended], ["", false]);
    assertEquals(again.proposer.unanswered()?.members, ["a", "c"]);
  });

  it("begins again at once when it was promised and the reply was lost", () => {
    const { again, kept } = rivalled();
    again.startKept(kept).send("b").lose("b").ask("b");
    assertEquals(again.last, "restart");
  });

  it("counts only with promises that are crash-consistent", () => {
    const { cluster, again, kept } = rivalled();
    again.startKept(kept).send("b");
    cluster.crash("b");
    again.ask("c"); // c knows of the crash
    again.hear("b");
    assertEquals([again.last, again.proposer.ballot.counter], ["", 2]);
  });
});

describe("Proposer: accepted by all", () => {
  it("is known once every member has reported it, also after the end", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", release).start().ask("a", "b").send("c").ask("a", "b");
    assertEquals([p.last, p.proposer.acceptedByAll], ["done, absent@1 at 1p", false]);
    p.hear("c");
    assertEquals(p.proposer.acceptedByAll, true);
  });

  it("does not count nacks, nor replies to another request", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", release).start().send("c").ask("a", "b");
    cluster.proposer("q", look).start().ask("c");
    p.send("c").ask("a", "b").hear("c", "c"); // the promise of before, and a refusal
    assertEquals([p.last, p.proposer.acceptedByAll], ["done, absent@1 at 1p", false]);
  });

  it("is crash-consistent: a member that lost its memory since has to report it again", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", release).start().ask("a", "b").send("c").ask("a", "b");
    cluster.crash("a");
    p.send("b");
    p.hear("c", "b"); // b knows of a's crash
    assertEquals(p.proposer.acceptedByAll, false);
    p.ask("a");
    assertEquals(p.proposer.acceptedByAll, true);
  });

  it("never holds for an end without a write", () => {
    const cluster = new Cluster({ members: ["a"] });
    cluster.proposer("p", release).run("a");
    const q = cluster.proposer("q", look);
    q.clock.observe(1);
    q.run("a");
    assertEquals(q.proposer.acceptedByAll, false);
  });
});
