// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame } from "../../../lib/codec.ts";
import { renewGuest } from "../../../lib/node/quorum/guest_renewal.ts";
import { LifeWatch } from "../../../lib/node/quorum/life_watch.ts";
import { TombstoneCollector } from "../../../lib/node/quorum/tombstone_collector.ts";
import { Watches } from "../../../lib/node/quorum/watches.ts";
import type { Ballot } from "../../../lib/paxos/ballot.ts";
import { type Configuration, firstConfiguration } from "../../../lib/paxos/configuration.ts";
import type { Learned } from "../../../lib/paxos/learner.ts";
import type { Header, Reply, Request } from "../../../lib/paxos/messages.ts";
import { bucketOf, CONFIGURATION } from "../../../lib/paxos/register.ts";
import { append, release, setOnce } from "../../paxos/support/changes.ts";
import { KEY, life, ScriptedNode, sendable } from "../../support/scripted_node.ts";

/** The members a, b and d, in the first epoch after the genesis. */
const CHANGED: Configuration = {
  ...firstConfiguration(["a", "b", "d"], [life(1), life(1), life(1)]),
  epoch: 1,
  leaving: { id: "c", life: life(1) },
  settled: false,
};

/** The header of a member that knows it. */
const AHEAD = { epoch: 1, unsettled: true, vector: [life(1), life(1), life(1), life(1)] } as const;

/** A member tells that it has promised the ballot after this one to the node of the script. */
const HANDED_ON = {
  type: "learned",
  register: KEY,
  ballot: { counter: 7, life: life(7) },
  state: {
    ...{ present: true, token: 7, over: 0, op: `${life(7)}/1`, value: Uint8Array.of(0x78) },
    ...{ bindings: [], owners: [] },
  },
  fast: false,
  heir: life(9),
} as const;

/** The types of the requests in transit to each of these nodes. */
async function asked(node: ScriptedNode, ...nodes: string[]): Promise<string[]> {
  const all = await Promise.all(nodes.map((to) => node.asked(to)));
  return all.map((requests, index) => `${nodes[index]} ${requests.map(({ type }) => type)}`);
}

/** Learns of the change; messages that are in transit are lost. */
async function change(node: ScriptedNode): Promise<void> {
  await node.lose("a", "b", "c", "d");
  node.engine.learn(CHANGED);
  await node.settle();
}

describe("what is under way when the members change (section 11)", () => {
  it("a proposal begins again with the new members, at a new ballot", async () => {
    const node = await ScriptedNode.start();
    const chosen = node.core.proposals.change(KEY, sendable(setOnce("x")), { deadline: Infinity });
    await node.ask("a");
    const before = await latest(node, "b", "prepare");
    await change(node);
    assertEquals(await asked(node, "a", "b", "c", "d"), [
      ...["a renew,prepare", "b renew,prepare", "c ", "d renew,prepare"],
    ]);
    const after = await latest(node, "d", "prepare");
    assertGreater(after.ballot.counter, before.ballot.counter);
    // What the members promise in the epoch before does not count, nor does one that is no member now.
    for (const member of ["a", "b"]) await node.reply(member, promiseOf(after.ballot));
    await reply(node, "c", promiseOf(after.ballot));
    await reply(node, "a", promiseOf(after.ballot));
    assertEquals(await asked(node, "d"), ["d renew,prepare"]);
    await reply(node, "d", promiseOf(after.ballot));
    assertEquals(await asked(node, "d"), ["d renew,prepare,accept"]);
    for (const member of ["a", "d"]) {
      await reply(node, member, { type: "accepted", ballot: after.ballot });
    }
    assertEquals((await chosen).result, "x");
  });

  it("what was asked before the node knew its cluster begins again with the members that it has", async () => {
    const node = new ScriptedNode({});
    const limits = { deadline: Infinity };
    const chosen = node.core.proposals.change(KEY, sendable(setOnce("x")), limits);
    const read = node.core.reads.read(KEY, limits);
    for (const one of [chosen, read]) one.catch(() => {});
    await node.settle();
    await node.lose("a", "b", "c");
    const members = ["a", "b", "d", "e", "f"];
    node.engine.enter(node.record, {
      ...firstConfiguration(members, members.map(() => life(1))),
      epoch: 1,
    });
    assertEquals(await asked(node, "a", "c", "d"), ["a prepare,read", "c ", "d prepare,read"]);
    const { id = 0, ballot } = await latest(node, "d", "prepare");
    const header = { ...node.header("a"), epoch: 1, vector: members.map(() => life(1)) };
    for (const member of ["a", "b"]) {
      node.receive(member, { header, replies: [{ id, ...promiseOf(ballot) } as Reply] });
    }
    // Two would be a majority of the list that the node was given.
    assertEquals(await asked(node, "d"), ["d prepare,read"]);
  });

  it("a read of before does not take its configuration for settled (section 3a)", async () => {
    const node = new ScriptedNode({});
    let isRead = false;
    node.core.reads.read(KEY, { deadline: Infinity }).then(() => isRead = true, () => {});
    await node.settle();
    await node.lose("a", "b", "c");
    const lives = ["a", "b", "c"].map(() => life(1));
    const configuration = {
      ...firstConfiguration(["a", "b", "c"], lives),
      epoch: 1,
      leaving: { id: "d", life: life(1) },
      settled: false,
    };
    node.engine.enter(node.record, configuration);
    await node.settle();
    const { id = 0 } = await latest(node, "a", "read");
    const ballot = { counter: 3, life: life("r") };
    const written = { token: 3, over: 0, op: `${life("r")}/1`, value: Uint8Array.of(0x78) };
    const state = { ...written, present: true, bindings: [], owners: [] } as const;
    const current: Reply = {
      ...{ id, type: "current", promised: { ...ballot, counter: 4 }, copied: false, floor: 0 },
      ...{ accepted: { ballot, state, fast: true }, stale: [] },
    } as Reply;
    const header = { ...node.header("a"), epoch: 1, unsettled: true, vector: [...lives, life(1)] };
    for (const member of ["a", "b", "c"]) {
      node.receive(member, { header: header as Header, replies: [current] });
      await node.settle();
    }
    assertEquals(isRead, false);
  });

  it("one that waits to retry goes on with the new members", async () => {
    const node = await ScriptedNode.start();
    node.core.proposals.change(KEY, sendable(append("x")), { deadline: Infinity }).catch(() => {});
    await node.settle();
    const { ballot } = await latest(node, "a", "prepare");
    const nack = {
      type: "nack",
      promised: { counter: ballot.counter + 5, life: life(7) },
    } as const;
    await node.reply("a", nack);
    await node.reply("b", nack);
    await change(node);
    assertEquals(await asked(node, "d"), ["d renew"]);
    await node.time.pass(100);
    assertEquals((await asked(node, "d", "c")).map((types) => types.includes("prepare")), [
      true,
      false,
    ]);
  });

  it("a kept promise is dropped", async () => {
    const node = await ScriptedNode.start();
    const options = { deadline: Infinity, keepPromise: true };
    const first = node.core.proposals.change(KEY, sendable(append("x")), options);
    await node.ask("a", "b");
    await node.ask("a", "b");
    await first;
    await change(node);
    node.core.proposals.change(KEY, sendable(append("y")), options).catch(() => {});
    assertEquals(await asked(node, "d"), ["d renew,prepare"]);
  });

  it("a kept promise is dropped with the life that it was made to (section 3)", async () => {
    const node = await ScriptedNode.start();
    const options = { deadline: Infinity, keepPromise: true };
    const first = node.core.proposals.change(KEY, sendable(append("x")), options);
    await node.ask("a", "b");
    await node.ask("a", "b");
    await first;
    await node.lose("a", "b", "c");
    node.engine.changeLife(life(5));
    node.core.proposals.change(KEY, sendable(append("y")), options).catch(() => {});
    assertEquals(await asked(node, "a"), ["a prepare"]);
  });

  it("a proposal decides nothing in an earlier life of its node: it begins again in the present one (section 3)", async () => {
    const node = await ScriptedNode.start();
    const chosen = node.core.proposals.change(KEY, sendable(append("x")), { deadline: Infinity });
    await node.ask("a");
    await node.lose("b", "c");
    node.engine.changeLife(life(10));
    await node.time.pass(1_000);
    await node.lose("c");
    // With this promise a quorum has promised the ballot of the earlier life.
    await node.ask("b");
    assertEquals(await asked(node, "b"), ["b prepare"]);
    assertEquals((await latest(node, "b", "prepare")).ballot.life, life(10));
    await node.ask("a", "b");
    assertEquals((await latest(node, "b", "accept")).ballot.life, life(10));
    await node.ask("a", "b");
    assertEquals((await chosen).result, "x");
  });

  it("a proposal whose promises an earlier life of its node did not get has met no rival (section 3)", async () => {
    const node = await ScriptedNode.start();
    node.core.proposals.change(KEY, sendable(append("x")), { deadline: Infinity }).catch(() => {});
    await node.send("a", "b", "c");
    await node.lose("a", "b", "c");
    node.engine.changeLife(life(10));
    await node.time.pass(1_000);
    await node.lose("c");
    await node.ask("a");
    // It waits for no time.
    const { ballot } = await latest(node, "c", "prepare");
    assertEquals(ballot.life, life(10));
  });

  it("what a member did not serve before it knew the configuration is asked again behind that, once", async () => {
    const node = await ScriptedNode.start();
    await change(node);
    node.core.proposals.change(KEY, sendable(append("x")), { deadline: Infinity }).catch(() => {});
    node.core.queries.list(bucketOf(KEY), { deadline: Infinity }).catch(() => {});
    assertEquals(await asked(node, "a", "b"), ["a renew,prepare,list", "b renew,prepare,list"]);
    await node.lose("a", "b", "d");
    const behind = { type: "unknownEpoch" } as const;
    await node.reply("a", behind);
    // One frame, and the configuration first: the member serves what follows.
    assertEquals(await asked(node, "a"), ["a configure,renew,prepare,list"]);
    await node.lose("a", "b", "d");
    await node.reply("a", behind);
    assertEquals(await asked(node, "a", "b"), ["a configure", "b "]);
    await node.reply("b", behind);
    assertEquals(await asked(node, "b"), ["b configure,renew,prepare,list"]);
    await node.lose("a", "b", "d");
    node.engine.learn({ ...CHANGED, epoch: 2, leaving: null, settled: true });
    await node.lose("a", "b", "d");
    await node.reply("a", behind);
    assertEquals(await asked(node, "a"), ["a configure,renew,prepare,list"]);
  });

  it("a change of the configuration itself is given up", async () => {
    const node = await ScriptedNode.start();
    const chosen = node.core.proposals.change(CONFIGURATION, sendable(setOnce("x")), {
      deadline: Infinity,
    });
    const code = chosen.then(() => "chosen", (error) => error.code);
    await node.settle();
    await change(node);
    assertEquals(await code, "members_changing");
    assertEquals(await asked(node, "d"), ["d renew"]);
  });

  it("reads, questions and lists begin again", async () => {
    const node = await ScriptedNode.start();
    const { core, engine } = node;
    const session = `w/${life(4)}/1`;
    const limits = { deadline: Infinity };
    const all = [
      core.reads.read(KEY, limits),
      core.queries.fence(session, limits),
      core.queries.sessionOf("w", limits),
      core.queries.remaining(session, limits),
      core.queries.hosts("counter", limits),
      core.queries.list("k\xf6", limits),
      renewGuest(engine, core.pacing, `~g/${life(4)}/1`, 1_000, 1),
    ];
    for (const one of all) one.catch(() => {});
    await node.settle();
    const types = ["fence", "hosts", "list", "look", "read", "renew", "renew", "sessionOf"];
    await change(node);
    const requests = await node.asked("d");
    assertEquals(requests.map(({ type }) => type).sort(), types);
    assertEquals(await asked(node, "c"), ["c "]);
  });

  it("a read counts no answer of before", async () => {
    const node = await ScriptedNode.start();
    const read = node.core.reads.read(KEY, { deadline: Infinity });
    const promised = { counter: 0, life: "~" };
    const state = { accepted: null, copied: false, floor: 0, stale: [] };
    const none = { type: "current" as const, promised, ...state };
    await node.settle();
    await node.reply("a", none);
    await change(node);
    await reply(node, "b", none);
    assertEquals(await Promise.race([read, "pending"]), "pending");
    await reply(node, "d", none);
    assertEquals((await read).state, null);
  });

  it("the session is renewed at once, and its deadline stays until that is granted", async () => {
    const node = await ScriptedNode.start();
    const { session } = node.core;
    await node.time.pass(500);
    const { remaining } = session;
    await change(node);
    assertEquals([session.isValid(), session.remaining], [true, remaining]);
    const { session: asked, renewal } = await latest(node, "d", "renew");
    assertEquals(asked, session.current);
    const renewed = { type: "renewed", session: asked, renewal } as const;
    await reply(node, "a", renewed);
    assertEquals(session.remaining, remaining);
    await reply(node, "d", renewed);
    assertGreater(session.remaining, remaining);
  });

  it("a watch goes on with the new members, and never goes back", async () => {
    const node = await ScriptedNode.start();
    const told: number[] = [];
    node.core.watches.watch(KEY, ({ ballot }) => void told.push(ballot.counter));
    await node.ask("a", "b", "c");
    node.rival(5, "x", "a", "b");
    await node.hear("a", "b");
    await change(node);
    assertEquals((await asked(node, "d"))[0].includes("watch"), true);
    const learned = async (counter: number, ...members: string[]) => {
      const ballot = { counter, life: life("r") };
      const state = { present: false, token: counter } as const;
      const id = (await node.asked("d")).find(({ type }) => type === "watch")!.id;
      for (const member of members) {
        const header = { ...node.header("a"), ...AHEAD };
        const reply = { id, type: "learned", fast: false, register: KEY, ballot, state } as const;
        node.receive(member, { header, replies: [reply] });
      }
    };
    await learned(4, "a", "b");
    await learned(6, "a", "c");
    assertEquals(told, [5]);
    await learned(6, "d");
    assertEquals(told, [5, 6]);
  });

  it("watches that began meanwhile learn fast votes once that is settled (section 3a)", async () => {
    const node = await ScriptedNode.start();
    await change(node);
    const told: string[] = [];
    node.core.watches.watch(KEY, ({ ballot }) => void told.push(`register ${ballot.counter}`));
    node.core.buckets.watch(bucketOf(KEY), {
      learned: (_, { token }) => void told.push(`bucket ${token}`),
      listed: () => {},
    });
    await node.settle();
    const ids = (await node.asked("d")).filter(({ type }) => type === "watch").map(({ id }) => id);
    assertEquals(ids.length, 2);
    const ballot = { counter: 3, life: life("r") };
    const written = { token: 3, over: 0, op: `${life("r")}/1`, value: Uint8Array.of(0x76) };
    const state = { ...written, present: true, bindings: [], owners: [] } as const;
    for (const member of ["a", "b", "d"]) {
      assertEquals(told, []);
      // What takes it knows that it is settled, which the frame says, too.
      const { unsettled: _, ...settled } = { ...node.header("a"), ...AHEAD };
      const replies = ids.map((id) =>
        ({ id, type: "learned", fast: true, register: KEY, ballot, state }) as const
      );
      node.receive(member, { header: settled, replies });
    }
    assertEquals(told, ["register 3", "bucket 3"]);
  });

  it("lives are watched at the new members", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    const over: string[] = [];
    const watch = new LifeWatch(node.engine, (life) => void over.push(life));
    watch.add(life(5));
    watch.ask(life(5));
    await node.settle();
    await change(node);
    assertEquals(await asked(node, "c", "d"), ["c ", "d watchLife"]);
    for (const member of ["a", "d"]) {
      await reply(node, member, { type: "over", life: life(5) });
    }
    assertEquals(over, [life(5)]);
  });

  it("a release of before is not forgotten, and none while they are not settled", async () => {
    const node = await ScriptedNode.start();
    const { engine, proposals } = node.core;
    new TombstoneCollector(engine, proposals);
    node.rival(3, "x", "a", "b", "c");
    engine.clock.observe(3);
    proposals.change(KEY, release, { deadline: Infinity }).catch(() => {});
    await node.ask("a", "b");
    await node.ask("a", "b", "c");
    // All have accepted it, and are about to be told.
    await change(node);
    proposals.change(KEY, release, { deadline: Infinity, mustWrite: true }).catch(() => {});
    await node.settle();
    const { ballot } = await latest(node, "d", "prepare");
    for (const member of ["a", "d"]) await reply(node, member, promiseOf(ballot));
    for (const member of ["a", "b", "d"]) {
      await reply(node, member, { type: "accepted", ballot });
    }
    node.engine.learn({ ...CHANGED, leaving: null, settled: true });
    await node.time.pass(100);
    assertEquals((await asked(node, "a", "d")).filter((types) => types.includes("forget")), []);
  });
});

describe("what waits to leave when the members change (section 11)", () => {
  it("leaves with the old header: it belongs to an attempt under the old configuration", async () => {
    const node = await ScriptedNode.start();
    node.frames.length = 0;
    node.core.proposals.change(KEY, sendable(setOnce("x")), { deadline: Infinity }).catch(() => {});
    node.engine.learn(CHANGED);
    await node.settle();
    const sent = node.frames.map(({ to, frame }) => {
      const decoded = decodeFrame(frame);
      if (!decoded.ok) throw new Error("no frame");
      return `${to} ${decoded.frame.header.epoch} ${
        decoded.frame.requests.map(({ type }) => type)
      }`;
    });
    assertEquals(sent.filter((frame) => frame.startsWith("a")), [
      "a 0 prepare",
      "a 1 renew,prepare",
    ]);
    assertEquals(sent.filter((frame) => frame.startsWith("c")), ["c 0 prepare"]);
  });
});

describe("a promise that is handed on when the members change (section 3)", () => {
  for (
    const { name, pushes, isTaken } of [
      { name: "is taken of two members of the present epoch", pushes: [1, 1], isTaken: true },
      { name: "is not taken of members of the epoch before", pushes: [0, 0], isTaken: false },
      { name: "is not taken of members of two epochs together", pushes: [0, 1], isTaken: false },
    ]
  ) {
    it(name, async () => {
      const node = await ScriptedNode.start();
      const { proposals, watches } = node.core;
      proposals.inherit(KEY);
      watches.watch(KEY, (learned) => proposals.learned(KEY, learned));
      await change(node);
      const { id } = await latest(node, "a", "watch");
      for (const [index, epoch] of pushes.entries()) {
        const header = { ...node.header("a"), ...(epoch === 1 ? AHEAD : {}) };
        node.receive(["a", "b"][index], { header, replies: [{ ...HANDED_ON, id }] });
      }
      await node.settle();
      proposals.change(KEY, sendable(append("y")), { deadline: Infinity }).catch(() => {});
      await node.settle();
      const { type, ballot } = (await node.asked("d")).at(-1) as { type: string; ballot?: Ballot };
      assertEquals([type, ballot?.life], [isTaken ? "accept" : "prepare", life(9)]);
    });
  }

  it("is not used with the members that come then", async () => {
    const node = await ScriptedNode.start();
    const { proposals, watches } = node.core;
    proposals.inherit(KEY);
    watches.watch(KEY, (learned) => proposals.learned(KEY, learned));
    const { id } = await latest(node, "a", "watch");
    for (const member of ["a", "b"]) node.receive(member, { replies: [{ ...HANDED_ON, id }] });
    await change(node);
    proposals.change(KEY, sendable(append("y")), { deadline: Infinity }).catch(() => {});
    await node.settle();
    assertEquals((await node.asked("d")).at(-1)?.type, "prepare");
  });

  it("is not told to those who begin to watch with the members that come then", async () => {
    const node = await ScriptedNode.start();
    const { ballot, state } = HANDED_ON;
    let answer = () => {};
    // What is read has no more than the state.
    const read = () => new Promise<Learned>((resolve) => answer = () => resolve({ ballot, state }));
    const watches = new Watches(node.engine, { reread: read, lost: () => {} });
    watches.watch(KEY, () => {});
    const { id } = await latest(node, "a", "watch");
    for (const member of ["a", "b"]) node.receive(member, { replies: [{ ...HANDED_ON, id }] });
    await change(node);
    const told: unknown[] = [];
    watches.watch(KEY, ({ state, heir }) => told.push([state?.token, heir]));
    answer();
    await node.settle();
    assertEquals(told, [[7, undefined]]);
  });
});

type Contents<R> = R extends unknown ? Omit<R, "id"> : never;

/** A member that knows of the change answers the latest request to it. */
async function reply(node: ScriptedNode, member: string, contents: Contents<Reply>): Promise<void> {
  const id = (await node.asked(member)).at(-1)?.id ?? 0;
  const header = { ...node.header("a"), ...AHEAD };
  node.receive(member, { header, replies: [{ id, ...contents } as Reply] });
  await node.settle();
}

/** The latest request to a member. */
async function latest<T extends Request["type"]>(node: ScriptedNode, member: string, type: T) {
  const request = (await node.asked(member)).findLast((one) => one.type === type);
  if (request === undefined) throw new Error(`no ${type}`);
  return request as Extract<Request, { type: T }>;
}

function promiseOf(ballot: Ballot): Contents<Reply> & { type: "promise" } {
  return { type: "promise", ballot, accepted: null, copied: false, floor: 0, stale: [] };
}
