import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { append, look, present, release, setOnce, write } from "./support/changes.ts";
import { Cluster } from "./support/acceptors.ts";

describe("Proposer: an end without a write", () => {
  it("no change, and a whole quorum at one ballot: the state is chosen, so no write is needed", () => {
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).run("a", "b");
    cluster.trace.length = 0;
    const q = cluster.proposer("q", setOnce("y"));
    q.clock.observe(1);
    q.start().ask("a", "b");
    cluster.expect(`
      q>a prepare 2q
      a>q promise 2q, x@1 at 1p
      q>b prepare 2q
      b>q promise 2q, x@1 at 1p
      q! done, x@1 at 1p
    `);
    assertEquals([q.chosen.result, q.chosen.token], ["x", 1]);
  });

  it("no change, and nothing anywhere: done, with the highest floor as the token", () => {
    const cluster = new Cluster({ floor: 5 });
    const q = cluster.proposer("q", look);
    q.clock.observe(5);
    q.start().ask("a", "b");
    assertEquals([q.chosen.state, q.chosen.token], [null, 5]);
  });

  it("a state that may not be chosen is written unchanged before it is reported", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start().ask("a", "b");
    p.send("a"); // b and c never hear of it
    cluster.trace.length = 0;
    const q = cluster.proposer("q", look);
    q.clock.observe(1);
    q.start().ask("a", "b").ask("b", "c");
    cluster.expect(`
      q>a prepare 2q
      a>q promise 2q, x@1 at 1p
      q>b prepare 2q
      b>q promise 2q, none
      q>b accept 2q x@1
      b>q accepted 2q
      q>c accept 2q x@1
      c>q accepted 2q
      q! done, x@1 at 2q
    `);
    assertEquals(q.chosen.token, 1);
  });

  it("the same state at two ballots may not be chosen either", () => {
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).run("a", "b");
    const q = cluster.proposer("q", look, { mustWrite: () => true });
    q.clock.observe(1);
    q.start().ask("a", "b").send("b"); // a has it at 1p, b at 2q
    cluster.trace.length = 0;
    const r = cluster.proposer("r", look);
    r.clock.observe(2);
    r.start().ask("a", "b").ask("a", "c");
    cluster.expect(`
      r>a prepare 3r
      a>r promise 3r, x@1 at 1p
      r>b prepare 3r
      b>r promise 3r, x@1 at 2q
      r>a accept 3r x@1
      a>r accepted 3r
      r>c accept 3r x@1
      c>r accepted 3r
      r! done, x@1 at 3r
    `);
  });

  it("a copy is not a vote: with a copy in the quorum it writes", () => {
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).run("a", "b");
    cluster.crash("b");
    cluster.trace.length = 0;
    const q = cluster.proposer("q", look);
    q.clock.observe(1);
    q.start().ask("a", "b").ask("a", "b");
    cluster.expect(`
      q>a prepare 2q
      a>q promise 2q, x@1 at 1p
      q>b prepare 2q
      b>q promise 2q, x@1 at 1p, copied
      q>a accept 2q x@1
      a>q accepted 2q
      q>b accept 2q x@1
      b>q accepted 2q
      q! done, x@1 at 2q
    `);
  });

  it("a state that exists only as copies is adopted like any other", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start().ask("a", "b");
    p.send("a");
    cluster.crash("b");
    cluster.crash("a");
    cluster.trace.length = 0;
    const q = cluster.proposer("q", append("y"));
    q.clock.observe(1);
    q.start().ask("b", "c").ask("b", "c");
    assertEquals(q.last, "done, xy@2 at 2q");
  });

  it("with mustWrite the present state is written again, with its token", () => {
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).run("a", "b");
    const q = cluster.proposer("q", look, { mustWrite: () => true });
    q.clock.observe(1);
    assertEquals(q.run("a", "b").token, 1);
    assertEquals(q.last, "done, x@1 at 2q");
  });

  it("an unknown outcome is undone: it writes absent even if it sees nothing to undo", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start().ask("a", "b");
    p.send("a"); // the outcome of this write is unknown
    cluster.trace.length = 0;
    const undo = cluster.proposer("p", look, { mustWrite: () => true, clock: p.clock });
    undo.start().ask("b", "c").ask("b", "c");
    cluster.expect(`
      p>b prepare 2p
      b>p promise 2p, none
      p>c prepare 2p
      c>p promise 2p, none
      p>b accept 2p absent@2
      b>p accepted 2p
      p>c accept 2p absent@2
      c>p accepted 2p
      p! done, absent@2 at 2p
    `);
    // Now a proposer that sees a's write also sees that it is undone.
    const q = cluster.proposer("q", look);
    q.clock.observe(2);
    assertEquals(q.run("a", "b").state, { present: false, token: 2 });
  });

  it("a change that sent an accept has to write: others may still adopt its state", () => {
    const cluster = new Cluster();
    const z = cluster.proposer("o", release);
    z.run("b", "c"); // b and c agree on a tombstone
    let mayWrite = true;
    const p = cluster.proposer(
      "p",
      () => mayWrite ? { draft: present("x"), result: "x" } : { draft: null, result: "gave up" },
    );
    p.clock.observe(1);
    p.start().ask("a", "b").send("a"); // its state lies with a
    const q = cluster.proposer("q", look, { mustWrite: () => true });
    q.clock.observe(2);
    q.start().ask("b", "c"); // b and c promise q more
    p.ask("b", "c");
    assertEquals(p.last, "retry");
    cluster.trace.length = 0;
    mayWrite = false;
    p.start().ask("b", "c");
    p.ask("b", "c");
    cluster.expect(`
      p>b prepare 4p
      b>p promise 4p, absent@1 at 1o
      p>c prepare 4p
      c>p promise 4p, absent@1 at 1o
      p>b accept 4p absent@1
      b>p accepted 4p
      p>c accept 4p absent@1
      c>p accepted 4p
      p! done, absent@1 at 4p
    `);
    assertEquals(p.chosen.result, "gave up");
    // a's write is gone for good.
    const r = cluster.proposer("r", look);
    r.clock.observe(4);
    assertEquals(r.run("a", "b").state, { present: false, token: 1 });
  });

  it("an accept that only repeats the present state does not force a later write", () => {
    const cluster = new Cluster();
    cluster.proposer("o", write("x")).run("a", "b");
    const p = cluster.proposer("p", look);
    p.clock.observe(1);
    p.start().ask("b", "c").send("b").lose("b"); // x again, at 2p
    p.start().ask("a", "b").ask("a", "b"); // x again, at 3p, for 1o and 2p differ
    assertEquals(p.last, "done, x@1 at 3p");
    p.start().ask("a", "b");
    assertEquals(p.last, "done, x@1 at 3p");
  });
});
