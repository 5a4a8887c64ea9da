import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { Acceptor } from "../../lib/paxos/acceptor.ts";
import { LamportClock } from "../../lib/paxos/ballot.ts";
import { Genesis } from "../../lib/paxos/genesis.ts";
import { assertInvariant, InvariantError, onInvariantFailure } from "../../lib/paxos/invariant.ts";
import { identity } from "../../lib/paxos/kv_register.ts";
import { applyCommand, type LockValue } from "../../lib/paxos/lock_register.ts";
import { Proposer } from "../../lib/paxos/proposer.ts";
import { firstConfiguration } from "../../lib/paxos/configuration.ts";
import { Incarnations } from "../../lib/paxos/incarnations.ts";
import { CrashVector, Tally } from "../../lib/paxos/quorum.ts";
import { help } from "../../lib/paxos/recovery.ts";
import { summarize } from "../../lib/paxos/reports.ts";
import { Voter } from "../../lib/paxos/voter.ts";

const MEMBERS = ["a", "b", "c"];

/** Runs `act`, which must fail with an invariant that `what` is a part of. */
function breaks(what: string, act: () => unknown): void {
  assertThrows(act, InvariantError, what);
}

describe("assertInvariant", () => {
  it("does nothing as long as the condition holds", () => {
    assertInvariant(true, "one is one");
  });

  it("throws an error of its own class, with the invariant as its message", () => {
    try {
      assertInvariant(false, "one is two");
    } catch (error) {
      const { name, message } = error as InvariantError;
      assertEquals([error instanceof InvariantError, name, message], [
        true,
        "InvariantError",
        "one is two",
      ]);
      return;
    }
    throw new Error("it did not throw");
  });

  it("tells listeners of each failure, also of those that are caught, until they stop", () => {
    const told: string[] = [];
    const stop = onInvariantFailure(({ message }) => void told.push(message));
    breaks("the first", () => assertInvariant(false, "the first"));
    stop();
    breaks("the second", () => assertInvariant(false, "the second"));
    assertEquals(told, ["the first"]);
  });
});

describe("an invariant fails when", () => {
  const state = { present: true, token: 4, over: 0, op: "p/1" } as const;
  const value = { ...state, value: new Uint8Array(), bindings: [], owners: [] };
  const kept = { ballot: { counter: 5, life: "p" }, state: value };
  const proposer = (clock: LamportClock) =>
    new Proposer({ register: "kx", members: MEMBERS, clock, life: "p", change: identity });

  it("a kept promise is above the clock, so that another attempt could choose its ballot (3)", () => {
    const clock = new LamportClock();
    breaks("no other attempt can choose a kept ballot", () => proposer(clock).startKept(kept));
  });

  it("a kept promise serves twice (section 3)", () => {
    const clock = new LamportClock();
    clock.observe(5);
    const twice = proposer(clock);
    twice.startKept(kept);
    breaks("a ballot is never used for two states", () => twice.startKept(kept));
  });

  it("a token does not grow (section 3)", () => {
    const clock = new LamportClock();
    clock.observe(5);
    const { present, op, bindings, owners } = value;
    const draft = { present, op, value: value.value, bindings, owners };
    const options = { register: "kx", members: MEMBERS, clock, life: "p" };
    const writer = new Proposer({ ...options, change: () => ({ draft, result: undefined }) });
    breaks(
      "the token of a register grows",
      () => writer.startKept({ ...kept, state: { ...value, token: 5 } }),
    );
  });

  it("a quorum has no members", () => {
    breaks("a quorum is of at least one member", () => new Tally([], [{ of: [], needed: 0 }]));
    breaks("a quorum is of at least one member", () => new Tally(MEMBERS, []));
    breaks("a quorum is of at least one report", () => summarize([]));
  });

  it("the incarnation of a node is noted that is no member (section 7)", () => {
    breaks("only members have incarnations", () => new CrashVector(3).raise(-1, "1"));
    breaks("only members have incarnations", () => new CrashVector(3).raise(3, "1"));
  });

  it("a blank member votes under a record that it has not adopted (section 7)", () => {
    const genesis = new Genesis({
      self: "a",
      members: MEMBERS,
      life: "1",
      clock: new LamportClock(),
      nextId: () => 1,
      maxTtl: 1_000,
      clients: false,
    });
    const record = { id: "g", lives: ["1"], floor: 0, maxTtl: 1_000, clients: false };
    breaks("a blank member votes only", () => genesis.placed("operational", record));
  });

  it("a copy is sent whose announcement was not noted (section 7)", () => {
    const record = { id: "g", lives: ["1", "1", "1"], floor: 0, maxTtl: 1_000, clients: false };
    const voter = new Voter(record, "1", { members: MEMBERS, maxKeys: 1, maxBytes: 1 });
    const incarnations = new Incarnations();
    const configuration = firstConfiguration(MEMBERS, record.lives);
    incarnations.follow(configuration);
    incarnations.raise = () => false;
    const helper = { voter, configuration, incarnations };
    const header = { life: "2", clock: 0, genesis: "g", epoch: 0, incarnation: null, vector: [] };
    const transfer = { type: "transfer", members: MEMBERS, announcement: 1 } as const;
    breaks(
      "an announcement is noted",
      () => help(helper, "a", header, { ...transfer, incarnation: "2", after: "" }, 0, () => null),
    );
  });
});

describe("input from others makes no invariant fail", () => {
  const entry = (request: number, mode: "exclusive" | "shared" = "exclusive") => ({
    pid: { node: "x", session: "x/1/1", seq: request },
    request,
    mode,
    token: 1,
  });

  it("a lock that another node wrote with two exclusive owners, or a request twice", () => {
    const since = { term: 1, left: [] };
    const unsound: LockValue[] = [
      { holders: [entry(1), entry(2)], queue: [], ...since },
      { holders: [entry(1)], queue: [entry(2), entry(2)], ...since },
      // Too long to be searched, until some of its requests are released.
      { holders: [entry(1)], queue: Array.from({ length: 32 }, () => entry(2)), ...since },
    ];
    for (const lock of unsound) {
      applyCommand(lock, { type: "tidy" }, 5, () => false);
      applyCommand(lock, { type: "release", session: "x/1/1", request: 1 }, 5, () => false);
    }
  });

  it("replies with vectors that contradict each other, and senders that are no members", () => {
    const tally = new Tally<number>(MEMBERS);
    tally.add({ member: "a", incarnation: "2", vector: ["2", "9", "9"] }, 1);
    tally.add({ member: "b", incarnation: "2", vector: ["9", "2", "9"] }, 1);
    tally.add({ member: "x", incarnation: "2", vector: ["1", "1", "1", "1"] }, 1);
    assertEquals(tally.add({ member: "c", incarnation: "1", vector: [] }, 1), false);
    assertEquals(tally.add({ member: "c", incarnation: "9", vector: ["1"] }, 1), false);
  });

  it("requests with any ballots, in any order", () => {
    const acceptor = new Acceptor({ maxKeys: 9, maxBytes: 1e6, floor: 7, isStale: () => false });
    const asker = { node: "x", life: "p" };
    const state = { present: false, token: 1e9 } as const;
    const register = "kx";
    for (const counter of [0, 9, 1, 9, 8, 7, 2 ** 52 - 1, 3]) {
      for (const life of ["p", "~", ""]) {
        const ballot = { counter, life };
        const accept = { type: "accept", register, ballot, state } as const;
        acceptor.handle({ type: "prepare", register, ballot }, asker, 0);
        acceptor.handle({ ...accept, next: counter % 2 > 0, fallback: counter + 1 }, asker, 0);
        acceptor.handle({ ...accept, next: false, fallback: null }, asker, 0);
        acceptor.handle({ type: "forget", register, ballot }, asker, 0);
      }
    }
  });
});
