import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { write } from "./support/changes.ts";
import { Cluster } from "./support/acceptors.ts";

describe("Proposer: crash-consistent quorums", () => {
  it("a promise from before a crash is dropped, and asked for again", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start().send("a");
    cluster.crash("a");
    cluster.trace.length = 0;
    p.hear("a").ask("b");
    cluster.expect(`
      a>p promise 1p, none
      p>b prepare 1p
      b>p promise 1p, none
    `);
    assertEquals(p.proposer.unanswered()?.members, ["a", "c"]);
    p.ask("c");
    assertEquals(p.proposer.unanswered()?.request.type, "accept");
  });

  it("an accepted from before a crash is not a vote", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start().ask("a", "b");
    p.send("a"); // a accepts x, and forgets it: no other member has it
    cluster.crash("a");
    p.send("b");
    cluster.trace.length = 0;
    p.hear("a", "b");
    cluster.expect(`
      a>p accepted 1p
      b>p accepted 1p
    `);
    assertEquals(p.proposer.unanswered()?.members, ["a", "c"]);
    // Indeed x is not chosen: a quorum of the others does not have it.
    const r = cluster.reader("r").ask("a", "c");
    assertEquals(r.outcome?.sure, true);
    // The new a may accept x: then it is chosen.
    p.ask("a");
    assertEquals(p.last, "done, x@1 at 1p");
  });

  it("a member that lost its memory after the promise copies that promise from the others", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start().ask("a", "b");
    cluster.crash("a"); // b tells it of 1p
    cluster.trace.length = 0;
    const o = cluster.proposer("o", write("y")).start().ask("a");
    p.ask("a", "b");
    cluster.expect(`
      o>a prepare 1o
      a>o nack 1p
      p>a accept 1p x@1
      a>p accepted 1p
      p>b accept 1p x@1
      b>p accepted 1p
      p! done, x@1 at 1p
    `);
    assertEquals(o.proposer.contended, true);
  });

  it("a member that copied the promise refuses when asked again after a crash: the proposer starts again", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start().send("a", "b");
    cluster.crash("a");
    p.hear("a").ask("c"); // c knows of the crash
    p.ask("a"); // a has copied 1p from b
    assertEquals(p.last, "restart");
  });
});
