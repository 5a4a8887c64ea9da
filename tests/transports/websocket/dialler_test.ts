import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals, assertGreater, assertInstanceOf, assertMatch } from "@std/assert";
import { SynodError } from "../../../lib/errors.ts";
import { makeProof } from "../../../transports/auth/proof.ts";
import type { Hello } from "../../../transports/auth/handshake.ts";
import type { WebSocketOptions } from "../../../transports/websocket/options.ts";
import type { WebSocketTimes } from "../../../transports/websocket/times.ts";
import { OTHER_SECRET, SECRET, testKeys } from "../support/networks.ts";
import { TestServer } from "../support/server.ts";
import { Station } from "../support/station.ts";
import { fakeServer, transportWith } from "./support/setup.ts";

const NONCE = "0".repeat(32);

const backoff = { first: 5, longest: 20, refused: 60_000, stable: 10_000 };

describe("webSocket(): connections to peers", () => {
  let undo: (() => unknown)[];

  beforeEach(() => {
    undo = [];
  });

  afterEach(async () => {
    for (const step of undo.reverse()) await step();
  });

  async function fake(onMessage: Parameters<typeof fakeServer>[0]) {
    const made = await fakeServer(onMessage);
    undo.push(() => made.server.close());
    return made;
  }

  async function connect(
    options: WebSocketOptions,
    times: Partial<WebSocketTimes> = {},
    id = "c",
  ): Promise<Station> {
    const transport = transportWith(options, { backoff, ...times });
    undo.push(() => transport.close());
    return await Station.open(id, transport);
  }

  /** A real node with its own server, by default `s`. */
  async function listen(options: WebSocketOptions, id = "s") {
    const server = await TestServer.start();
    undo.push(() => server.close());
    const transport = transportWith(options, { backoff });
    server.mount(transport.routes);
    undo.push(() => transport.close());
    return { url: server.url("ws"), station: await Station.open(id, transport) };
  }

  /** Waits until the node has reported, and checks the report. */
  async function assertReport(station: Station, why: RegExp): Promise<void> {
    await station.until(() => station.reports.length > 0);
    const [error] = station.reports;
    assertInstanceOf(error, SynodError);
    assertEquals(error.code, "unauthorized");
    assertMatch(error.message, /^Cannot connect to s at ws:\/\/127\.0\.0\.1:\d+\/synod: /);
    assertMatch(error.message, why);
  }

  it("sends no frames to a server without a valid proof, takes none, and reports that once", async () => {
    const heard: string[] = [];
    const { url } = await fake((data, socket) => {
      heard.push(String(data));
      const { nonce, proof } = JSON.parse(heard[heard.length - 1]);
      if (proof === undefined) return socket.send(JSON.stringify({ id: "s", nonce }));
      // The only proof that it knows is the one that it got.
      socket.send(JSON.stringify({ welcome: true, proof }));
      socket.send(Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 42));
    });
    const c = await connect({ secret: SECRET, peers: { s: url } });
    await assertReport(c, /not made with the secret/);
    c.transport.send("s", Uint8Array.of(1));
    await c.transport.close();
    const [hello, answer, ...others] = heard.map((text) => JSON.parse(text));
    assertEquals(Object.keys(hello), ["synod", "cluster", "id", "to", "nonce"]);
    assertEquals(Object.keys(answer), ["proof"]);
    assertEquals([others, c.received], [[], []]);
  });

  it("takes the frames that arrive while the proof of the server is verified", async () => {
    const { url } = await fake(async (data, socket) => {
      const message = JSON.parse(String(data));
      if (message.nonce !== undefined) {
        hello = message;
        return socket.send(JSON.stringify({ id: "s", nonce: NONCE }));
      }
      const proof = await makeProof(await testKeys(), "accept", hello, { id: "s", nonce: NONCE });
      socket.send(JSON.stringify({ welcome: true, proof }));
      for (const byte of [1, 2, 3]) socket.send(Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, byte));
    });
    let hello: Hello;
    const c = await connect({ secret: SECRET, peers: { s: url } });
    await c.until(() => c.received.length === 3);
    assertEquals(c.received.map(([from, frame]) => [from, ...frame]), [["s", 1], ["s", 2], [
      "s",
      3,
    ]]);
  });

  it("sends no frames to a server that admits it without a proof", async () => {
    const heard: unknown[] = [];
    const { url } = await fake((data, socket) => {
      heard.push(data);
      socket.send(JSON.stringify({ welcome: true }));
    });
    const c = await connect({ secret: SECRET, peers: { s: url } });
    await assertReport(c, /has not proven/);
    c.transport.send("s", Uint8Array.of(1));
    await c.transport.close();
    assertEquals(heard.length, 1);
  });

  it("refuses a proof that the real server made for another node", async () => {
    const { url } = await fake(async (data, socket) => {
      const message = JSON.parse(String(data));
      if (message.nonce !== undefined) {
        hello = message;
        return socket.send(JSON.stringify({ id: "s", nonce: NONCE }));
      }
      const other = { ...hello, id: "other" };
      const proof = await makeProof(await testKeys(), "accept", other, { id: "s", nonce: NONCE });
      socket.send(JSON.stringify({ welcome: true, proof }));
    });
    let hello: Hello;
    await assertReport(await connect({ secret: SECRET, peers: { s: url } }), /not made with/);
  });

  it("tries again soon after a lost connection, but not after a refusal", async () => {
    const refusing = await fake((_, socket) => socket.close(4401, "refused: go away"));
    const losing = await fake((_, socket) => socket.close(1000, "bye"));
    const c = await connect({ insecure: true, peers: { s: refusing.url, t: losing.url } });
    await assertReport(c, /go away/);
    const { promise, resolve } = deferred();
    const check = setInterval(() => losing.connections() >= 10 && resolve(), 5);
    await promise;
    clearInterval(check);
    assertEquals(refusing.connections(), 1);
    assertEquals(c.reports.length, 1);
  });

  it("gives up a server that never answers, and tries again", async () => {
    let connections = 0;
    const { promise, resolve } = deferred();
    const silent = await fake(() => ++connections === 3 && resolve());
    await connect({ insecure: true, peers: { s: silent.url } }, { connect: 50 });
    await promise;
    assertGreater(silent.connections(), 2);
  });

  it("reports the reason of a refusal: the secret, the cluster, the node at that address", async () => {
    const { url, station } = await listen({ secret: SECRET });
    const peers = { s: url };
    const [wrong, other, elsewhere] = [
      await connect({ secret: OTHER_SECRET, peers }),
      await connect({ secret: SECRET, cluster: "other", peers }),
      await connect({ secret: SECRET, peers: { t: url } }),
    ];
    await assertReport(wrong, /not made with the secret/);
    await assertReport(other, /another cluster/);
    await elsewhere.until(() => elsewhere.reports.length > 0);
    assertMatch(elsewhere.reports[0].message, /^Cannot connect to t .*this is the node s$/);
    assertEquals(station.received, []);
    assertEquals(station.reports, []);
  });

  it("nodes of different clusters refuse each other, even if neither has a secret", async () => {
    const { url, station } = await listen({ insecure: true, cluster: "one" });
    const two = await connect({ insecure: true, cluster: "two", peers: { s: url } });
    await assertReport(two, /another cluster/);
    two.transport.send("s", Uint8Array.of(1));
    const one = await connect({ insecure: true, cluster: "one", peers: { s: url } }, {}, "d");
    await one.reach(station, "hello");
    assertEquals(new Set(station.received.map(([from]) => from)), new Set(["d"]));
  });

  it("close() sends the frames of the same turn", async () => {
    const { url, station } = await listen({ secret: SECRET });
    const c = await connect({ secret: SECRET, peers: { s: url } });
    await c.reach(station, "connected");
    c.transport.send("s", Uint8Array.of(42));
    await c.transport.close();
    await station.until(() => station.received.some(([_, frame]) => frame[0] === 42));
  });

  it("close() ends an attempt under way, and no other one follows", async () => {
    const { promise, resolve } = deferred();
    const silent = await fake(() => resolve());
    const c = await connect({ insecure: true, peers: { s: silent.url } });
    await promise;
    await c.transport.close();
    assertEquals([silent.connections(), c.reports], [1, []]);
  });
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => resolve = done);
  return { promise, resolve };
}
