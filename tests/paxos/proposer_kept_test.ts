import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { append, look, release, write } from "./changes.ts";
import { Cluster } from "./cluster.ts";
import { showBallot } from "./notation.ts";
import type { ScriptedProposer } from "./scripted_proposer.ts";

const keepPromise = () => true;

/** What a proposer kept, as text. */
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
      p>a accept 2p absent@2
      a>p accepted 2p
      p>b accept 2p absent@2
      b>p accepted 2p
      p! done, absent@2 at 2p
    `);
  });

  it("the change is given the kept state, and its token grows", () => {
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

  it("nothing is kept unless it was asked for, nor for a tombstone, nor on the short way", () => {
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

  it("nothing is kept before the end, and what an earlier attempt asked for is not", () => {
    const cluster = new Cluster();
    let keeps = true;
    const p = cluster.proposer("p", write("x"), { keepPromise: () => keeps });
    p.start().ask("a", "b").ask("a");
    assertEquals(kept(p), undefined);
    keeps = false;
    p.start().ask("b", "c").ask("b", "c");
    assertEquals([p.last, kept(p)], ["done, x@3 at 3p", undefined]);
  });

  it("nothing is kept from an attempt that only repeated what was there, when the next one ends", () => {
    const cluster = new Cluster();
    cluster.proposer("o", write("x")).run("a", "b");
    const p = cluster.proposer("p", look, { keepPromise });
    p.clock.observe(1);
    p.start().ask("b", "c").send("b").lose("b"); // x again, and a promise for 3p
    p.start().ask("b", "a").ask("a", "b");
    p.start().ask("a", "b");
    assertEquals([p.last, kept(p)], ["done, x@1 at 4p", undefined]);
  });

  it("the promised ballot is used up: no other attempt of that life may choose it", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.start().ask("a", "b").ask("a"); // 2p is promised by a already
    p.start();
    assertEquals(showBallot(p.proposer.ballot), "3p");
  });

  it("it is dropped after any refusal: there is a rival", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.start().ask("a", "b");
    cluster.proposer("q", look).start().ask("c");
    p.ask("c", "a", "b");
    assertEquals([p.last, kept(p)], ["done, x@1 at 1p", undefined]);
  });

  it("the short way out does not exist: even `no change` is written before it is reported", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.run("a", "b");
    cluster.trace.length = 0;
    const again = cluster.proposer("p", look, { clock: p.clock });
    again.startKept(p.proposer.kept!).ask("a", "b");
    cluster.expect(`
      p>a accept 2p x@1
      a>p accepted 2p
      p>b accept 2p x@1
      b>p accepted 2p
      p! done, x@1 at 2p
    `);
  });

  it("why: the kept state may be old, and then nothing is reported", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.run("a", "b");
    const q = cluster.proposer("q", append("y"));
    q.clock.observe(1);
    q.run("b", "c"); // 2q is above 2p
    const again = cluster.proposer("p", look, { clock: p.clock });
    again.startKept(p.proposer.kept!).ask("b", "c");
    assertEquals(again.last, "restart");
    again.start().ask("a", "b").ask("a", "b");
    assertEquals(again.last, "done, xy@2 at 3p");
  });

  it("a rival of a lower life at the promised counter is refused, one of a higher life is not", () => {
    for (const [life, last] of [["o", "done, xz@2 at 2p"], ["q", "restart"]]) {
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

  it("a refusal of a later attempt is contention like any other", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.run("a", "b");
    const again = cluster.proposer("p", append("y"), { clock: p.clock });
    for (const [counter, last] of [[6, "restart"], [8, "retry"]] as const) {
      const q = cluster.proposer("q", look);
      q.clock.observe(counter);
      if (counter === 6) {
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

  it("after a refusal it goes on with a prepare, above all; its state may be adopted by then", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"), { keepPromise });
    p.run("a", "b");
    const q = cluster.proposer("q", look);
    q.clock.observe(1);
    q.start().ask("b", "c");
    const again = cluster.proposer("p", append("y"), { clock: p.clock });
    again.startKept(p.proposer.kept!).ask("a", "b", "c");
    assertEquals(again.last, "restart");
    again.start().ask("a", "b").ask("a", "b");
    // It finds its own state at a, where it was accepted: the change is made once.
    assertEquals([again.last, again.chosen.result], ["done, xy@2 at 3p", "xy"]);
  });
});

describe("Proposer: accepted by all", () => {
  it("is known once every member has said so, also after the end", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", release).start().ask("a", "b").send("c").ask("a", "b");
    assertEquals([p.last, p.proposer.acceptedByAll], ["done, absent@1 at 1p", false]);
    p.hear("c");
    assertEquals(p.proposer.acceptedByAll, true);
  });

  it("takes no refusal, and no answer to another request, for it", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", release).start().send("c").ask("a", "b");
    cluster.proposer("q", look).start().ask("c");
    p.send("c").ask("a", "b").hear("c", "c"); // the promise of before, and a refusal
    assertEquals([p.last, p.proposer.acceptedByAll], ["done, absent@1 at 1p", false]);
  });

  it("is crash-consistent: who lost its memory since has to say it again", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", release).start().ask("a", "b").send("c").ask("a", "b");
    cluster.crash("a");
    p.send("b");
    p.hear("c", "b"); // b knows of a's crash
    assertEquals(p.proposer.acceptedByAll, false);
    p.ask("a");
    assertEquals(p.proposer.acceptedByAll, true);
  });

  it("is never so on the short way out", () => {
    const cluster = new Cluster({ members: ["a"] });
    cluster.proposer("p", release).run("a");
    const q = cluster.proposer("q", look);
    q.clock.observe(1);
    q.run("a");
    assertEquals(q.proposer.acceptedByAll, false);
  });
});
