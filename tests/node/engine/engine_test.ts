// Runs in Deno alone: virtual time, so the outcome does not depend on the runtime.
import { assertEquals, assertNotEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { decodeFrame } from "../../../lib/codec.ts";
import { counterBound, MAX_COUNTER } from "../../../lib/paxos/ballot.ts";
import { assertInvariant, InvariantError } from "../../../lib/paxos/invariant.ts";
import type {
  Frame,
  Header,
  PersonalReply,
  PersonalRequest,
  RelayPayload,
  Reply,
  Request,
} from "../../../lib/paxos/messages.ts";
import { Voter } from "../../../lib/paxos/voter.ts";
import { MAX_LISTS } from "../../../lib/node/engine/dispatcher.ts";
import { assertCode } from "../../support/expect.ts";
import { KEY, life, ScriptedNode } from "../../support/scripted_node.ts";

/** Member c of a, b and c, operational in its first life. */
async function member(clients = true): Promise<ScriptedNode> {
  const node = await ScriptedNode.start({ self: "c", withoutSession: true, clients });
  node.engine.changeLife(life(1));
  node.engine.vote(new Voter(node.record, life(1), node.voterSettings), node.record.lives);
  await node.settle();
  node.frames.length = 0;
  return node;
}

const READ: Request = { id: 7, type: "read", register: KEY };

/** The frames that the node has sent to `to` since the last call. */
async function sent(node: ScriptedNode, to: string): Promise<Frame[]> {
  await node.settle();
  const frames = node.frames.splice(0).filter((one) => one.to === to);
  return frames.map(({ frame }) => {
    const decoded = decodeFrame(frame);
    if (!decoded.ok) throw new Error("not a frame");
    return decoded.frame;
  });
}

/** The node's reply to this frame of a. */
async function answers(
  node: ScriptedNode,
  header: Partial<Header>,
  request: Request = READ,
  from = "a",
): Promise<string[]> {
  node.receive(from, { header: { ...node.header("a"), ...header }, requests: [request] });
  return (await sent(node, from)).flatMap(({ replies }) => replies.map(({ type }) => type));
}

describe("Engine: the nodes that a member answers (section 7)", () => {
  it("nodes under the same genesis, in the same epoch", async () => {
    const node = await member();
    assertEquals(await answers(node, {}), ["current"]);
    assertEquals(await answers(node, { genesis: "other" }), []);
    assertEquals(await answers(node, { genesis: null, vector: [] }), []);
    assertEquals(await answers(node, { epoch: 1 }), []);
  });

  it("no node while it has no vote", async () => {
    const node = await ScriptedNode.start({ self: "c", withoutSession: true });
    assertEquals(await answers(node, {}), []);
  });

  it("strangers only with `notAMember`, if the cluster has no clients", async () => {
    const ask: Request = { id: 7, type: "ask", body: new Uint8Array() };
    for (const clients of [true, false]) {
      const node = await member(clients);
      const stranger = { life: life(5), incarnation: null };
      const expected = clients ? ["current"] : ["notAMember"];
      assertEquals(await answers(node, stranger, READ, "x"), expected);
      assertEquals(await answers(node, stranger, ask, "x"), clients ? [] : ["notAMember"]);
      assertEquals(node.handed.includes("asked by x"), clients);
    }
  });

  it("under its incarnation, with all crashes that it knows of", async () => {
    const node = await member();
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

describe("Engine: crashes", () => {
  it("the lives in the record are the first incarnations", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    assertEquals(node.engine.vector, node.record.lives);
  });

  it("a member that votes again knows the crashes that it copied, and those that it has heard of since", async () => {
    const node = await ScriptedNode.start({ self: "c", withoutSession: true });
    node.receive("a", { header: { ...node.header("a"), incarnation: life(3) } });
    node.engine.vote(new Voter(node.record, life(2), node.voterSettings), [
      life(1),
      life(5),
      life(1),
    ]);
    assertEquals(node.engine.vector, [life(3), life(5), life(2)]);
  });

  it("a member that hears of a later incarnation of itself never votes again", async () => {
    const node = await member();
    node.receive("a", { header: { ...node.header("a"), vector: [life(1), life(1), life(2)] } });
    assertEquals(node.handed.includes("replaced"), true);
    assertEquals(node.engine.voter, null);
    assertEquals(await answers(node, {}), []);
  });

  it("the same for one that heard of it while it was recovering", async () => {
    const node = await ScriptedNode.start({ self: "c", withoutSession: true });
    node.receive("a", { header: { ...node.header("a"), vector: [life(1), life(1), life(3)] } });
    assertEquals(node.handed.includes("replaced"), false);
    node.engine.vote(new Voter(node.record, life(2), node.voterSettings), node.record.lives);
    assertEquals([node.engine.voter, node.handed.includes("replaced")], [null, true]);
    assertEquals(await answers(node, {}), []);
  });

  it("such a member drops its waiting messages", async () => {
    const node = await member();
    node.receive("a", { requests: [READ] });
    node.receive("b", { header: { ...node.header("b"), vector: [life(1), life(1), life(2)] } });
    assertEquals(await sent(node, "a"), []);
  });

  it("its own incarnation, or an earlier one, does not replace it", async () => {
    const node = await member();
    for (const own of [life(1), life(0), ""]) {
      node.receive("a", { header: { ...node.header("a"), vector: [life(1), life(1), own] } });
    }
    assertEquals(await answers(node, {}), ["current"]);
    assertEquals(node.handed.includes("replaced"), false);
  });

  it("a vector of another genesis has no effect", async () => {
    const node = await member();
    const header = { ...node.header("a"), genesis: "other", vector: [life(1), life(1), life(2)] };
    node.receive("a", { header });
    assertEquals(node.handed, ["otherGenesis of a"]);
    assertEquals(node.engine.vector, node.record.lives);
  });
});

describe("Engine: the replies that count", () => {
  it("those of voting members of its own genesis", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    const header = node.header("a");
    const { vector } = header;
    assertEquals(node.engine.sender("a", header), { member: "a", incarnation: life(1), vector });
    assertEquals(node.engine.sender("a", { ...header, genesis: "other" }), undefined);
    assertEquals(node.engine.sender("a", { ...header, genesis: null }), undefined);
    assertEquals(node.engine.sender("a", { ...header, incarnation: null }), undefined);
  });

  it("none before it knows its genesis", () => {
    const node = new ScriptedNode({});
    assertEquals(node.engine.sender("a", node.header("a")), undefined);
    const nothing = { ...node.header("a"), genesis: null };
    assertEquals(node.engine.sender("a", nothing), undefined);
  });

  it("only those to its present life", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    const heard: string[] = [];
    const question = node.engine.pendingReplies.open((from) => void heard.push(from));
    const replies = [{ id: question, type: "full", tidying: false, missing: [] } as const];
    node.receive("a", { replies, repliesTo: life(8) });
    node.receive("b", { replies });
    assertEquals(heard, ["b"]);
  });
});

describe("Engine: the lives that still run (section 6)", () => {
  it("are those of every frame that arrives, and of relayed messages", async () => {
    const node = await member();
    node.heard.length = 0;
    await answers(node, { life: life(3) });
    await answers(node, { life: life(4), genesis: "other" }, READ, "stranger");
    const ask: PersonalRequest = { id: 1, type: "ask", body: Uint8Array.of(1) };
    const payload = { repliesTo: null, message: ask };
    node.receive("a", {
      requests: [{ id: 1, type: "relayed", from: "x", life: life(5), payload }],
    });
    assertEquals(node.heard, [life(3), life(4), life(1), life(5)]);
  });
});

describe("Engine: a relayed message", () => {
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
    const node = await member();
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
    const node = await member();
    node.receive("x", { header: { ...node.header("a"), incarnation: null }, requests: [relayed] });
    node.receive("a", { header: { ...node.header("a"), genesis: "other" }, requests: [relayed] });
    assertEquals(node.handed.includes("handover of x"), false);
  });

  it("is not taken from a stranger, through any member", async () => {
    const node = await member(false);
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
    const node = await member();
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
    const node = await member(false);
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

describe("Engine: another life", () => {
  it("drops the waiting messages of the life before", async () => {
    const node = await member();
    node.receive("a", { requests: [READ] });
    node.engine.changeLife(life(2));
    assertEquals(await sent(node, "a"), []);
    node.receive("a", { requests: [READ] });
    assertEquals((await sent(node, "a"))[0].header.life, life(2));
  });

  it("after giving up has no vote, genesis or crashes", async () => {
    const node = await member();
    node.receive("a", { requests: [READ] });
    node.engine.forget(life(2));
    assertEquals(await sent(node, "a"), []);
    assertEquals(await answers(node, {}), []);
    assertEquals([node.engine.voter, node.engine.record], [null, null]);
    assertEquals(node.engine.vector, ["", "", ""]);
    assertEquals(node.engine.sender("a", node.header("a")), undefined);
  });
});

describe("Engine: the answers that count", () => {
  it("those of members, and those of clients of this genesis about their processes", async () => {
    const node = await member();
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

describe("Engine: a frame with many requests", () => {
  it("is answered with few lists, and all other replies", async () => {
    const node = await member();
    const list = (id: number): Request => ({ id, type: "list", prefix: "k\xf6", after: "" });
    const requests = Array.from(
      { length: 100 },
      (_, id) => id % 2 === 0 ? list(id) : { ...READ, id },
    );
    node.receive("a", { requests });
    const types = (await sent(node, "a")).flatMap(({ replies }) => replies.map(({ type }) => type));
    assertEquals(types.filter((type) => type === "listed").length, MAX_LISTS);
    assertEquals(types.filter((type) => type === "current").length, 50);
  });
});

describe("Engine: an error in the handling of a frame", () => {
  it("drops that frame, and is reported", async () => {
    const node = await member();
    const { dropped } = node.engine.frames;
    const fail = () => {
      throw new Error("as planned");
    };
    const question = node.engine.pendingReplies.open(fail);
    node.receive("a", { replies: [{ id: question, type: "watching" }] });
    assertEquals(node.handed.filter((what) => what.startsWith("failed")), [
      "failed: Error: as planned",
    ]);
    assertEquals(node.engine.frames.dropped, dropped + 1);
    assertEquals(await answers(node, {}), ["current"]);
  });
});

describe("Engine: the Lamport clock", () => {
  it("follows the frames of members under the same genesis", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    node.receive("a", { header: { ...node.header("a"), clock: 90 } });
    node.receive("a", { header: { ...node.header("a"), clock: 80 } });
    assertEquals(node.engine.clock.next(), 91);
  });

  it("but not those of another genesis, or of none", async () => {
    const node = await ScriptedNode.start({ withoutSession: true });
    node.receive("a", { header: { ...node.header("a"), clock: 90 } });
    for (const genesis of ["other", null]) {
      node.receive("a", { header: { ...node.header("a"), clock: 100, genesis, vector: [] } });
    }
    assertEquals(node.engine.clock.next(), 91);
  });

  it("follows those of clients, if the cluster has any, up to the bound", async () => {
    for (const clients of [true, false]) {
      const node = await member(clients);
      const bound = counterBound(node.record.floor, node.time.runtime.wallNow());
      const client = { ...node.header("a"), life: life(5), incarnation: null };
      for (const clock of [bound + 1, bound, bound + 1]) {
        node.receive("x", { header: { ...client, clock } });
      }
      assertEquals(node.engine.clock.counter, clients ? bound : node.record.floor);
      assertEquals(node.engine.frames.dropped, 2);
    }
  });

  it("follows a member up to the last counter", async () => {
    const node = await member();
    node.receive("a", { header: { ...node.header("a"), clock: MAX_COUNTER - 1 } });
    assertEquals(node.engine.clock.counter, MAX_COUNTER - 1);
  });

  it("is above the floor of the genesis", () => {
    const node = new ScriptedNode({});
    node.engine.enter({ ...node.record, floor: 500 });
    assertEquals(node.engine.clock.next(), 501);
  });
});

describe("Engine: a failed invariant", () => {
  it("ends the vote and all operations, present and later ones, and silences the node", async () => {
    const node = await member();
    const limits = { deadline: Infinity };
    const present = node.engine.operation<void>(limits);
    const question = node.engine.pendingReplies.open(() => assertInvariant(false, "as planned"));
    node.receive("a", { requests: [READ], replies: [{ id: question, type: "watching" }] });
    const later = node.engine.operation<void>(limits);
    await assertCode(present.promise, "invariant_failed");
    await assertCode(later.promise, "invariant_failed");
    assertEquals([node.engine.voter, node.engine.isClosed], [null, true]);
    assertEquals(node.handed.filter((what) => what.startsWith("broken")), [
      "broken: Node c has stopped, since an invariant does not hold: as planned",
    ]);
    // Not even the answer to the request of the same frame.
    assertEquals(await sent(node, "a"), []);
  });

  it("is contained once, and other errors are handed back", async () => {
    const { engine } = await member();
    const other = new Error("another one");
    assertEquals(engine.contain(other), other);
    const first = engine.contain(new InvariantError("the first"));
    assertEquals(engine.contain(new InvariantError("the second")), first);
  });
});
