// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertNotEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { firstConfiguration } from "../../../lib/paxos/configuration.ts";
import { MAX_LISTS } from "../../../lib/node/engine/list_lane.ts";
import type {
  PersonalReply,
  PersonalRequest,
  RelayPayload,
  Reply,
  Request,
} from "../../../lib/paxos/messages.ts";
import type { Present } from "../../../lib/paxos/register.ts";
import { acceptRequest } from "../../support/accept_request.ts";
import { KEY, life, ScriptedNode, type ScriptOptions } from "../../support/scripted_node.ts";
import { answers, READ, sent, votingMember } from "../../support/voting_member.ts";

describe("Dispatcher: the nodes that a member answers (section 7)", () => {
  it("nodes under the same genesis, in the same epoch", async () => {
    const node = await votingMember();
    assertEquals(await answers(node, {}), ["current"]);
    assertEquals(await answers(node, { genesis: "other" }), []);
    assertEquals(await answers(node, { genesis: null, vector: [] }), []);
  });

  it("a node that is ahead or behind learns that instead, once for each frame", async () => {
    const node = await votingMember();
    assertEquals(await answers(node, { epoch: 1 }), ["unknownEpoch"]);
    node.receive("a", { header: { ...node.header("a"), epoch: 1 }, requests: [READ, READ] });
    const [{ replies }] = await sent(node, "a");
    assertEquals(replies.map(({ type }) => type), ["unknownEpoch"]);
  });

  it("no node while it has no vote", async () => {
    const node = await ScriptedNode.start({ self: "c", withoutSession: true });
    assertEquals(await answers(node, {}), []);
  });

  it("strangers only with `notAMember`, if the cluster has no clients", async () => {
    const ask: Request = { id: 7, type: "ask", body: new Uint8Array() };
    for (const clients of [true, false]) {
      const node = await votingMember(clients);
      const stranger = { life: life(5), incarnation: null };
      const expected = clients ? ["current"] : ["notAMember"];
      assertEquals(await answers(node, stranger, READ, "x"), expected);
      assertEquals(await answers(node, stranger, ask, "x"), clients ? [] : ["notAMember"]);
      assertEquals(node.handed.includes("asked by x"), clients);
    }
  });

  it("under its incarnation, with all crashes that it knows of", async () => {
    const node = await votingMember();
    node.receive("a", { header: { ...node.header("a"), vector: [life(1), life(4), life(1)] } });
    node.receive("a", { requests: [READ] });
    const [{ header, repliesTo }] = await sent(node, "a");
    assertEquals([header.incarnation, repliesTo], [life(1), life(1)]);
    assertEquals(header.vector, [life(1), life(4), life(1)]);
    // A later incarnation of the sender itself is such a crash.
    const later = { ...node.header("a"), incarnation: life(3) };
    node.receive("a", { header: later, requests: [READ] });
    assertEquals((await sent(node, "a"))[0].header.vector, [life(3), life(4), life(1)]);
  });
});

describe("Dispatcher: a relayed message", () => {
  const handover: PersonalRequest = {
    id: 7,
    type: "handover",
    op: `${life(5)}/1`,
    pid: { node: "c", session: `c/${life(1)}/1`, seq: 1 },
    register: KEY,
    value: new Uint8Array(1),
    bindings: [],
    timeout: 5,
    since: 0,
  };
  const question: RelayPayload = { repliesTo: null, message: handover };
  const relayed: Request = { id: 1, type: "relayed", from: "x", life: life(5), payload: question };
  const relay: Request = { id: 7, type: "relay", to: "x", payload: question };

  it("is answered by the same route, to the life that asked", async () => {
    const node = await votingMember();
    node.receive("a", { requests: [relayed] });
    assertEquals(node.handed.includes("handover of x"), true);
    const [{ requests, replies }] = await sent(node, "a");
    assertEquals(replies, []);
    const message = { id: 7, type: "handed", outcome: "no_quorum" } as const;
    const [{ id, ...answer }] = requests;
    assertEquals(answer, { type: "relay", to: "x", payload: { repliesTo: life(5), message } });
    assertNotEquals(id, 7);
  });

  it("is taken only from members, of the same genesis", async () => {
    const node = await votingMember();
    node.receive("x", { header: { ...node.header("a"), incarnation: null }, requests: [relayed] });
    node.receive("a", { header: { ...node.header("a"), genesis: "other" }, requests: [relayed] });
    assertEquals(node.handed.includes("handover of x"), false);
  });

  it("is not taken from a stranger, through any member", async () => {
    const node = await votingMember(false);
    node.receive("a", { requests: [relayed] });
    assertEquals(node.handed.includes("handover of x"), false);
    node.receive("a", { requests: [{ ...relayed, from: "b" }] });
    assertEquals(node.handed.includes("handover of b"), true);
  });

  it("as a reply counts for the life that asked, and not as a vote of its sender", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    const heard: unknown[] = [];
    const id = node.engine.pendingReplies.open((from, header) =>
      void heard.push([from, header.life, node.engine.sender(from, header)])
    );
    const message: PersonalReply = { id, type: "told", body: new Uint8Array(1) };
    for (const repliesTo of [life(8), node.engine.life]) {
      const load = { repliesTo, message };
      node.receive("a", { requests: [{ ...relayed, from: "b", life: life(6), payload: load }] });
    }
    assertEquals(heard, [["b", life(6), undefined]]);
  });

  it("is passed on only by members, under the same genesis, with the id of its sender", async () => {
    const node = await votingMember();
    node.receive("a", { header: { ...node.header("a"), genesis: "other" }, requests: [relay] });
    assertEquals(await sent(node, "x"), []);
    node.receive("a", { requests: [relay] });
    const [{ requests }] = await sent(node, "x");
    const [{ id: _, ...request }] = requests;
    assertEquals(request, { type: "relayed", from: "a", life: life(1), payload: question });
    const client = await ScriptedNode.start({ withoutSession: true });
    client.receive("a", { requests: [{ ...relay, to: "y" }] });
    assertEquals(await sent(client, "y"), []);
  });

  it("is passed on for no stranger", async () => {
    const node = await votingMember(false);
    const stranger = { life: life(5), incarnation: null };
    assertEquals(await answers(node, stranger, { ...relay, to: "b" }, "x"), ["notAMember"]);
    assertEquals(await sent(node, "b"), []);
  });

  it("is answered `unreachable` without a connection; a reply is lost then", async () => {
    const node = await ScriptedNode.start({
      self: "c",
      withoutSession: true,
      way: () => "none",
    });
    assertEquals(await answers(node, {}, relay), ["unreachable"]);
    const message = { id: 7, type: "handed", outcome: "full" } as const;
    const answer: Request = { ...relay, payload: { repliesTo: life(5), message } };
    assertEquals(await answers(node, {}, answer), []);
  });
});

describe("Dispatcher: the answers that count", () => {
  it("only those to its present life", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    const heard: string[] = [];
    const question = node.engine.pendingReplies.open((from) => void heard.push(from));
    const replies = [{ id: question, type: "full", tidying: false, missing: [] } as const];
    node.receive("a", { replies, repliesTo: life(8) });
    node.receive("b", { replies });
    assertEquals(heard, ["b"]);
  });

  it("those of members, and those of clients of this genesis about their processes", async () => {
    const node = await votingMember();
    const taken: string[] = [];
    const question = node.engine.pendingReplies.open((from, _header, { type }) => {
      taken.push(`${type} by ${from}`);
    });
    const told: Reply = { id: question, type: "told", body: new Uint8Array() };
    const replies: Reply[] = [told, { id: question, type: "watching" }];
    const client = { ...node.header("a"), life: life(5), incarnation: null };
    node.receive("a", { replies });
    node.receive("x", { header: client, replies });
    node.receive("y", { header: { ...client, genesis: "other" }, replies });
    node.receive("z", { header: { ...client, genesis: null, vector: [] }, replies });
    assertEquals(taken, ["told by a", "watching by a", "told by x"]);
  });
});

describe("Dispatcher: a frame with many requests", () => {
  it("is answered with few lists, one after the other, and all other replies at once", async () => {
    const node = await votingMember();
    const list = (id: number): Request => ({ id, type: "list", prefix: "k\xf6", after: "" });
    const requests = Array.from(
      { length: 100 },
      (_, id) => id % 2 === 0 ? list(id) : { ...READ, id },
    );
    const answered = async (type: Reply["type"]) =>
      (await sent(node, "a")).flatMap(({ replies }) => replies.filter((one) => one.type === type));
    node.receive("a", { requests });
    assertEquals((await answered("listed")).length, 1);
    node.receive("a", { requests: requests.slice(0, 2) });
    assertEquals((await answered("current")).length, 1);
    await node.time.pass(1_000);
    assertEquals((await answered("listed")).length, MAX_LISTS);
  });

  it("answers no list after the end", async () => {
    const node = await votingMember();
    const list = (id: number): Request => ({ id, type: "list", prefix: "k\xf6", after: "" });
    node.receive("a", { requests: [list(1), list(2), list(3)] });
    await sent(node, "a");
    node.engine.close();
    await node.time.pass(1_000);
    assertEquals(await sent(node, "a"), []);
  });
});

describe("Dispatcher: a frame that takes long (section 13)", () => {
  const ask = (id: number): Request => ({ id, type: "ask", body: new Uint8Array() });
  const asks = (count: number) => Array.from({ length: count }, (_, id) => ask(id));
  const begin = (options: ScriptOptions = {}) =>
    ScriptedNode.start({ self: "c", withoutSession: true, askTime: 1, ...options });
  const asked = (node: ScriptedNode) => node.handed.filter((what) => what.startsWith("asked"));

  it("leaves a rest for the peer's next turns, the replies with the last one", async () => {
    const node = await begin();
    const heard: string[] = [];
    const id = node.engine.pendingReplies.open((_, __, { type }) => void heard.push(type));
    const reply: Reply = { id, type: "told", body: new Uint8Array() };
    let rest = node.receive("a", { requests: asks(20), replies: [reply] });
    const left: unknown[] = [];
    while (rest) {
      left.push(rest.rest.requests.length, asked(node).length, heard.length);
      rest = node.engine.receive("a", rest, node.engine.runtime.now());
    }
    assertEquals(left, [13, 7, 0, 6, 14, 0]);
    assertEquals([asked(node).length, heard.length], [20, 1]);
    assertEquals([node.engine.frames.received, node.engine.frames.dropped], [1, 0]);
  });

  it("hears its sender once, and tells it once that it is of another epoch", async () => {
    const node = await votingMember(true, { askTime: 1 });
    const requests = asks(40).map((one, place) => place % 4 === 0 ? READ : one);
    let parts = 1;
    const header = { ...node.header("a"), epoch: 1 };
    let rest = node.receive("a", { header, requests });
    for (; rest; parts++) rest = node.engine.receive("a", rest, node.engine.runtime.now());
    assertEquals([parts, node.heard, asked(node).length], [6, [life(1)], 30]);
    const replies = (await sent(node, "a")).flatMap(({ replies }) => replies);
    assertEquals(replies.map(({ type }) => type), ["unknownEpoch"]);
  });

  it("counts as long as the frame as a whole while it waits", async () => {
    const node = await begin();
    const body = new Uint8Array(1_000);
    const rest = node.receive("a", { requests: asks(20).map((one) => ({ ...one, body })) });
    assertEquals(rest ? Math.floor(rest.length / 1_000) : null, 20);
  });

  it("leaves nothing if it takes no long time, or if it is the node's own", async () => {
    const quick = await begin({ askTime: 0 });
    assertEquals(quick.receive("a", { requests: asks(1_000) }), undefined);
    assertEquals(asked(quick).length, 1_000);
    const node = await begin();
    for (const one of asks(20)) node.engine.ask(["c"], one);
    await node.settle();
    assertEquals(asked(node).length, 20);
  });

  it("is not gone on with once the node has closed, or lives under another genesis", async () => {
    for (const end of ["close", "enter"] as const) {
      const node = await begin();
      const rest = node.receive("a", { requests: asks(20) });
      if (end === "close") node.engine.close();
      else node.engine.enter({ ...node.record, id: "another" });
      assertEquals(rest && node.engine.receive("a", rest, node.engine.runtime.now()), undefined);
      assertEquals(asked(node).length, 7, end);
    }
  });
});

describe("Dispatcher: epochs (section 11)", () => {
  const newer = { ...firstConfiguration(["a", "b", "c"], [life(1), life(1), life(1)]), epoch: 2 };

  it("a node that is behind is told the configuration, once for each frame", async () => {
    const node = await votingMember();
    node.engine.learn(newer);
    await sent(node, "a");
    node.receive("a", { requests: [READ, READ] });
    const [{ replies }] = await sent(node, "a");
    assertEquals(replies, [{ id: 7, type: "newerConfiguration", ...node.engine.place!.news }]);
  });

  it("a list that waited for its turn is answered only in the epoch of its question", async () => {
    for (const isNewer of [false, true]) {
      const node = await votingMember();
      const list = (id: number): Request => ({ id, type: "list", prefix: "k\xf6", after: "" });
      node.receive("a", { requests: [list(1), list(2)] });
      const first = (await sent(node, "a")).flatMap(({ replies }) => replies.map(({ id }) => id));
      assertEquals(first, [1]);
      if (isNewer) node.engine.learn(newer);
      await node.time.pass(1_000);
      const later = (await sent(node, "a")).flatMap(({ replies }) => replies.map(({ id }) => id));
      assertEquals(later, isNewer ? [] : [2]);
    }
  });

  it("a node follows what it is told, and tells its own to one that does not know that", async () => {
    const node = await votingMember();
    const reply = {
      id: 1,
      type: "newerConfiguration",
      configuration: newer,
      incarnations: [],
    } as const;
    node.receive("a", { replies: [reply] });
    assertEquals(node.engine.configuration, newer);
    await sent(node, "b");
    node.receive("b", { replies: [{ id: 1, type: "unknownEpoch" }] });
    const [{ requests }] = await sent(node, "b");
    assertEquals(requests.map(({ type, ...rest }) => [type, "configuration" in rest]), [
      ["configure", true],
    ]);
  });

  it("not what a node of another genesis tells", async () => {
    const node = await votingMember();
    const reply = {
      id: 1,
      type: "newerConfiguration",
      configuration: newer,
      incarnations: [],
    } as const;
    const header = { ...node.header("a"), genesis: "other" };
    node.receive("a", { header, replies: [reply] });
    node.receive("a", {
      header,
      requests: [{ id: 1, type: "configure", configuration: newer, incarnations: [] }],
    });
    assertEquals(node.engine.configuration.epoch, 0);
  });

  it("a request that brings the configuration is served under it", async () => {
    const node = await votingMember();
    const header = { ...node.header("a"), epoch: 2 };
    const configure: Request = { id: 1, type: "configure", configuration: newer, incarnations: [] };
    node.receive("a", { header, requests: [configure, READ] });
    const [{ header: told, replies }] = await sent(node, "a");
    assertEquals([told.epoch, replies.map(({ type }) => type)], [2, ["current"]]);
    assertEquals(node.handed.includes("configure of a"), true);
  });

  it("a settled mark of any node of the cluster settles it", async () => {
    const node = await votingMember();
    node.engine.learn({ ...newer, settled: false });
    const header = { ...node.header("a"), epoch: 2, incarnation: null };
    node.receive("x", { header: { ...header, unsettled: true } });
    assertEquals(node.engine.configuration.settled, false);
    node.receive("x", { header });
    assertEquals(node.engine.configuration.settled, true);
  });
});

describe("Dispatcher: an heir that loses its promise (section 3)", () => {
  for (
    const [what, reached, told] of [
      ["tells it, if it reaches no member before it in order", "x", ["nack"]],
      ["leaves that to a member before it in order", "b", []],
    ] as const
  ) {
    it(`a member ${what}`, async () => {
      const node = await votingMember(
        true,
        { way: (to) => to === "x" || to === reached ? "direct" : "none" },
      );
      const heir = { ...node.header("a"), life: life(5), incarnation: null };
      const rival = { ...heir, life: life(6) };
      const ballot = { counter: 7, life: life(6) };
      const state = { present: false, token: 7 } as const;
      const accept = { ...acceptRequest(KEY, ballot, state), next: true, heir: life(5) };
      node.receive("x", { header: heir, requests: [{ id: 8, type: "watch", register: KEY }] });
      node.receive("y", { header: rival, requests: [{ ...accept, id: 3 }] });
      await sent(node, "x");
      const prepare = { id: 4, type: "prepare", register: KEY, ballot: { ...ballot, counter: 9 } };
      node.receive("y", { header: rival, requests: [prepare as Request] });
      const replies = (await sent(node, "x")).flatMap((frame) => frame.replies);
      assertEquals(replies.map(({ id, type }) => [id, type]), told.map((type) => [8, type]));
    });
  }
});

describe("Dispatcher: a register that another node is about to change", () => {
  it("is reported with each request of its proposers, and with no other one", async () => {
    const node = await votingMember();
    const ballot = { counter: 7, life: life(5) };
    const prepare: Request = { id: 1, type: "prepare", register: KEY, ballot };
    const accept = acceptRequest(KEY, ballot, { present: false, token: 7 });
    node.receive("a", { requests: [READ, { id: 2, type: "watch", register: KEY }] });
    await node.settle();
    assertEquals(node.changing, []);
    node.receive("a", { requests: [prepare] });
    node.receive("a", { requests: [{ ...accept, id: 3 }] });
    const state: Present = {
      ...{ present: true, token: 7, over: 0, op: `${life(5)}/1`, value: new Uint8Array(1) },
      ...{ bindings: [], owners: [] },
    };
    node.receive("a", { requests: [{ id: 4, type: "fast", register: KEY, ballot, state }] });
    await node.settle();
    assertEquals(node.changing, [KEY, KEY, KEY]);
    // Its own are not.
    node.engine.ask(["c"], { ...prepare, ballot: { ...ballot, counter: 9 } });
    await node.settle();
    assertEquals(node.changing, [KEY, KEY, KEY]);
  });
});
