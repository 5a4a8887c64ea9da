import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { type Ballot, LamportClock } from "../../lib/paxos/ballot.ts";
import type { RegisterRequest } from "../../lib/paxos/messages.ts";
import type { CurrentState } from "../../lib/paxos/change.ts";
import { Proposer } from "../../lib/paxos/proposer.ts";
import {
  append,
  look,
  present,
  REGISTER,
  release,
  setOnce,
  textOf,
  write,
} from "./support/changes.ts";
import { acceptRequest } from "../support/accept_request.ts";
import { Cluster } from "./support/acceptors.ts";
import { showBallot, showRequest, showStep } from "./support/notation.ts";

describe("Proposer: one change, undisturbed (CASPaxos, section 2.2)", () => {
  it("prepares, waits for a quorum, writes, waits for a quorum, is done", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"));
    p.start().ask("a", "b").ask("b", "c");
    cluster.expect(`
      p>a prepare 1p
      a>p promise 1p, none
      p>b prepare 1p
      b>p promise 1p, none
      p>b accept 1p x@1
      b>p accepted 1p
      p>c accept 1p x@1
      c>p accepted 1p
      p! done, x@1 at 1p
    `);
    assertEquals(p.chosen.token, 1);
  });

  it("applies the change to the accepted state with the highest ballot", () => {
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).run("a", "b");
    // q reached c alone, with a higher ballot.
    const q = cluster.proposer("q", append("y")).start().ask("a", "c");
    q.send("c").lose("c");
    cluster.trace.length = 0;
    const r = cluster.proposer("r", append("z"));
    r.clock.observe(1);
    r.start().ask("b", "c").ask("b", "c");
    cluster.expect(`
      r>b prepare 2r
      b>r promise 2r, x@1 at 1p
      r>c prepare 2r
      c>r promise 2r, none
      r>b accept 2r xz@2
      b>r accepted 2r
      r>c accept 2r xz@2
      c>r accepted 2r
      r! done, xz@2 at 2r
    `);
  });

  it("gives the change the token of the state, or the highest floor, and its own ballot", () => {
    const seen: [string, number, string][] = [];
    const change = ({ state, token, ballot }: CurrentState) => {
      seen.push([textOf(state), token, showBallot(ballot)]);
      return { draft: present(`${textOf(state)}x`), result: undefined };
    };
    const cluster = new Cluster({ floor: 7 });
    const p = cluster.proposer("p", change);
    p.clock.observe(9);
    p.run("a", "b");
    p.run("a", "b");
    assertEquals(seen, [["", 7, "10p"], ["x", 10, "11p"]]);
  });

  it("fills in `over`, the token of the replaced state, and `token`, its own counter", () => {
    const cluster = new Cluster({ floor: 7 });
    const p = cluster.proposer("p", write("x"));
    p.clock.observe(7);
    assertEquals(p.run("a", "b").state, { ...present("x"), token: 8, over: 7 });
    assertEquals(p.run("a", "b").state, { ...present("x"), token: 9, over: 8 });
    const q = cluster.proposer("q", release);
    q.clock.observe(9);
    assertEquals(q.run("a", "b").state, { present: false, token: 10 });
    const r = cluster.proposer("r", write("y"));
    r.clock.observe(20);
    assertEquals(r.run("b", "c").state, { ...present("y"), token: 21, over: 10 });
  });

  it("counts a member once, even if its replies are repeated", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start().send("a");
    p.hearCopy("a").hearCopy("a").hear("a");
    p.ask("b").send("a");
    p.hearCopy("a").hearCopy("a").hear("a");
    assertEquals(p.last, "");
    p.ask("c");
    assertEquals(p.last, "done, x@1 at 1p");
  });

  it("ignores late replies to an earlier phase or attempt", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start().send("c").ask("a", "b");
    p.hear("c"); // a promise, when it wants accepts
    p.send("a", "b").start(); // a new attempt: these accepts are of the old one
    p.hear("a", "b");
    assertEquals(p.last, "");
    p.ask("a", "b").ask("a", "b");
    assertEquals(p.last, "done, x@2 at 2p");
  });

  it("names the members to ask again: those that have not answered the running phase, or whose reply was dropped", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"));
    const unanswered = () => {
      const again = p.proposer.unanswered();
      return again && `${showRequest(again.request)} to ${again.members.join("")}`;
    };
    assertEquals(unanswered(), undefined);
    p.start();
    assertEquals(unanswered(), "prepare 1p to abc");
    p.ask("b");
    assertEquals(unanswered(), "prepare 1p to ac");
    p.ask("a");
    assertEquals(unanswered(), "accept 1p x@1 to abc");
    p.ask("c");
    assertEquals(unanswered(), "accept 1p x@1 to ab");
    p.ask("a");
    assertEquals(unanswered(), undefined);
  });
});

describe("Proposer: writing()", () => {
  it("is called before a new state is sent, with the ballot of that accept, once per attempt", () => {
    const cluster = new Cluster();
    const ballots: string[] = [];
    const writing = (ballot: Ballot) => void ballots.push(showBallot(ballot));
    const p = cluster.proposer("p", write("x"), { writing });
    p.start().ask("a");
    assertEquals(ballots, []);
    p.ask("b");
    assertEquals(ballots, ["1p"]);
    p.start().ask("b", "c");
    assertEquals(ballots, ["1p", "2p"]);
  });

  it("is not called when nothing new is sent", () => {
    const cluster = new Cluster();
    const writing = () => {
      throw new Error("nothing is written");
    };
    cluster.proposer("p", look, { writing, mustWrite: () => true }).run("a", "b");
    cluster.proposer("p", look, { writing }).start().ask("b");
  });
});

describe("Proposer: owners that a whole quorum believes expired", () => {
  const owned = { ...present("x"), owners: ["n/1/1", "m/1/1"] };
  const write = () => ({ draft: owned, result: undefined });
  const isStale = (member: string, session: string) => session === "n/1/1" || member === "a";

  it("are named with a state that was found, whether it is written again or not", () => {
    const cluster = new Cluster({ isStale });
    cluster.proposer("p", write).run("a", "b");
    const q = cluster.proposer("q", look);
    q.clock.observe(1);
    assertEquals(q.run("a", "b").stale, ["n/1/1"]);
    const r = cluster.proposer("r", look, { mustWrite: () => true });
    r.clock.observe(2);
    assertEquals(r.run("a", "b").stale, ["n/1/1"]);
    assertEquals(r.last, "done, x@1 at 3r");
  });

  it("are not named with a new state", () => {
    const cluster = new Cluster({ isStale: () => true });
    cluster.proposer("p", write).run("a", "b");
    const q = cluster.proposer("q", write);
    q.clock.observe(1);
    assertEquals(q.run("a", "b").stale, []);
  });
});

describe("Proposer: tokens", () => {
  it("a ballot whose counter is not above the token of the state starts again, higher", () => {
    const cluster = new Cluster();
    cluster.proposer("p", write("x")).run("a", "b");
    // q has the same counter and a higher life: promised, but no token of its own.
    const q = cluster.proposer("q", write("y")).start();
    cluster.trace.length = 0;
    q.ask("a", "b");
    cluster.expect(`
      q>a prepare 1q
      a>q promise 1q, x@1 at 1p
      q>b prepare 1q
      b>q promise 1q, x@1 at 1p
      q! restart
    `);
    q.start().ask("a", "b").ask("a", "b");
    assertEquals([q.last, q.chosen.token], ["done, y@2 at 2q", 2]);
  });

  it("a floor above its counter in the quorum makes it start again, above that floor", () => {
    // a made a promise before it forgot another register, which raised its floor.
    const cluster = new Cluster();
    const early = cluster.proposer("o", write("x"));
    early.start().ask("a");
    for (const type of ["accept", "forget"] as const) {
      const ballot = { counter: 9, life: "z" };
      const state = { present: false, token: 9 } as const;
      cluster.handle(
        "a",
        { type, register: "other", ballot, state, next: false, fallback: null },
        "z",
      );
    }
    const p = cluster.proposer("p", write("y"));
    p.clock.observe(1);
    cluster.trace.length = 0;
    p.start().ask("a", "b");
    cluster.expect(`
      p>a prepare 2p
      a>p promise 2p, none, floor 9
      p>b prepare 2p
      b>p promise 2p, none
      p! restart
    `);
    p.start().ask("a", "b").ask("a", "b");
    assertEquals(p.last, "done, y@10 at 10p");
  });

  it("grow from write to write, for all writers", () => {
    const cluster = new Cluster();
    const tokens: number[] = [];
    for (let i = 0; i < 12; i++) {
      const life = "rqp"[i % 3];
      const members = [["a", "b"], ["b", "c"], ["a", "c"], ["c", "b"]][i % 4];
      const p = cluster.proposer(life, i % 5 === 4 ? release : write(`v${i}`));
      while (p.last.startsWith("done") === false) {
        p.start().ask(...members);
        if (p.proposer.unanswered()?.request.type === "accept") p.ask(...members);
      }
      tokens.push(p.chosen.token);
    }
    assertEquals(tokens, tokens.toSorted((x, y) => x - y));
    assertEquals(new Set(tokens).size, 12);
  });
});

describe("Proposer: nacks", () => {
  it("retries above the promised ballot, as soon as no quorum is possible", () => {
    const cluster = new Cluster();
    const q = cluster.proposer("q", write("y"));
    q.clock.observe(6);
    q.start().ask("a", "b");
    cluster.trace.length = 0;
    const p = cluster.proposer("p", write("x")).start().ask("a");
    assertEquals([p.last, p.proposer.contended], ["", true]);
    p.ask("b");
    cluster.expect(`
      p>a prepare 1p
      a>p nack 7q
      p>b prepare 1p
      b>p nack 7q
      p! retry
    `);
    p.start().ask("c");
    assertEquals(p.proposer.contended, false);
    cluster.expect(`
      p>c prepare 8p
      c>p promise 8p, none
    `);
  });

  it("one nack of three is outvoted, and its member is not asked again", () => {
    const cluster = new Cluster();
    const q = cluster.proposer("q", write("y"));
    q.clock.observe(6);
    q.start().ask("a");
    const p = cluster.proposer("p", write("x")).start().ask("a");
    assertEquals(p.proposer.unanswered()?.members, ["b", "c"]);
    p.ask("b", "c").ask("b", "c");
    assertEquals(p.last, "done, x@1 at 1p");
  });

  it("an accept is refused by a member that has promised a higher ballot meanwhile", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start().ask("a", "b");
    const q = cluster.proposer("q", write("y")).start().ask("b", "c");
    cluster.trace.length = 0;
    p.ask("a", "b", "c");
    cluster.expect(`
      p>a accept 1p x@1
      a>p accepted 1p
      p>b accept 1p x@1
      b>p nack 1q
      p>c accept 1p x@1
      c>p nack 1q
      p! retry
    `);
    q.ask("b", "c");
    assertEquals(q.last, "done, y@1 at 1q");
  });

  it("a member that accepted in an earlier attempt has to accept again in the next one", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start().ask("a", "b");
    // q comes between: only a accepts, the others refuse.
    const q = cluster.proposer("q", write("y")).start().ask("b", "c");
    p.ask("a", "b", "c");
    assertEquals(p.last, "retry");
    q.ask("b", "c");
    p.start().ask("b", "c");
    cluster.trace.length = 0;
    p.ask("b");
    cluster.expect(`
      p>b accept 2p x@2
      b>p accepted 2p
    `);
    assertEquals(p.proposer.unanswered()?.members, ["a", "c"]);
    p.ask("c");
    assertEquals(p.last, "done, x@2 at 2p");
  });

  it("a reply that names another ballot than the request does not count", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start();
    const sender = (member: string) => cluster.sender(member);
    const { request } = p.proposer;
    const none = { accepted: null, copied: false, floor: 0, stale: [] } as const;
    for (const ballot of [{ counter: 2, life: "p" }, { counter: 1, life: "q" }]) {
      for (const member of ["a", "b"]) {
        p.proposer.receive(request!, sender(member), { type: "promise", ballot, ...none });
      }
    }
    assertEquals(p.proposer.unanswered()?.members, ["a", "b", "c"]);
    p.ask("a", "b");
    const accept = p.proposer.request!;
    assertEquals(accept.type, "accept");
    for (const ballot of [{ counter: 2, life: "p" }, { counter: 1, life: "q" }]) {
      for (const member of ["a", "b"]) {
        p.proposer.receive(accept, sender(member), { type: "accepted", ballot });
      }
    }
    assertEquals(p.proposer.unanswered()?.members, ["a", "b", "c"]);
    p.ask("a", "b");
    assertEquals(p.last, "done, x@1 at 1p");
  });

  it("nacks of the first phase do not count in the second", () => {
    const cluster = new Cluster({ members: ["a", "b", "c", "d", "e"] });
    const q = cluster.proposer("q", write("y"));
    q.clock.observe(6);
    q.start().ask("a", "b");
    const p = cluster.proposer("p", write("x")).start().ask("a", "b", "c", "d", "e");
    assertEquals(p.proposer.contended, false);
    // One more nack would make three with the two earlier ones.
    q.ask("c");
    p.ask("c");
    assertEquals([p.last, p.proposer.contended], ["", true]);
  });

  it("a nack of a member that took the first copy has no effect", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start();
    p.send("a", "a").hear("a", "a"); // promised, and refused the second copy
    p.send("b", "b").lose("b").hear("b"); // the promise was lost: only the refusal comes
    cluster.expect(`
      p>a prepare 1p
      p>a prepare 1p
      a>p promise 1p, none
      a>p nack 1p
      p>b prepare 1p
      p>b prepare 1p
      b>p nack 1p
      p! restart
    `);
  });

  it("a second copy of an accept is accepted; only a late copy after a higher promise is refused", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x")).start().ask("a", "b");
    p.send("a", "a").hear("a", "a");
    cluster.proposer("q", look).start().ask("a");
    p.ask("a"); // taken before, refused now: it still counts as taken
    p.ask("b");
    assertEquals(p.last, "done, x@1 at 1p");
  });

  it("a late nack of an earlier attempt, or of an earlier phase, has no effect", () => {
    const cluster = new Cluster();
    cluster.proposer("q", look).start().ask("a", "b");
    const p = cluster.proposer("p", write("x")).start().send("a", "b", "c").hear("a", "c");
    p.start(); // b's refusal of 1p is still on its way
    p.ask("a").hear("b");
    assertEquals([p.last, p.proposer.contended], ["", false]);
    const r = cluster.proposer("r", look);
    r.clock.observe(6);
    r.start().ask("c");
    p.send("c").ask("b"); // c refuses 2p; b's promise makes the quorum
    p.hear("c");
    assertEquals([p.last, p.proposer.contended], ["", false]);
    p.ask("a", "b");
    assertEquals(p.last, "done, x@2 at 2p");
  });

  it("any number of nacks of one member counts once", () => {
    const cluster = new Cluster();
    cluster.proposer("q", look).start().ask("a");
    const p = cluster.proposer("o", write("x")).start().ask("a", "a", "a");
    assertEquals([p.last, p.proposer.contended], ["", true]);
  });
});

describe("Proposer: full", () => {
  it("ends as soon as no quorum has room", () => {
    const cluster = new Cluster({ maxKeys: 0 });
    const p = cluster.proposer("p", write("x")).start().ask("a");
    assertEquals(p.last, "");
    p.ask("a");
    assertEquals(p.last, "");
    p.ask("b");
    assertEquals(p.last, "full");
    assertEquals(p.proposer.unanswered(), undefined);
  });

  it("one full member of three is outvoted", () => {
    const cluster = new Cluster();
    const request: RegisterRequest = {
      type: "prepare",
      register: REGISTER,
      ballot: {
        counter: 1,
        life: "p",
      },
    };
    const proposer = new Proposer({
      register: REGISTER,
      members: cluster.members,
      clock: new LamportClock(),
      life: "p",
      change: write("x"),
    });
    const step = proposer.start();
    assertEquals(showStep(step), showRequest(request));
    if (step.do !== "send") return;
    assertEquals(
      proposer.receive(step.request, cluster.sender("a"), {
        type: "full",
        tidying: false,
        missing: [],
      }),
      undefined,
    );
    for (const member of ["b", "c"]) {
      const reply = cluster.handle(member, step.request, "p")!;
      const next = proposer.receive(step.request, cluster.sender(member), reply);
      assertEquals(next && showStep(next), member === "c" ? "accept 1p x@1" : undefined);
    }
  });
});

describe("Proposer: one full member, and one that is away (section 8)", () => {
  /** Only c holds another register, x is chosen at a and b, and then a is away. */
  function divided(): Cluster {
    const cluster = new Cluster({ maxKeys: 1 });
    const other = {
      ...acceptRequest("k0", { counter: 1, life: "z" }, { present: false, token: 1 }),
    };
    cluster.handle("c", other, "z");
    const p = cluster.proposer("p", setOnce("x"));
    p.start().ask("a", "b", "c");
    p.ask("a", "b");
    assertEquals(p.last, "done, x@1 at 1p");
    cluster.trace.length = 0;
    return cluster;
  }

  it("the full member promises a proposal that adds no new value, and it is chosen with its vote", () => {
    for (const [change, result] of [[look, "x@1"], [release, "absent@2"]] as const) {
      const cluster = divided();
      const q = cluster.proposer("q", change, { reserve: () => true });
      q.clock.observe(1);
      q.start().ask("b", "c");
      q.ask("b", "c");
      assertEquals(q.last, `done, ${result} at 2q`);
    }
  });

  it("a change that needs room learns which members have none, and which are away", () => {
    const cluster = divided();
    cluster.acceptor("c").onFull(() => ({ tidying: true, missing: ["a"] }));
    const q = cluster.proposer("q", setOnce("y"));
    q.clock.observe(1);
    assertEquals(q.proposer.shortage, undefined);
    q.start().ask("b");
    assertEquals(q.proposer.shortage, undefined);
    q.ask("c");
    assertEquals(q.proposer.shortage, { missing: ["a"], silent: ["a"] });
    q.ask("a");
    assertEquals([q.proposer.shortage, q.last], [undefined, "done, x@1 at 1p"]);
  });

  it("a member that found room since no longer counts as full", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"));
    const step = p.proposer.start();
    if (step.do !== "send") throw new Error("nothing was sent");
    const full = { type: "full", tidying: false, missing: [] } as const;
    const promise = cluster.handle("b", step.request, "p")!;
    assertEquals(p.proposer.receive(step.request, cluster.sender("b"), full), undefined);
    assertEquals(p.proposer.receive(step.request, cluster.sender("b"), promise), undefined);
    assertEquals(p.proposer.shortage, undefined);
    assertEquals(p.proposer.receive(step.request, cluster.sender("c"), full), undefined);
    assertEquals(p.proposer.shortage, { missing: [], silent: ["a"] });
  });
});

describe("Proposer: a state that is completed before it is written", () => {
  it("is sent, chosen and kept in its completed form", () => {
    const cluster = new Cluster();
    const sketch = () => ({
      draft: present("sketch"),
      complete: () => present("x"),
      result: undefined,
    });
    const p = cluster.proposer("p", sketch).start();
    p.ask("a", "b");
    assertEquals(showRequest(p.proposer.request!), "accept 1p x@1");
    p.ask("a", "b");
    assertEquals(p.last, "done, x@1 at 1p");
  });
});

describe("Proposer: clusters of other sizes", () => {
  it("alone in a cluster of one", () => {
    const cluster = new Cluster({ members: ["a"] });
    assertEquals(cluster.proposer("p", write("x")).run("a").token, 1);
    assertEquals(cluster.reader("r").ask("a").outcome?.sure, true);
  });

  it("needs both of two, and three of four", () => {
    for (const [members, needed] of [[["a", "b"], 2], [["a", "b", "c", "d"], 3]] as const) {
      const cluster = new Cluster({ members });
      const p = cluster.proposer("p", write("x")).start();
      p.ask(...members.slice(0, needed - 1));
      assertEquals(p.proposer.unanswered()?.request.type, "prepare");
      p.ask(members[needed - 1]);
      p.ask(...members.slice(0, needed - 1));
      assertEquals(p.last, "");
      p.ask(members[needed - 1]);
      assertEquals(p.last, "done, x@1 at 1p");
    }
  });

  it("an accept that finds no room counts as refused, and those that took it are enough", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"));
    const [prepare] = [p.proposer.start()];
    if (prepare.do !== "send") throw new Error("nothing was sent");
    const answer = (member: string, request: RegisterRequest) =>
      p.proposer.receive(request, cluster.sender(member), cluster.handle(member, request, "p")!);
    answer("a", prepare.request);
    const accept = answer("b", prepare.request);
    if (accept?.do !== "send") throw new Error("nothing was sent");
    const full = { type: "full", tidying: false, missing: [] } as const;
    assertEquals(p.proposer.receive(accept.request, cluster.sender("c"), full), undefined);
    assertEquals(p.proposer.unanswered()?.members, ["a", "b"]);
    assertEquals(p.proposer.contended, true);
    assertEquals(answer("a", accept.request), undefined);
    assertEquals(answer("b", accept.request)?.do, "done");
  });

  it("reports whether room is being made, and the members that released registers wait for", () => {
    const cluster = new Cluster();
    const p = cluster.proposer("p", write("x"));
    const step = p.proposer.start();
    if (step.do !== "send") throw new Error("nothing was sent");
    const full = (tidying: boolean, ...missing: string[]) =>
      ({ type: "full", tidying, missing }) as const;
    p.proposer.receive(step.request, cluster.sender("a"), full(true, "c"));
    assertEquals(p.proposer.receive(step.request, cluster.sender("b"), full(false, "c", "d")), {
      do: "full",
      tidying: true,
      missing: ["c", "d"],
    });
  });
});
