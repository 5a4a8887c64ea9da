// Runs in Deno alone: pure; a flaw of the fast round while the members change, and its remedy.
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { LamportClock } from "../../lib/paxos/ballot.ts";
import type { Configuration } from "../../lib/paxos/configuration.ts";
import { Learner } from "../../lib/paxos/learner.ts";
import type { RegisterReply, RegisterRequest } from "../../lib/paxos/messages.ts";
import { Proposer, type Step } from "../../lib/paxos/proposer.ts";
import { QuorumRead } from "../../lib/paxos/quorum_read.ts";
import { outranks } from "../../lib/paxos/reports.ts";
import type { Accepted } from "../../lib/paxos/register.ts";
import { Voter } from "../../lib/paxos/voter.ts";
import { ballot, value } from "./support/acceptor_script.ts";
import { bytes, textOf } from "./support/changes.ts";

const RECORD = { id: "g", lives: [], floor: 0, maxTtl: 1, clients: true };
const SETTINGS = { members: [], maxKeys: 10, maxBytes: Infinity };
const VECTOR = ["1", "1", "1", "1"];

type Voters = Record<string, Voter>;

function configuration(ids: readonly string[], settled: boolean, epoch = 1): Configuration {
  const members = ids.map((id) => ({ id, life: "1", since: 0 }));
  return { epoch, members, joining: null, leaving: null, settled };
}

function votersOf(ids: readonly string[], settled = true): Voters {
  return Object.fromEntries(ids.map((id) => {
    const voter = new Voter(RECORD, "1", SETTINGS);
    voter.follow(configuration(ids, settled));
    return [id, voter];
  }));
}

function follow(voters: Voters, ids: readonly string[], settled: boolean): void {
  for (const voter of Object.values(voters)) voter.follow(configuration(ids, settled, 2));
}

function ask(voter: Voter, request: RegisterRequest): RegisterReply {
  return voter.handle({ id: 0, ...request }, { node: "n", life: "l" }, 0).reply as RegisterReply;
}

function putter(text: string, members: readonly string[], counter: number): Proposer<string> {
  const clock = new LamportClock();
  clock.observe(counter);
  return new Proposer<string>({
    ...{ register: "k1", members, clock, life: text },
    change: ({ state }) => {
      if (state?.present) return { draft: null, result: textOf(state) };
      const content = { op: `op ${text}`, value: bytes(text), bindings: [], owners: [] };
      return { draft: { present: true, ...content }, result: text };
    },
  });
}

/** Runs a put to its end; these voters answer, in this order, as long as that is needed. */
function run(put: Proposer<string>, voters: Voters, quorum: readonly string[]): string {
  let step = put.startFast() ?? put.start();
  for (let i = 0; i < 10; i++) {
    if (step.do === "done") return step.chosen.result;
    if (step.do !== "send") {
      step = put.start();
      continue;
    }
    const { request } = step;
    let next: Step<string> | undefined;
    for (const id of quorum) {
      const sender = { member: id, incarnation: "1", vector: VECTOR };
      next = put.receive(request, sender, ask(voters[id], request)) ?? next;
      if (next !== undefined) break;
    }
    step = next ?? put.goOn() ?? put.start();
  }
  return "never";
}

describe("the fast round while the members change (sections 3a and 11)", () => {
  for (const ids of [["a"], ["a", "b", "c"]]) {
    it(`what ${ids.length} took while another one joined is not written over once that is admitted`, () => {
      const voters = votersOf(ids, false);
      const all = [...ids, "d"];
      voters.d = new Voter(RECORD, "1", SETTINGS);
      // It has copied all there is: nothing. Then all members are asked to take the put of p.
      assertEquals(run(putter("p", ids, 4), voters, ids), "p");
      follow(voters, all, false);
      assertEquals(run(putter("q", all, 9), voters, ["d", ...ids]), "p");
    });
  }

  /** a starts again while d leaves: it copies from the present members, and from d. */
  function comeBack(voters: Voters): void {
    const copies = ["b", "c", "d"].flatMap((id) => voters[id].acceptor.copy("").registers);
    const best = (one: Accepted | null, other: Accepted | null) =>
      other !== null && (one === null || outranks(other, one)) ? other : one;
    const accepted = copies.map((copy) => copy.accepted).reduce(best);
    const promised = copies.map((copy) => copy.promised)
      .reduce((one, other) => other.counter > one.counter ? other : one);
    voters.a = new Voter(RECORD, "1", SETTINGS);
    voters.a.follow(configuration(["a", "b", "c"], false, 2));
    voters.a.acceptor.adopt([{ register: "k1", accepted, promised }], 0, 0);
  }

  /** d alone has taken the put of q, at a high ballot, before it began to leave. */
  function loneVote(): Voters {
    const voters = votersOf(["a", "b", "c", "d"]);
    const step = putter("q", ["a", "b", "c", "d"], 11).startFast();
    if (step?.do === "send") ask(voters.d, step.request);
    return voters;
  }

  it("what all others took while one leaves survives a restart that copies from that", () => {
    const voters = loneVote();
    follow(voters, ["a", "b", "c"], false);
    assertEquals(run(putter("p", ["a", "b", "c"], 4), voters, ["a", "b", "c"]), "p");
    comeBack(voters);
    assertEquals(run(putter("r", ["a", "b", "c"], 20), voters, ["a", "b"]), "p");
  });

  it("what all others took before it left is not read as chosen", () => {
    const voters = loneVote();
    const step = putter("p", ["a", "b", "c", "d"], 4).startFast();
    for (const id of ["a", "b", "c"]) if (step?.do === "send") ask(voters[id], step.request);
    follow(voters, ["a", "b", "c"], false);
    const reader = new QuorumRead(["a", "b", "c"], undefined, false);
    const outcomes = ["a", "b", "c"].map((id) => {
      const sender = { member: id, incarnation: "1", vector: VECTOR };
      return reader.receive(sender, ask(voters[id], { type: "read", register: "k1" }));
    });
    assertEquals(outcomes.at(1), { sure: false });
    assertEquals(outcomes.some((outcome) => outcome?.sure), false);
  });

  it("a member prepares, and takes nothing, until its configuration is settled", () => {
    const voters = votersOf(["a"], false);
    const state = value("x", 5);
    if (!state.present) return;
    const request = { type: "fast", register: "k1", ballot: ballot("5p"), state } as const;
    const reply = ask(voters.a, request);
    assertEquals([reply.type, reply.type === "promise" && reply.ballot], ["promise", ballot("6p")]);
    const other = votersOf(["a"]);
    assertEquals(ask(other.a, request).type, "took");
  });

  it("the votes of all members are not learned as chosen, but one that is marked is", () => {
    const members = ["a", "b", "c"];
    const learner = new Learner(members, () => false);
    const state = value("x", 5);
    const hear = (member: string, fast: boolean) =>
      learner.receive({ member, incarnation: "1", vector: VECTOR }, ballot("5p"), state, fast);
    assertEquals(members.map((member) => hear(member, true)), [undefined, undefined, undefined]);
    assertEquals(hear("a", false)?.state, state);
  });

  it("the votes of all members are learned by a learner that began before it was settled", () => {
    let settled = false;
    const members = ["a", "b", "c"];
    const learner = new Learner(members, () => settled);
    const hear = (member: string) => {
      const sender = { member, incarnation: "1", vector: VECTOR };
      return learner.receive(sender, ballot("5p"), value("x", 5), true);
    };
    settled = true;
    assertEquals(members.map((member) => hear(member)?.ballot), [
      undefined,
      undefined,
      ballot("5p"),
    ]);
  });

  it("votes that came before it was settled do not choose with those that come later", () => {
    let settled = false;
    const learner = new Learner(["a", "b", "c"], () => settled);
    const hear = (member: string) => {
      const sender = { member, incarnation: "1", vector: VECTOR };
      return learner.receive(sender, ballot("5p"), value("x", 5), true);
    };
    for (const member of ["a", "b"]) assertEquals(hear(member), undefined);
    settled = true;
    assertEquals(hear("c"), undefined);
    // What they tell now counts.
    assertEquals(["a", "b"].map((member) => hear(member)?.ballot), [undefined, ballot("5p")]);
  });
});
