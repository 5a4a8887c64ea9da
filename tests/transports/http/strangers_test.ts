import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import process from "node:process";
import { keysOf } from "../../../transports/auth/keys.ts";
import { makeProof } from "../../../transports/auth/proof.ts";
import { nodeToken } from "../../../transports/http.ts";
import { writeFrames } from "../../../transports/link/frame_stream.ts";
import { SECRET, testKeys } from "../support/networks.ts";
import { TestServer } from "../support/server.ts";
import { seconds, sign } from "../support/tokens.ts";
import { Station } from "../support/station.ts";
import { hello, post, transportWith } from "./support/setup.ts";

const cluster = "synod";
/** A server that is no member, and does not run. */
const PEERS = { w3: "http://127.0.0.1:9" };

describe("http(): strangers", () => {
  let server: TestServer;
  let node: Station;
  let undo: (() => unknown)[];

  beforeEach(async () => {
    undo = [];
    server = await TestServer.start();
    undo.push(() => server.close());
    const transport = transportWith({ secret: SECRET, peers: PEERS });
    server.mount(transport.routes);
    undo.push(() => transport.close());
    node = await Station.open("s", transport, { sessionTtl: 5_000, members: ["s", "w2"] });
  });

  afterEach(async () => {
    for (const step of undo.reverse()) await step();
  });

  const token = async (claims: Record<string, unknown>) => {
    const { token } = await keysOf(SECRET, cluster);
    const all = { aud: cluster, sub: "c", iat: seconds(), exp: seconds() + 60, ...claims };
    return await sign(all, token);
  };

  it("answers 401 to a node with a token, also a valid one: that makes a guest", async () => {
    const valid = await nodeToken({ secret: SECRET, cluster, id: "c" });
    for (const made of [valid, await token({ exp: seconds() - 62 }), "a.b.c", "", 5, null]) {
      const body = JSON.stringify({ ...hello("c", "s"), token: made });
      const { status, text } = await post(server, "session", body);
      assertEquals(status, 401);
      assertStringIncludes(text, "a token makes a guest");
    }
  });

  it("answers 401 to an invalid proof, and accepts one answer per challenge", async () => {
    const greeting = hello("c", "s");
    const challenge = JSON.parse((await post(server, "session", JSON.stringify(greeting))).text);
    assertEquals(Object.keys(challenge), ["id", "nonce"]);
    const { nonce } = challenge;
    const answer = (message: unknown) => post(server, "session", JSON.stringify(message));
    assertEquals((await answer({ nonce, proof: await token({}) })).status, 401);
    const proof = await makeProof(await testKeys(), "connect", greeting, challenge);
    assertEquals((await answer({ nonce, proof })).status, 401);
    for (const message of [{ proof }, { nonce: {}, proof }, { nonce: "0".repeat(32), proof }]) {
      assertEquals((await answer(message)).status, 401);
    }
  });

  it("answers 401 to any malformed hello", async () => {
    const bodies: BodyInit[] = [
      "",
      "hello",
      "{}",
      "null",
      "[".repeat(10_000),
      "x".repeat(1_000_000),
      crypto.getRandomValues(new Uint8Array(10_000)),
    ];
    for (const body of bodies) assertEquals((await post(server, "session", body)).status, 401);
  });

  it("answers 401 to frames without a session, and reads none of them", async () => {
    const frames = writeFrames([Uint8Array.of(1)]);
    for (const route of ["frames", "farewell"]) {
      assertEquals((await post(server, route, frames)).status, 401);
      for (const authorization of ["", "Bearer", "Bearer ", "Bearer x", `Basic ${SECRET}`]) {
        assertEquals((await post(server, route, frames, { authorization })).status, 401);
      }
      const authorization = `Bearer ${await token({})}`;
      assertEquals((await post(server, route, frames, { authorization })).status, 401);
    }
    assertEquals(node.received, []);
  });

  it("answers 404 or 405 on all other routes", async () => {
    for (const route of ["", "sessions", "frames/x"]) {
      const { status } = await post(server, route, "");
      assert(status === 404 || status === 405, `${route}: ${status}`);
    }
    const response = await fetch(`${server.url("http")}/frames`);
    await response.body?.cancel();
    assertEquals(response.status, 404);
  });

  it("continues under 1,000 malformed requests, and keeps no memory of them", async () => {
    const transport = transportWith({ secret: SECRET, peers: { s: server.url("http") } });
    const friend = await Station.open("friend", transport);
    undo.push(() => transport.close());
    await friend.reach(node, "before");

    const expired = await token({ exp: seconds() - 1000 });
    const garbage: (() => Promise<{ status: number }>)[] = [
      () => post(server, "session", crypto.getRandomValues(new Uint8Array(1_000))),
      () => post(server, "session", JSON.stringify({ ...hello("friend", "s"), token: expired })),
      () => post(server, "session", JSON.stringify({ nonce: "0".repeat(32), proof: "garbage" })),
      () => post(server, "frames", new Uint8Array(1_000), { authorization: "Bearer garbage" }),
      () => post(server, "farewell", "garbage"),
    ];
    const attack = async (count: number) => {
      for (let i = 0; i < count; i++) {
        assertEquals((await garbage[i % garbage.length]()).status, 401);
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

  it("reads no more of a body than it needs", async () => {
    let sent = 0;
    const endless = (pieces: number) =>
      new ReadableStream({
        pull(controller) {
          if (sent++ < pieces) controller.enqueue(new Uint8Array(1_000_000));
          else controller.close();
        },
      });
    const before = process.memoryUsage().rss;
    for (const route of ["session", "frames", "farewell"]) {
      sent = 0;
      // The server may answer, or break off, before the whole body is sent.
      const status = await post(server, route, endless(64)).then(({ status }) => status, () => 401);
      assertEquals(status, 401);
    }
    // This process is also the sender of these bytes.
    assertLess(process.memoryUsage().rss - before, 300_000_000);
  });

  it("answers 503 before open() and after close()", async () => {
    await node.transport.close();
    const routes = ["session", "frames", "farewell"];
    for (const route of routes) assertEquals((await post(server, route, "")).status, 503);
    server.mount(transportWith({ secret: SECRET }).routes);
    for (const route of routes) assertEquals((await post(server, route, "")).status, 503);
  });
});
