import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { compareBallots } from "../../lib/paxos/ballot.ts";
import { QuorumRead } from "../../lib/paxos/quorum_read.ts";
import { absent, ballot, value } from "./support/acceptor_script.ts";
import { look, release, textOf, write } from "./support/changes.ts";
import type { Accepted } from "../../lib/paxos/register.ts";
import { Cluster } from "./support/acceptors.ts";

describe("QuorumRead", () => {
  it("a quorum at one accepted ballot: chosen and current, in one round trip and without a write", () => {
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).run("a", "b");
    cluster.trace.length = 0;
    const r = cluster.reader("r").ask("a", "b");
    cluster.expect(`
      r>a read
      a>r current, promised 1p, x@1 at 1p
      r>b read
      b>r current, promised 1p, x@1 at 1p
      r! sure, x@1 at 1p
    `);
    assert(r.outcome?.sure);
    assertEquals(r.outcome.chosen.token, 1);
    assertEquals([cluster.show("a"), cluster.show("b"), cluster.show("c")], [
      "a: current, promised 1p, x@1 at 1p",
      "b: current, promised 1p, x@1 at 1p",
      "c: current, promised 0~, none",
    ]);
  });

  it("with `since` it ignores older states and waits for the other members", () => {
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).run("a", "b");
    const q = cluster.proposer("q", look);
    q.clock.observe(1);
    q.start().ask("b", "c").ask("b", "c"); // x again, at 2q
    for (const [since, missing] of [["2q", "a,c"], ["1p", "c"]]) {
      const r = cluster.reader("r", ballot(since)).ask("a", "b");
      assertEquals(r.missing().join(), missing);
      if (since === "1p") assertEquals(r.outcome, { sure: false });
      else assertEquals(r.ask("c").outcome?.sure, true);
    }
    // No state is not newer either.
    const empty = new Cluster().reader("r", ballot("1p")).ask("a", "b", "c");
    assertEquals([empty.outcome, empty.missing()], [undefined, ["a", "b", "c"]]);
  });

  it("waits for a quorum, and names the missing members", () => {
    const r = new Cluster().reader("r");
    assertEquals(r.missing(), ["a", "b", "c"]);
    r.ask("b");
    assertEquals([r.outcome, r.missing()], [undefined, ["a", "c"]]);
    r.ask("b");
    assertEquals(r.outcome, undefined);
    r.ask("a");
    assertEquals(r.outcome?.sure, true);
  });

  it("a quorum of none: never written, with the highest floor as the token", () => {
    const cluster = new Cluster({ floor: 5 });
    cluster.handle("b", {
      type: "accept",
      register: "other",
      ballot: ballot("9z"),
      state: absent(9),
      next: false,
      fallback: null,
    }, "z");
    cluster.handle("b", { type: "forget", register: "other", ballot: ballot("9z") }, "z");
    const r = cluster.reader("r").ask("a", "b");
    assert(r.outcome?.sure);
    assertEquals([r.outcome.chosen.state, r.outcome.chosen.token], [null, 9]);
  });

  it("none is reported at a ballot below every later one", () => {
    // a and b promise 3p; then their floors rise through another register, but not that promise.
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"));
    p.clock.observe(2);
    p.start().ask("a", "b");
    for (const member of ["a", "b"]) {
      const late = { register: "other", ballot: ballot("9z") };
      const state = absent(9);
      cluster.handle(member, { ...late, type: "accept", state, next: false, fallback: null }, "z");
      cluster.handle(member, { ...late, type: "forget" }, "z");
    }
    const before = cluster.reader("r").ask("a", "b").outcome;
    p.ask("a", "b");
    const after = cluster.reader("r").ask("a", "b").outcome;
    assert(before?.sure && after?.sure);
    assertEquals([before.chosen.state, textOf(after.chosen.state)], [null, "x"]);
    assert(compareBallots(before.chosen.ballot, after.chosen.ballot) < 0);
  });

  it("a promise alone counts as none: a ballot that is only prepared has no chosen state", () => {
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).start().ask("a", "b");
    assertEquals(cluster.reader("r").ask("a", "b").outcome?.sure, true);
  });

  it("a tombstone is not none, and not unanimous with it", () => {
    const cluster = new Cluster();
    cluster.proposer("p", release).run("a", "b");
    const sure = cluster.reader("r").ask("a", "b");
    assert(sure.outcome?.sure);
    assertEquals(sure.outcome.chosen.state, { present: false, token: 1 });
    assertEquals(cluster.reader("r").ask("b", "c").outcome, { sure: false });
  });

  it("is not sure of a state that only a part of the quorum accepted", () => {
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).run("a", "b");
    for (const members of [["a", "c"], ["c", "a"], ["b", "c"]]) {
      assertEquals(cluster.reader("r").ask(...members).outcome, { sure: false });
    }
  });

  it("is not sure of the same state at two ballots", () => {
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).run("a", "b");
    const q = cluster.proposer("q", look, { mustWrite: () => true });
    q.clock.observe(1);
    q.start().ask("a", "b").ask("b");
    assertEquals(cluster.reader("r").ask("a", "b").outcome, { sure: false });
  });

  it("a copy is not a vote: with a copy in the quorum it is not sure", () => {
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).run("a", "b");
    cluster.crash("b");
    cluster.trace.length = 0;
    const r = cluster.reader("r").ask("a", "b");
    cluster.expect(`
      r>a read
      a>r current, promised 1p, x@1 at 1p
      r>b read
      b>r current, promised 1p, x@1 at 1p, copied
      r! not sure
    `);
    assertEquals(r.outcome, { sure: false });
  });

  it("a copy is not a vote because a state that all three hold may never have been chosen", () => {
    // Only a accepted p's x. b copied it from a, then c from a and b: all three hold it at 1p, and yet it was
    // never chosen.
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).start().ask("a", "b").send("a");
    cluster.crash("b");
    cluster.crash("c");
    for (const members of [["b", "c"], ["a", "b"], ["a", "c"]]) {
      assertEquals(cluster.reader("r").ask(...members).outcome, { sure: false });
    }
  });

  it("drops a reply from before a crash, and needs a new one (crash-consistent quorum)", () => {
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).run("a", "b");
    const r = cluster.reader("r").send("a");
    cluster.crash("a");
    r.hear("a").ask("c");
    assertEquals([r.outcome, r.missing()], [undefined, ["a", "b"]]);
    r.ask("b");
    assertEquals(r.outcome, { sure: false });
  });

  it("names the owners that the whole quorum believes expired", () => {
    const owned = value("x", 1, ["n/1/1", "m/1/1"]);
    const cluster = new Cluster({
      isStale: (member, session) => session === "n/1/1" || member === "a",
    });
    for (const member of ["a", "b"]) {
      const accept = { type: "accept", register: "k1", ballot: ballot("1p") } as const;
      cluster.handle(member, { ...accept, state: owned, next: false, fallback: null }, "p");
    }
    const r = cluster.reader("r").ask("a", "b");
    assert(r.outcome?.sure);
    assertEquals(r.outcome.chosen.stale, ["n/1/1"]);
  });

  it("takes only replies to a read", () => {
    const cluster = new Cluster();
    const reader = new QuorumRead(cluster.members);
    const nack = { type: "nack", promised: ballot("1p") } as const;
    for (const member of cluster.members) {
      assertEquals(reader.receive(cluster.sender(member), nack), undefined);
      assertEquals(
        reader.receive(cluster.sender(member), { type: "full", tidying: false, missing: [] }),
        undefined,
      );
    }
    assertEquals(reader.missing(), ["a", "b", "c"]);
  });
});

describe("QuorumRead: votes of a fast round (section 3a)", () => {
  const x = value("x", 1);
  const sender = (member: string) => ({ member, incarnation: "1", vector: ["1", "1", "1"] });
  const current = (fast: boolean) => ({
    ...{ type: "current", promised: ballot("2p"), copied: false, floor: 0, stale: [] } as const,
    accepted: { ballot: ballot("1p"), state: x, ...(fast && { fast }) } as Accepted,
  });

  it("are read once those of all members are there; until then the reader waits", () => {
    const reader = new QuorumRead(["a", "b", "c"]);
    assertEquals([reader.receive(sender("a"), current(true)), reader.waits], [undefined, false]);
    assertEquals([reader.receive(sender("b"), current(true)), reader.waits], [undefined, true]);
    assertEquals(reader.missing(), ["c"]);
    const outcome = reader.receive(sender("c"), current(true));
    assert(outcome?.sure && outcome.fast);
    assertEquals([outcome.chosen.state, reader.waits], [x, false]);
  });

  it("are chosen if the reader knows that of their ballot, and of no other one", () => {
    const reader = (chosen: string) => {
      const one = new QuorumRead(["a", "b", "c"], undefined, true, ballot(chosen));
      one.receive(sender("a"), current(true));
      return { one, outcome: one.receive(sender("b"), current(true)) };
    };
    const known = reader("1p");
    assertEquals([known.outcome?.sure, known.one.waits], [true, false]);
    const other = reader("2p");
    assertEquals([other.outcome, other.one.waits], [undefined, true]);
    const copied = new QuorumRead(["a", "b", "c"], undefined, true, ballot("1p"));
    copied.receive(sender("a"), current(true));
    const copy = { ...current(true), copied: true };
    assertEquals(copied.receive(sender("b"), copy), { sure: false });
    const moving = new QuorumRead(["a", "b", "c"], undefined, false, ballot("1p"));
    moving.receive(sender("a"), current(true));
    assertEquals(moving.receive(sender("b"), current(true)), { sure: false });
  });

  it("are chosen if one of a quorum is marked, and unsure if a member has none", () => {
    const marked = new QuorumRead(["a", "b", "c"]);
    marked.receive(sender("a"), current(true));
    const outcome = marked.receive(sender("b"), current(false));
    assertEquals([outcome?.sure, outcome?.sure && outcome.fast], [true, false]);
    const none = new QuorumRead(["a", "b", "c"]);
    none.receive(sender("a"), current(true));
    assertEquals(none.receive(sender("b"), { ...current(true), accepted: null }), { sure: false });
    const late = new QuorumRead(["a", "b", "c"]);
    late.receive(sender("a"), current(true));
    late.receive(sender("b"), current(true));
    assertEquals(late.receive(sender("c"), { ...current(true), copied: true }), { sure: false });
  });
});
