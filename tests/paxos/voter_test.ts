import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import type { GenesisRecord } from "../../lib/paxos/messages.ts";
import { Voter, type VoterRequest } from "../../lib/paxos/voter.ts";
import { ballot, value } from "./support/acceptor_script.ts";

const record: GenesisRecord = {
  id: "g",
  lives: ["1", "1", "1"],
  floor: 500,
  maxTtl: 5_000,
  clients: false,
};
const settings = (maxKeys = 10) => ({ members: ["n", "m", "o"], maxKeys, maxBytes: Infinity });
const makeVoter = (maxKeys = 10) => new Voter(record, "1", settings(maxKeys));
const owner = { node: "n", life: "1" };
const stranger = { node: "m", life: "1" };
const session = "n/1/1";

const renew = {
  id: 1,
  type: "renew",
  session,
  ttl: 1_000,
  renewal: 3,
  wall: 7,
  hosts: [],
} as const;
const fence = { id: 2, type: "fence", session } as const;
const end = { id: 3, type: "end", session } as const;
const accept = {
  id: 4,
  type: "accept",
  register: "k1",
  ballot: ballot("501p"),
  state: value("x", 501, [session]),
  next: false,
  fallback: null,
} as const;
const read = { id: 5, type: "read", register: "k1" } as const;

function reply(voter: Voter, request: VoterRequest, from = owner, now = 0): unknown {
  return voter.handle(request, from, now).reply;
}

describe("Voter", () => {
  it("answers about registers and sessions alike, with the request's id", () => {
    const voter = makeVoter();
    assertEquals(reply(voter, renew), { id: 1, type: "renewed", session, renewal: 3 });
    assertEquals(reply(voter, fence), { id: 2, type: "alive", session, remaining: 1_000 });
    assertEquals(reply(voter, accept), { id: 4, type: "accepted", ballot: ballot("501p") });
    assertEquals(
      reply(voter, { id: 6, type: "forget", register: "k1", ballot: ballot("1p") }),
      undefined,
    );
    assertEquals(reply(voter, end), { id: 3, type: "fenced", session });
    assertEquals(voter.incarnation, "1");
  });

  it("begins above the record's floor", () => {
    const prepare = (at: string) =>
      ({ id: 7, type: "prepare", register: "k1", ballot: ballot(at) }) as const;
    const voter = makeVoter();
    assertEquals(reply(voter, prepare("500z")), { id: 7, type: "nack", promised: ballot("500~") });
    assertEquals(reply(voter, prepare("501a")), {
      id: 7,
      type: "promise",
      ballot: ballot("501a"),
      accepted: null,
      copied: false,
      floor: 500,
      stale: [],
    });
  });

  it("takes no more registers than maxKeys", () => {
    const prepare = { id: 7, type: "prepare", register: "k1", ballot: ballot("501a") } as const;
    assertEquals(reply(makeVoter(0), prepare), {
      id: 7,
      type: "full",
      tidying: false,
      missing: [],
    });
  });

  it("grants no session longer than the record's maxTtl", () => {
    assertEquals(reply(makeVoter(), { ...renew, ttl: 5_001 }), undefined);
  });

  it("each reply about a register names the owners that this member believes expired", () => {
    const voter = makeVoter();
    reply(voter, renew, owner, 0);
    reply(voter, accept, owner, 0);
    const current = (now: number) => reply(voter, read, stranger, now) as { stale: string[] };
    assertEquals([current(999).stale, current(1_000).stale], [[], [session]]);
  });

  it("only the session's own node and life renews and ends it", () => {
    for (const from of [stranger, { node: "n", life: "2" }, { node: "m", life: "2" }]) {
      const voter = makeVoter();
      assertEquals(reply(voter, renew, from), undefined);
      reply(voter, renew, owner);
      assertEquals(reply(voter, end, from), undefined);
      assertEquals(reply(voter, fence, stranger, 999), {
        id: 2,
        type: "alive",
        session,
        remaining: 1,
      });
    }
  });

  it("any node may fence a session once it has expired", () => {
    const voter = makeVoter();
    reply(voter, renew, owner);
    assertEquals(reply(voter, fence, stranger, 1_000), { id: 2, type: "fenced", session });
    assertEquals(reply(voter, renew, owner, 1_001), { id: 1, type: "refused", session });
  });

  it("names the newest session of a node", () => {
    const voter = makeVoter();
    reply(voter, renew);
    reply(voter, { ...renew, session: "n/1/2" });
    const newest = reply(voter, { id: 8, type: "sessionOf", node: "n" }, stranger) as {
      session: string;
    };
    assertEquals(newest.session, "n/1/2");
  });

  it("names the nodes that can run a singleton", () => {
    const voter = makeVoter();
    reply(voter, { ...renew, hosts: ["s"] });
    assertEquals(reply(voter, { id: 8, type: "hosts", spec: "s" }, stranger), {
      id: 8,
      type: "hosting",
      nodes: ["n"],
    });
  });

  it("a push carries the id of the watch, not of the accept", () => {
    const voter = makeVoter();
    assertEquals(reply(voter, { id: 70, type: "watch", register: "k1" }, stranger), {
      id: 70,
      type: "watching",
    });
    const { pushes } = voter.handle(accept, owner, 0);
    assertEquals(pushes.map(({ watcher, reply }) => [watcher.node, watcher.life, reply]), [
      ["m", "1", {
        id: 70,
        type: "learned",
        fast: false,
        register: "k1",
        ballot: accept.ballot,
        state: accept.state,
      }],
    ]);
    reply(voter, { id: 70, type: "unwatch", register: "k1" }, { node: "m", life: "2" });
    assertEquals(voter.handle(accept, owner, 0).pushes.length, 1);
    reply(voter, { id: 70, type: "unwatch", register: "k1" }, stranger);
    assertEquals(voter.handle(accept, owner, 0).pushes.length, 0);
  });

  it("takes the state of a member's sweep even without room, and no sweep from a client", () => {
    const sweep = { ...accept, sweep: true } as const;
    const voter = makeVoter(0);
    const client = { node: "client", life: "1" };
    assertEquals(reply(voter, sweep, client), { id: 4, type: "full", tidying: false, missing: [] });
    assertEquals(reply(voter, sweep, stranger), {
      id: 4,
      type: "accepted",
      ballot: ballot("501p"),
    });
  });

  it("promises to a member's sweep even without room, and to no sweep of a client", () => {
    const voter = makeVoter(0);
    const client = { node: "client", life: "1" };
    const answer = (register: string, from: typeof owner) =>
      voter.handle(
        { id: 7, type: "prepare", register, ballot: ballot("501a"), sweep: true },
        from,
        0,
      ).reply?.type;
    for (let i = 0; i < 20; i++) {
      assertEquals([answer(`k${i}`, client), answer(`k${i}`, stranger)], ["full", "promise"]);
    }
  });

  it("hears the clocks of members with the renewals of their own sessions", () => {
    const voter = makeVoter();
    reply(voter, renew, owner, 5);
    assertEquals(voter.clocks.missing(5), ["m", "o"]);
    reply(voter, { ...renew, session: "o/1/1" }, stranger, 5);
    assertEquals(voter.clocks.missing(5), ["m", "o"]);
    assertEquals(voter.clocks.missing(5 + renew.ttl), ["n", "m", "o"]);
  });
});

describe("Voter.recovered()", () => {
  const memory = {
    incarnation: "2",
    registers: [{
      register: "k1",
      promised: ballot("601p"),
      accepted: { ballot: accept.ballot, state: accept.state },
    }],
    floor: 900,
    fenced: ["m/1/1"],
    ended: ["o/1/1"],
    over: ["p1"],
    known: [],
    wait: 300,
  };
  const make = () => Voter.recovered(record, memory, settings(), 1_000);

  it("votes with its copies: promises, the floor, and states that are not its own votes", () => {
    const voter = make();
    assertEquals(voter.incarnation, "2");
    assertEquals(reply(voter, read, owner, 1_000), {
      id: 5,
      type: "current",
      promised: ballot("601p"),
      accepted: memory.registers[0].accepted,
      copied: true,
      floor: 0,
      stale: [],
    });
    assertEquals(voter.acceptor.floor, 900);
  });

  it("fences nothing for maxTtl, and reports no session as expired", () => {
    const voter = make();
    for (const asked of [session, "m/1/1"]) {
      const at = (now: number) => reply(voter, { ...fence, session: asked }, stranger, now);
      assertEquals(at(1_000), { id: 2, type: "alive", session: asked, remaining: 5_000 });
      assertEquals(at(5_999), { id: 2, type: "alive", session: asked, remaining: 1 });
      assertEquals(at(6_000), { id: 2, type: "fenced", session: asked });
    }
  });

  it("replies `fenced` at once for a session that its own node ended, reported to others or to this member", () => {
    const voter = make();
    const ended = { ...fence, session: "o/1/1" };
    assertEquals(reply(voter, ended, stranger, 1_000), {
      id: 2,
      type: "fenced",
      session: "o/1/1",
    });
    reply(voter, end, owner, 1_000);
    assertEquals(reply(voter, fence, stranger, 1_000), { id: 2, type: "fenced", session });
  });

  it("replies `fenced` at once for a session of a life that is proved to be over, and says so", () => {
    const voter = make();
    const asked = { ...fence, session: "o/p1/7" };
    assertEquals(reply(voter, asked, stranger, 1_000), {
      id: 2,
      type: "fenced",
      session: "o/p1/7",
    });
    const watch = { id: 9, type: "watchLife", life: "p1" } as const;
    assertEquals(reply(voter, watch, stranger, 1_000), { id: 9, type: "over", life: "p1" });
  });

  it("waits longer when its clock is coarse", () => {
    const voter = Voter.recovered(record, memory, settings(), 1_000, () => 200);
    const at = (now: number) => reply(voter, fence, stranger, now);
    assertEquals(at(6_199), { id: 2, type: "alive", session, remaining: 1 });
    assertEquals(at(6_200), { id: 2, type: "fenced", session });
  });

  it("refuses to renew fenced sessions, and takes over the rest of the wait for grants", () => {
    const voter = make();
    assertEquals(reply(voter, renew, owner, 1_299), undefined);
    assertEquals(reply(voter, renew, owner, 1_300), {
      id: 1,
      type: "renewed",
      session,
      renewal: 3,
    });
    const fencedOne = { ...renew, session: "m/1/1" };
    assertEquals(reply(voter, fencedOne, stranger, 1_300), {
      id: 1,
      type: "refused",
      session: "m/1/1",
    });
  });
});

describe("Voter: proofs that lives are over (section 6)", () => {
  const over = { id: 7, type: "over", life: "3" } as const;
  const watch = (id: number, life = "3") => ({ id, type: "watchLife", life }) as const;

  it("tells the nodes that wait for it, once, and the housekeeping", () => {
    const voter = new Voter(record, "1", settings());
    let news = 0;
    voter.onLifeOver(() => news++);
    assertEquals(reply(voter, watch(4), stranger, 0), undefined);
    assertEquals(reply(voter, watch(5, "2"), owner, 0), undefined);
    const { reply: answer, pushes } = voter.handle(over, owner, 1);
    assertEquals(answer, { id: 7, type: "over", life: "3" });
    assertEquals(pushes.map(({ watcher: { node, life, id }, reply }) => [node, life, id, reply]), [
      [stranger.node, stranger.life, 4, { id: 4, type: "over", life: "3" }],
    ]);
    assertEquals(voter.handle(over, stranger, 2), {
      reply: { id: 7, type: "over", life: "3" },
      pushes: [],
    });
    assertEquals(news, 1);
  });
});
