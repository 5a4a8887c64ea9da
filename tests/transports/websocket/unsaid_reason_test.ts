import { assertEquals, assertMatch } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { type ClusterNode, join } from "../../../mod.ts";
import { webSocket, type WebSocketOptions } from "../../../transports/websocket.ts";
import { eventually } from "../../support/wait.ts";
import { SECRET } from "../support/networks.ts";
import { type Answer, Answering } from "../support/answering.ts";
import { runtime, TestServer, upgradeWebSocket } from "../support/server.ts";
import { Station } from "../support/station.ts";
import { transportWith } from "./support/setup.ts";

/** Whether the runtime says nothing of its failures, so that a node asks with a plain request. */
const IS_MUTE = runtime === "node";

/** One plain request. */
interface Question {
  readonly url: string;
  readonly redirect: string | undefined;
  readonly signal: AbortSignal;
}

const members = ["self", "other"];

/** Short, so that the waits between attempts are short, too. */
const sessionTtl = 1_000;

describe("a node whose WebSocket does not say why it has failed", () => {
  const { fetch } = globalThis;
  let undo: (() => unknown)[];
  let questions: Question[];
  /** What a plain request gets; by default nothing, before it is ended. */
  let answer: (() => Response) | null;

  beforeEach(() => {
    [undo, questions, answer] = [[], [], null];
    globalThis.fetch = (input, { redirect, signal } = {}) => {
      const question = { url: String(input), redirect, signal: signal as AbortSignal };
      questions.push(question);
      return new Promise((resolve, reject) => {
        if (answer !== null) return resolve(new Promise((done) => done(answer!())));
        question.signal.addEventListener("abort", () => reject(question.signal.reason));
      });
    };
  });

  afterEach(async () => {
    for (const step of undo.reverse()) await step();
    globalThis.fetch = fetch;
  });

  async function answering(kind: Answer) {
    const server = new Answering(kind);
    undo.push(() => server.close());
    return { server, url: `ws://127.0.0.1:${await server.listen()}/synod?key=topsecret4711` };
  }

  async function start(
    peers: WebSocketOptions["peers"],
    options: Partial<WebSocketOptions> = {},
    id = "self",
  ): Promise<ClusterNode> {
    const transport = webSocket({ secret: SECRET, peers, ...options });
    const node = await join({ id, members, sessionTtl, transport });
    undo.push(() => node.close());
    return node;
  }

  /** `count` connections more to this server: each ends another attempt, or follows the end of one. */
  async function attempts(server: Answering, count: number): Promise<void> {
    const least = server.connections + count;
    await eventually(() => server.connections >= least, `${count} attempts`);
  }

  async function lastError(node: ClusterNode): Promise<string> {
    return (await node.status()).members[1].lastError ?? "";
  }

  /** A second question is right only on a machine so slow that seconds have passed. */
  function assertAskedOnce(): void {
    assertEquals([1, 2].includes(questions.length), IS_MUTE, `${questions.length} questions`);
  }

  it("does not ask for attempts that it has ended itself", async () => {
    const { server, url } = await answering("nothing");
    const node = await start({ other: url });
    await attempts(server, 4);
    await node.close();
    assertEquals(questions, []);
  });

  it("asks once for several failures, without a user name, and tells what it has heard", async () => {
    answer = () => {
      throw new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } });
    };
    const { server, url } = await answering("reset");
    const node = await start({ other: url.replace("//", "//me:topsecret4712@") });
    await attempts(server, 5);
    assertAskedOnce();
    if (IS_MUTE) assertEquals(questions[0].url, url.replace("ws:", "http:"));
    const said = await lastError(node);
    assertEquals(said.replace(/\?.*/, "").includes("topsecret"), false, said);
    if (IS_MUTE) assertMatch(said, /^ws:\/\/127\.0\.0\.1:\d+\/synod: ECONNREFUSED/);
  });

  it("does not wait for the answer, and ends the question when it closes", async () => {
    const { server, url } = await answering("reset");
    const node = await start({ other: url });
    const expected = IS_MUTE ? /: the platform gives no reason$/ : /: /;
    await eventually(
      async () => expected.test(await lastError(node)),
      "a failure without an answer",
    );
    await attempts(server, 2);
    assertAskedOnce();
    await node.close();
    for (const { signal } of questions) assertEquals(signal.aborted, true);
  });

  it("ends the question when it is connected", async () => {
    const { server, url } = await answering("reset");
    const other = await TestServer.start();
    undo.push(() => other.close());
    let address = url;
    const node = await start((id) => id === "other" ? address : null);
    await attempts(server, 2);
    const options: WebSocketOptions = { secret: SECRET, upgradeWebSocket };
    const transport = webSocket(options);
    other.mount(transport.routes);
    const peer = await join({ id: "other", members, sessionTtl, transport });
    undo.push(() => peer.close());
    address = other.url("ws");
    await node.ready;
    assertAskedOnce();
    for (const { signal } of questions) assertEquals(signal.aborted, true);
  });

  it("follows no redirect, and reads no page", async () => {
    let cancelled = 0;
    answer = () => {
      const body = new ReadableStream({ cancel: () => void cancelled++ });
      return new Response(body, { status: 302, headers: { location: "http://elsewhere.invalid" } });
    };
    const { server, url } = await answering("reset");
    const node = await start({ other: url });
    await attempts(server, 3);
    if (!IS_MUTE) return;
    assertEquals([questions[0].redirect, cancelled], ["manual", questions.length]);
    assertMatch(await lastError(node), /: status 302$/);
  });

  it("does not repeat that a user name is missing where the address has one", async () => {
    answer = () => new Response(null, { status: 401 });
    const { server, url } = await answering("reset");
    const node = await start({ other: url.replace("//", "//me@") });
    await attempts(server, 3);
    if (IS_MUTE) assertMatch(await lastError(node), /: the platform gives no reason$/);
    assertAskedOnce();
  });

  it("ends the question when the peer is no member any more", async () => {
    const { server, url } = await answering("reset");
    const members = ["self", "other"];
    const transport = transportWith({ secret: SECRET, peers: () => url, WebSocket: undefined });
    undo.push(() => transport.close());
    await Station.open("self", transport, { sessionTtl, members });
    await attempts(server, 2);
    members.pop();
    transport.membersChanged();
    assertAskedOnce();
    for (const { signal } of questions) assertEquals(signal.aborted, true);
  });

  it("asks nothing around a class of the user", async () => {
    class Own extends globalThis.WebSocket {}
    const { server, url } = await answering("reset");
    await start({ other: url }, { WebSocket: Own });
    await attempts(server, 3);
    assertEquals(questions, []);
  });
});
