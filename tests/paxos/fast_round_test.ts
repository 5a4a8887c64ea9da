// Runs in Deno alone: pure; the model has the fast round in all states.
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { type Ballot, LamportClock } from "../../lib/paxos/ballot.ts";
import type { RegisterReply } from "../../lib/paxos/messages.ts";
import { Proposer, type ProposerOptions } from "../../lib/paxos/proposer.ts";
import type { Sender } from "../../lib/paxos/quorum.ts";
import type { State } from "../../lib/paxos/register.ts";
import { absent, ballot, value } from "./support/acceptor_script.ts";
import { bytes } from "./support/changes.ts";
import { showBallot, showState, showStep } from "./support/notation.ts";

const MEMBERS = ["a", "b", "c"];

/** A proposer of a put of x, with its fast round at 1p. */
class Put {
  readonly proposer: Proposer<string>;
  readonly clock = new LamportClock();
  /** The first request that it sends. */
  readonly first: string;
  readonly writing: string[] = [];

  constructor(options: Partial<ProposerOptions<string>> = {}) {
    this.proposer = new Proposer({
      ...{ register: "k1", members: MEMBERS, clock: this.clock, life: "p" },
      change: ({ state, ballot: { counter } }) => {
        if (state?.present) return { draft: null, result: showState(state) };
        const content = { op: "op x", value: bytes("x"), bindings: [], owners: [] };
        return { draft: { present: true, ...content }, result: `x@${counter}` };
      },
      writing: (at) => this.writing.push(showBallot(at)),
      ...options,
    });
    const step = this.proposer.startFast();
    this.first = step?.do === "send" ? step.request.type : "";
  }

  /** The next step after this reply; `""`: none. */
  hear(member: string, reply: RegisterReply, vector: readonly string[] = ["1", "1", "1"]): string {
    const sender: Sender = { member, incarnation: vector[MEMBERS.indexOf(member)], vector };
    const step = this.proposer.receive(this.proposer.request!, sender, reply);
    if (step === undefined) return "";
    return step.do === "done" ? `${showStep(step)}, ${step.chosen.result}` : showStep(step);
  }

  goOn(): string {
    const step = this.proposer.goOn();
    return step === undefined ? "" : showStep(step);
  }
}

const took = (over = 0, at = "1p"): RegisterReply => ({ type: "took", ballot: ballot(at), over });

const promise = (at: string, state?: State, by?: Ballot, fast?: true): RegisterReply => ({
  ...{ type: "promise", ballot: ballot(at), copied: false, floor: 0, stale: [] },
  accepted: state === undefined ? null : { ballot: by!, state, ...(fast && { fast }) },
});

const nack = (at: string): RegisterReply => ({ type: "nack", promised: ballot(at) });

describe("Proposer: a fast round (section 3a)", () => {
  it("has a ballot above the counters that others have probably used", () => {
    const { proposer, clock } = new Put();
    proposer.follow(MEMBERS);
    const other = new Proposer({
      ...{ register: "k1", members: MEMBERS, clock, life: "p" },
      change: () => ({
        draft: { present: true, op: "o", value: bytes("y"), bindings: [], owners: [] },
        result: "",
      }),
    });
    const step = other.startFast(16);
    const { request } = step?.do === "send" ? step : { request: undefined };
    assertEquals(request?.type === "fast" && showBallot(request.ballot), "17p");
    assertEquals(clock.counter, 18);
  });

  it("is done when all members took the state, in one round trip", () => {
    const put = new Put({ keepPromise: () => true });
    assertEquals([put.first, put.writing], ["fast", ["1p"]]);
    assertEquals([put.hear("a", took(7)), put.hear("b", took(9))], ["", ""]);
    assertEquals(put.hear("c", took(7)), "done, x@1 at 1p, x@1");
    const { kept } = put.proposer;
    assertEquals([kept && showBallot(kept.ballot), put.clock.counter], ["2p", 2]);
  });

  it("keeps no promise that no change asks for", () => {
    const put = new Put();
    for (const member of MEMBERS) put.hear(member, took());
    assertEquals(put.proposer.kept, undefined);
  });

  it("waits for the rest once a quorum took it, and goes on with its promises when it is told to", () => {
    const put = new Put();
    assertEquals([put.hear("a", took()), put.proposer.awaitsRest], ["", false]);
    assertEquals(put.goOn(), "");
    assertEquals([put.hear("b", took()), put.proposer.awaitsRest], ["", true]);
    assertEquals(put.proposer.unanswered()?.members, ["c"]);
    assertEquals(put.goOn(), "accept 2p x@1");
    assertEquals([put.proposer.awaitsRest, put.goOn()], [false, ""]);
    put.hear("a", { type: "accepted", ballot: ballot("2p") });
    const last = put.hear("c", { type: "accepted", ballot: ballot("2p") });
    assertEquals(last, "done, x@1 at 2p, x@1");
    assertEquals(put.proposer.kept, undefined);
  });

  it("goes on at once with a quorum of promises when a member answered otherwise", () => {
    const put = new Put();
    put.hear("a", took());
    assertEquals(put.hear("b", promise("2p")), "accept 2p x@1");
    const other = new Put();
    other.hear("b", promise("2p"));
    assertEquals(other.hear("a", took()), "accept 2p x@1");
    const refused = new Put();
    refused.hear("a", took());
    refused.hear("b", took());
    assertEquals(refused.hear("c", nack("1q")), "accept 2p x@1");
    const full = new Put();
    full.hear("a", took());
    full.hear("c", { type: "full", tidying: false, missing: [] });
    assertEquals(full.hear("b", took()), "accept 2p x@1");
  });

  it("adopts a classic state before one of a fast round, also before its own", () => {
    const put = new Put();
    put.clock.observe(1);
    put.hear("a", took());
    const found = promise("2p", value("y", 0), ballot("0q"));
    assertEquals(put.hear("b", found), "accept 2p y@0");
  });

  it("waits before it looks again if a rival took a higher ballot", () => {
    const put = new Put();
    put.hear("a", took());
    assertEquals(put.hear("b", promise("2p", value("y", 2), ballot("2o"), true)), "retry");
    const step = put.proposer.start();
    assertEquals(step.do === "send" && showStep(step), "prepare 3p");
  });

  it("begins again when a quorum refuses, classically, and writes whatever it finds", () => {
    const put = new Put();
    put.hear("a", nack("9q"));
    assertEquals(put.hear("b", nack("9q")), "retry");
    put.proposer.start();
    put.hear("a", promise("10p", value("y", 9), ballot("9q")));
    assertEquals(put.hear("b", promise("10p", value("y", 9), ballot("9q"))), "accept 10p y@9");
  });

  it("begins again when the promise of its next ballot was lost", () => {
    assertEquals(new Put().hear("a", nack("2p")), "restart");
  });

  it("counts no answers from before and after a crash together", () => {
    const put = new Put();
    put.hear("a", took(), ["1", "1", "1"]);
    put.hear("b", took(), ["2", "1", "1"]);
    assertEquals(put.hear("c", took(), ["2", "1", "1"]), "");
    assertEquals(put.proposer.unanswered()?.members, ["a"]);
    assertEquals(put.hear("a", took(), ["2", "1", "1"]), "done, x@1 at 1p, x@1");
  });

  it("ignores answers about other ballots, and to other requests", () => {
    const put = new Put();
    for (const member of MEMBERS) assertEquals(put.hear(member, took(0, "1q")), "");
    for (const member of MEMBERS) assertEquals(put.hear(member, promise("3p")), "");
    assertEquals([put.proposer.awaitsRest, put.proposer.unanswered()?.members], [false, MEMBERS]);
  });

  it("says that there is no room when a quorum has none", () => {
    const put = new Put();
    const full: RegisterReply = { type: "full", tidying: true, missing: ["c"] };
    put.hear("a", full);
    assertEquals(put.hear("b", full), "full");
  });

  it("is not begun by what makes no value of nothing, or has to write whatever it finds", () => {
    const noChange = new Put({ change: () => ({ draft: null, result: "" }) });
    const release = new Put({ change: () => ({ draft: absent(1), result: "" }) });
    const undo = new Put({ mustWrite: () => true });
    for (const put of [noChange, release, undo]) {
      assertEquals([put.first, put.writing], ["", []]);
      assertEquals(put.proposer.start().do, "send");
    }
  });

  it("ends when the members change: later attempts are classic", () => {
    const put = new Put();
    put.hear("a", took());
    put.hear("b", took());
    const request = put.proposer.request!;
    put.proposer.follow(["a", "b"]);
    const sender = { member: "c", incarnation: "1", vector: ["1", "1", "1"] };
    assertEquals(put.proposer.receive(request, sender, took()), undefined);
    assertEquals([put.proposer.awaitsRest, put.goOn()], [false, ""]);
    const step = put.proposer.start();
    assertEquals(step.do === "send" && showStep(step), "prepare 3p");
  });
});
