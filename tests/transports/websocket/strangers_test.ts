import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import process from "node:process";
import { keysOf } from "../../../transports/auth/keys.ts";
import { nodeToken } from "../../../transports/websocket.ts";
import { within } from "../../support/wait.ts";
import { SECRET } from "../support/networks.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { runtime, TestServer } from "../support/server.ts";
import { seconds, sign } from "../support/tokens.ts";
import { Station } from "../support/station.ts";
import { TcpPeer } from "../support/tcp_peer.ts";
import { hello, transportWith } from "./support/setup.ts";

const cluster = "synod";
/** A server that is no member, and does not run. */
const PEERS = { w3: "ws://127.0.0.1:9" };

describe("webSocket(): strangers", () => {
  let server: TestServer;
  let node: Station;
  let undo: (() => unknown)[];

  beforeEach(async () => {
    undo = [];
    server = await TestServer.start();
    undo.push(() => server.close());
    node = await listen();
  });

  afterEach(async () => {
    for (const step of undo.reverse()) await step();
  });

  /** The node `s`, at the server. */
  async function listen(tick = 5_000): Promise<Station> {
    const transport = transportWith({ secret: SECRET, peers: PEERS }, { tick });
    server.mount(transport.routes);
    undo.push(() => transport.close());
    return await Station.open("s", transport, { sessionTtl: 5_000, members: ["s", "w2"] });
  }

  async function visit(message?: unknown): Promise<RawSocket> {
    return await RawSocket.open(server.url("ws"), message);
  }

  const token = async (claims: Record<string, unknown>) => {
    const { token } = await keysOf(SECRET, cluster);
    const all = { aud: cluster, sub: "c", iat: seconds(), exp: seconds() + 60, ...claims };
    return await sign(all, token);
  };

  it("answers others while a stranger pings without a pause, and reads nothing", async () => {
    const stranger = await TcpPeer.open(server.url("ws"));
    undo.push(() => stranger.destroy());
    stranger.ping(20_000);
    // Only in Bun is there a listener for pings. It ends the connection before the time for a hello is over.
    if (runtime === "bun") await within(stranger.ended, "the end of the connection", 4_000);
    const socket = await visit(hello("c", "s"));
    assertEquals((await socket.hear()).id, "s");
    await socket.close();
  });

  it("closes with 4401 on a node with a token, also a valid one: that makes a guest", async () => {
    const valid = await nodeToken({ secret: SECRET, cluster, id: "c" });
    for (const made of [valid, await token({ exp: seconds() - 62 }), "a.b.c", "", 5, null]) {
      const socket = await visit({ ...hello("c", "s"), token: made });
      const { code, reason } = await socket.ended;
      assertEquals(code, 4401);
      assertStringIncludes(reason, "a token makes a guest");
      assertEquals(socket.messages, []);
    }
  });

  it("closes with 4401 on an invalid proof", async () => {
    for (const answer of [{}, { proof: "" }, { proof: await token({}) }, "proof", null]) {
      const socket = await visit(hello("c", "s"));
      const challenge = await socket.hear();
      assertEquals(Object.keys(challenge), ["id", "nonce"]);
      socket.say(answer);
      assertEquals((await within(socket.ended, "the end")).code, 4401);
      assertEquals(socket.messages, []);
    }
  });

  it("closes with 4401 on any malformed hello", async () => {
    const messages: (string | Uint8Array<ArrayBuffer>)[] = [
      "",
      "hello",
      "{}",
      "null",
      "[".repeat(10_000),
      "x".repeat(1_000_000),
      new Uint8Array(0),
      new Uint8Array(5),
      crypto.getRandomValues(new Uint8Array(10_000)),
      new TextEncoder().encode(JSON.stringify(hello("c", "s"))),
    ];
    for (const message of messages) {
      const socket = await visit();
      socket.send(message);
      assertEquals((await socket.ended).code, 4401);
    }
  });

  it("closes with 4401 on a second message before an answer", async () => {
    const socket = await visit();
    for (let i = 0; i < 3; i++) socket.say(hello("c", "s"));
    assertEquals((await socket.ended).code, 4401);
  });

  it("closes with 4401 on silence", async () => {
    await node.transport.close();
    await listen(20);
    const socket = await visit();
    assertEquals((await within(socket.ended, "the end")).code, 4401);
  });

  it("delivers no frames of a stranger to the node", async () => {
    const frame = Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 42);
    for (const greeting of [undefined, hello("c", "s")]) {
      const socket = await visit(greeting);
      for (let i = 0; i < 10; i++) socket.send(frame);
      await socket.ended;
    }
    assertEquals(node.received, []);
  });

  it("continues under 1,000 malformed connections, and keeps no memory of them", async () => {
    const transport = transportWith({ secret: SECRET, peers: { s: server.url("ws") } });
    const friend = await Station.open("friend", transport);
    undo.push(() => transport.close());
    await friend.reach(node, "before");

    const expired = await token({ exp: seconds() - 1000 });
    const kinds: ((socket: RawSocket) => void)[] = [
      (socket) => socket.send(crypto.getRandomValues(new Uint8Array(1_000))),
      (socket) => socket.send("garbage"),
      (socket) => socket.say({ ...hello("friend", "s"), token: "garbage" }),
      (socket) => socket.say({ ...hello("friend", "s"), token: expired }),
      (socket) => {
        socket.say(hello("friend", "s"));
        socket.say({ proof: "garbage" });
      },
    ];
    const attack = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const socket = await visit();
        kinds[i % kinds.length](socket);
        assertEquals((await socket.ended).code, 4401);
      }
    };
    await attack(100);
    const before = process.memoryUsage().rss;
    await Promise.all(Array.from({ length: 9 }, () => attack(100)));
    assertLess(process.memoryUsage().rss - before, 200_000_000);

    await friend.reach(node, "after");
    await node.reach(friend, "back");
    assertEquals(new Set(node.received.map(([from]) => from)), new Set(["friend"]));
  });

  it("ends a connection that sends far too many bytes, without keeping them", async () => {
    const megabyte = new Uint8Array(1_000_000);
    const before = process.memoryUsage().rss;
    const socket = await visit();
    for (let i = 0; i < 64; i++) socket.send(megabyte);
    // With 4401, or broken off: the runtimes report the end of a full connection differently.
    await socket.ended;
    assertEquals(socket.messages, []);
    // This process is also the sender of these bytes.
    assertLess(process.memoryUsage().rss - before, 300_000_000);
    assertEquals(node.received, []);
  });

  it("answers a request without an upgrade with an error", async () => {
    const response = await fetch(server.url("http"));
    await response.body?.cancel();
    assert(response.status >= 400 && response.status < 500, `${response.status}`);
  });
});
