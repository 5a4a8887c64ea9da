import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertLess } from "@std/assert";
import { writeFrames } from "../../../transports/link/frame_stream.ts";
import { decodeMessage, encodeMessage } from "../../../transports/websocket/message.ts";
import { within } from "../../support/wait.ts";
import { SECRET } from "../support/networks.ts";
import { TestServer } from "../support/server.ts";
import { Station } from "../support/station.ts";
import { enter, transportWith } from "./support/setup.ts";

const message = (piece: Uint8Array, acknowledged = 0, answerNow = false) =>
  encodeMessage({ piece, acknowledged, answerNow });

describe("webSocket(): authenticated peers", () => {
  let server: TestServer;
  let node: Station;
  let undo: (() => unknown)[];

  beforeEach(async () => {
    undo = [];
    server = await TestServer.start();
    undo.push(() => server.close());
    const transport = transportWith({ secret: SECRET }, { beat: 1_000, tick: 300 });
    server.mount(transport.routes);
    undo.push(() => transport.close());
    node = await Station.open("s", transport);
  });

  afterEach(async () => {
    for (const step of undo.reverse()) await step();
  });

  const come = (id = "c") => enter(server, id, "s");

  it("send frames only as their authenticated id", async () => {
    const [c, d] = [await come("c"), await come("d")];
    c.send(message(writeFrames([Uint8Array.of(1), Uint8Array.of(2)])));
    await node.until(() => node.received.length === 2);
    d.send(message(writeFrames([Uint8Array.of(3)])));
    await node.until(() => node.received.length === 3);
    assertEquals(node.received.map(([from, frame]) => `${from} ${frame[0]}`), [
      "c 1",
      "c 2",
      "d 3",
    ]);
    await Promise.all([c.close(), d.close()]);
  });

  it("are closed with 4400 when they violate the protocol", async () => {
    const frameThatNoNodeReads = Uint8Array.of(1, 0, 0, 1);
    const violations: [string, string | Uint8Array<ArrayBuffer>][] = [
      ["text", "text"],
      ["nothing", new Uint8Array(0)],
      ["less than a header", new Uint8Array(4)],
      ["unknown flags", Uint8Array.of(2, 0, 0, 0, 0)],
      ["an acknowledgement of a piece that was never sent", message(new Uint8Array(0), 1)],
      ["a message that is too large", message(writeFrames([new Uint8Array(256 * 1024 - 3)]))],
      ["a frame that is too long", message(frameThatNoNodeReads)],
    ];
    for (const [what, data] of violations) {
      const socket = await come();
      socket.send(data);
      assertEquals((await socket.ended).code, 4400, what);
    }
    assertEquals(node.received, []);
  });

  it("that return replace their old connection, which is closed with 4409", async () => {
    const old = await come();
    const fresh = await come();
    assertEquals((await within(old.ended, "the end")).code, 4409);
    node.transport.send("c", Uint8Array.of(42));
    for (;;) {
      const { piece } = decodeMessage(await fresh.next() as Uint8Array) ?? {};
      if (piece?.length) {
        assertEquals(piece, writeFrames([Uint8Array.of(42)]));
        break;
      }
    }
    await fresh.close();
  });

  it("that do not acknowledge get about a megabyte; the oldest of the other frames are dropped", async () => {
    const socket = await come();
    for (let i = 0; i < 2_000; i++) {
      const frame = new Uint8Array(100_000);
      new DataView(frame.buffer).setUint32(0, i);
      node.transport.send("c", frame); // 200 megabytes together
      if (i % 10 === 0) await Promise.resolve();
    }
    let pieces = 0;
    let bytes = 0;
    let rest = new Uint8Array(0);
    const frames: number[] = [];
    const take = (data: Uint8Array) => {
      const { piece } = decodeMessage(data) ?? { piece: new Uint8Array(0) };
      if (piece.length === 0) return;
      pieces++;
      bytes += piece.length;
      const joined = new Uint8Array(rest.length + piece.length);
      joined.set(rest);
      joined.set(piece, rest.length);
      rest = joined;
      while (rest.length >= 100_004) {
        frames.push(new DataView(rest.buffer).getUint32(4));
        rest = rest.slice(100_004);
      }
    };
    // Two signs of life in a row: no more frames follow.
    for (let idle = 0; idle < 2;) {
      const data = await socket.next() as Uint8Array;
      idle = data.length === 5 ? idle + 1 : 0;
      take(data);
      socket.send(message(new Uint8Array(0))); // a sign of life without an acknowledgement
    }
    assert(bytes >= 1024 * 1024, `${bytes}`);
    assertLess(bytes, 1024 * 1024 + 256 * 1024 + 1);
    const sentAtOnce = frames.length;

    // After an acknowledgement the waiting frames come: the newest, up to the limit.
    while (frames.at(-1) !== 1_999) {
      socket.send(message(new Uint8Array(0), pieces));
      take(await socket.next() as Uint8Array);
    }
    assertLess(frames.length - sentAtOnce, 60);
    await socket.close();
  });

  it("that fall silent are closed with 4408", async () => {
    const socket = await come();
    assertEquals((await within(socket.ended, "the end")).code, 4408);
  });

  it("are asked for a sign of life when they are silent, and get a requested acknowledgement", async () => {
    const socket = await come();
    assertEquals(await socket.next(), message(new Uint8Array(0), 0, true));
    socket.send(message(writeFrames([Uint8Array.of(1)]), 0, true));
    for (;;) {
      const answer = decodeMessage(await socket.next() as Uint8Array);
      if (answer?.acknowledged === 1) break;
      assertEquals(answer?.piece.length, 0);
    }
    await socket.close();
  });
});
