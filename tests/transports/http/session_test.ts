import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertLess } from "@std/assert";
import type { HttpTimes } from "../../../transports/http/transport.ts";
import { FrameReader, writeFrames } from "../../../transports/link/frame_stream.ts";
import { SECRET } from "../support/networks.ts";
import { TestServer } from "../support/server.ts";
import { Station } from "../support/station.ts";
import { post, RawSession, transportWith } from "./support/setup.ts";

const byte = (value: number) => Uint8Array.of(value);

describe("http(): sessions", () => {
  let server: TestServer;
  let node: Station;
  let undo: (() => unknown)[];

  beforeEach(async () => {
    undo = [];
    server = await TestServer.start();
    undo.push(() => server.close());
    node = await listen({});
  });

  afterEach(async () => {
    for (const step of undo.reverse()) await step();
  });

  async function listen(times: Partial<HttpTimes>): Promise<Station> {
    const transport = transportWith({ secret: SECRET }, times);
    server.mount(transport.routes);
    undo.push(() => transport.close());
    return await Station.open("s", transport);
  }

  /** Replaces the node by one with other times. */
  async function relisten(times: Partial<HttpTimes>): Promise<void> {
    await node.transport.close();
    node = await listen(times);
  }

  const enter = (id = "c") => RawSession.enter(server, id, "s");

  it("are identified by their key as a bearer token", async () => {
    const { key } = await enter();
    const { status } = await post(server, "frames", "", { authorization: `Basic ${key}` });
    assertEquals(status, 401);
  });

  it("attribute frames to the authenticated id", async () => {
    const [c, d] = [await enter("c"), await enter("d")];
    const held = [c.say(byte(1), byte(2)), d.say(byte(3))];
    await node.until(() => node.received.length === 3);
    const heard = node.received.map(([from, frame]) => `${from} ${frame[0]}`).sort();
    assertEquals(heard, ["c 1", "c 2", "d 3"]);
    await node.transport.close();
    await Promise.all(held);
  });

  it("send an immediate reply in the response", async () => {
    const transport = transportWith({ secret: SECRET });
    undo.push(() => transport.close());
    await transport.open("s", (from, frame) => {
      // At the end of the turn, as a node replies.
      queueMicrotask(() => transport.send(from, byte(frame[0] + 1)));
    });
    server.mount(transport.routes);
    const c = await enter();
    assertEquals((await c.say(byte(41))).frames, [byte(42)]);
    assertEquals((await c.say(byte(1), byte(2))).frames, [byte(2), byte(3)]);
  });

  it("answer the held request when there are frames", async () => {
    const c = await enter();
    const held = c.say(byte(1));
    await node.until(() => node.received.length === 1);
    node.transport.send("c", byte(7));
    node.transport.send("c", byte(8));
    assertEquals(await held, { status: 200, frames: [byte(7), byte(8)] });
    // Without a held request frames wait for the next one.
    node.transport.send("c", byte(9));
    assertEquals(await c.say(), { status: 200, frames: [byte(9)] });
  });

  it("hold one request, and answer the older one", async () => {
    // The older one would be held for ever, and the newer one for two seconds: so that is answered first otherwise.
    await relisten({ hold: 600_000, tick: 600_000 });
    const c = await enter();
    const first = c.say(byte(1)).then((answer) => ["older", answer]);
    await node.until(() => node.received.length === 1);
    const second = c.post("frames", writeFrames([byte(2)]), { "synod-hold": "2000" });
    const earlier = await Promise.race([first, second]);
    assertEquals(earlier, ["older", { status: 200, frames: [] }]);
    node.transport.send("c", byte(3));
    assertEquals(new FrameReader().read((await second).body), [byte(3)]);
  });

  it("answer a held request after the hold time", async () => {
    await relisten({ hold: 30 });
    const c = await enter();
    assertEquals(await c.say(), { status: 200, frames: [] });
  });

  it("hold a request no longer than its header asks for, and ignore a malformed header", async () => {
    await relisten({ hold: 600_000, tick: 600_000 });
    const c = await enter();
    const held = c.post("frames", new Uint8Array(0), { "synod-hold": "soon" });
    const { status, body } = await c.post("frames", new Uint8Array(0), { "synod-hold": "20" });
    assertEquals([status, body.length], [200, 0]);
    await node.transport.close();
    await held;
  });

  it("end when no more requests come", async () => {
    await relisten({ hold: 5, tick: 10 });
    const c = await enter();
    await c.say();
    for (let tries = 0;; tries++) {
      assertLess(tries, 50);
      // This check is a request itself, so it must not be frequent.
      await new Promise((resolve) => setTimeout(resolve, 100));
      if ((await c.say()).status === 401) break;
    }
    node.transport.send("c", byte(1)); // lost: there is no session
  });

  it("end with a farewell, whose frames are still delivered", async () => {
    const c = await enter();
    const held = c.say();
    assertEquals(node.transport.reaches?.("c"), true);
    const { status } = await c.post("farewell", Uint8Array.of(1, 0, 0, 0, 77));
    assertEquals(status, 204);
    assertEquals(node.transport.reaches?.("c"), false);
    assertEquals((await held).status, 401);
    assertEquals(node.received, [["c", byte(77)]]);
    assertEquals((await c.say(byte(1))).status, 401);
  });

  it("of a node that returns replace its old session", async () => {
    const old = await enter();
    const held = old.say(byte(1));
    await node.until(() => node.received.length === 1);
    const fresh = await enter();
    assertEquals((await held).status, 409);
    assertEquals((await old.say(byte(2))).status, 401);
    const next = fresh.say(byte(3));
    await node.until(() => node.received.length === 2);
    node.transport.send("c", byte(4));
    assertEquals((await next).frames, [byte(4)]);
  });

  it("answer 400 to a malformed batch of frames, and deliver none of it", async () => {
    const c = await enter();
    const bodies: Uint8Array<ArrayBuffer>[] = [
      Uint8Array.of(1),
      Uint8Array.of(1, 0, 0, 0),
      Uint8Array.of(1, 0, 0, 0, 1, 1, 0, 0, 0),
      Uint8Array.of(255, 255, 255, 255, 0),
      new Uint8Array(17_000_000),
    ];
    for (const body of bodies) assertEquals((await c.post("frames", body)).status, 400);
    assertEquals(node.received, []);
  });

  it("keep a bounded number of bytes for a peer without requests, and drop the oldest frames", async () => {
    const c = await enter();
    for (let i = 0; i < 2_000; i++) {
      const frame = new Uint8Array(100_000); // 200 megabytes together
      new DataView(frame.buffer).setUint32(0, i);
      node.transport.send("c", frame);
    }
    const numbers: number[] = [];
    let bytes = 0;
    while (numbers.at(-1) !== 1_999) {
      for (const frame of (await c.say()).frames) {
        numbers.push(new DataView(frame.buffer).getUint32(0));
        bytes += frame.length;
      }
    }
    assertLess(bytes, 4 * 1024 * 1024 + 1);
    assert(numbers.every((number, i) => i === 0 || number === numbers[i - 1] + 1));
  });

  it("close() answers all held requests", async () => {
    const c = await enter();
    const held = c.say(byte(1));
    await node.until(() => node.received.length === 1);
    node.transport.send("c", byte(2)); // in the same turn as close()
    await node.transport.close();
    assertEquals(await held, { status: 200, frames: [byte(2)] });
    assertEquals((await c.say()).status, 503);
  });
});
