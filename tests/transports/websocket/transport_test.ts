import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { writeFrames } from "../../../transports/link/frame_stream.ts";
import type { ServerSocketEvents } from "../../../transports/websocket.ts";
import type { WebSocketOptions } from "../../../transports/websocket/options.ts";
import { encodeMessage } from "../../../transports/websocket/message.ts";
import type { WebSocketTransport } from "../../../transports/websocket/transport.ts";
import { Station } from "../support/station.ts";
import { hello, transportWith } from "./support/setup.ts";

/** A connection that the test drives by hand, without a network. */
class Caller {
  /** The messages that it received. */
  readonly heard: unknown[] = [];
  /** The code that it was closed with. */
  code: number | null = null;
  readonly #events: ServerSocketEvents;
  #happened: () => void = () => {};

  readonly #socket = {
    send: (data: unknown) => {
      this.heard.push(data);
      this.#happened();
    },
    close: (code?: number) => {
      this.code = code ?? 1005;
      this.#happened();
    },
  };

  constructor(events: ServerSocketEvents) {
    this.#events = events;
  }

  /** As in a runtime that reports a connection before its first message. */
  open(): void {
    this.#events.onOpen({}, this.#socket);
  }

  say(data: unknown): void {
    this.#events.onMessage({ data }, { ...this.#socket }); // a new object each time, as in Bun
  }

  hangUp(): void {
    this.#events.onClose({ code: 1006, reason: "" }, this.#socket);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#happened = resolve);
  }
}

describe("WebSocketTransport", () => {
  let transport: WebSocketTransport;
  let node: Station;
  let app: Hono;
  let connect: () => ServerSocketEvents;
  let upgradeOptions: unknown;
  let options: WebSocketOptions;

  beforeEach(async () => {
    options = {
      insecure: true,
      upgradeWebSocket: (createEvents, given) => {
        upgradeOptions = given;
        connect = () => createEvents({});
        return () => Promise.resolve(new Response("upgraded"));
      },
    };
    transport = transportWith(options, { close: 10 });
    app = new Hono().route("/synod", transport.routes);
    node = await Station.open("s", transport);
  });

  afterEach(() => transport.close());

  const call = () => new Caller(connect());

  /** Connects as `id`. */
  async function enter(id: string): Promise<Caller> {
    const caller = call();
    caller.say(JSON.stringify(hello(id, "s")));
    await caller.until(() => caller.heard.length > 0 || caller.code !== null);
    return caller;
  }

  const frames = (...bytes: number[]) =>
    encodeMessage({
      answerNow: false,
      acknowledged: 0,
      piece: writeFrames(bytes.map((byte) => Uint8Array.of(byte))),
    });

  it("answers at the path where the user mounts it", async () => {
    assertEquals(await (await app.request("/synod")).text(), "upgraded");
    assertEquals((await app.request("/synod/else")).status, 404);
    assertEquals(await (await transport.routes.request("/")).text(), "upgraded");
  });

  it("has Deno drop silent connections, and keep the process alive for a few seconds only", () => {
    assertEquals(upgradeOptions, { idleTimeout: 10 });
  });

  it("detects a connection by its first message if the runtime does not report it before", async () => {
    const c = await enter("c");
    c.say(frames(1));
    assertEquals(node.received.map(([from, frame]) => `${from} ${frame}`), ["c 1"]);
  });

  it("refuses a caller that sends a second message before an answer", async () => {
    const caller = call();
    caller.say(JSON.stringify(hello("c", "s")));
    caller.say(JSON.stringify(hello("c", "s")));
    assertEquals(caller.code, 4401);
    const next = await enter("d");
    assertEquals([caller.heard, next.heard.length], [[], 1]);
  });

  it("keeps the order of messages that arrive as Blob", async () => {
    const c = await enter("c");
    c.say(new Blob([frames(1)]));
    c.say(new Blob([frames(2, 3)]));
    c.say(frames(4));
    await node.until(() => node.received.length === 4);
    assertEquals(node.received.map(([_, frame]) => frame[0]), [1, 2, 3, 4]);
  });

  it("sends one of more than 1,000 new connections away with 4429, but not the latest", () => {
    const callers = Array.from({ length: 1_002 }, call);
    for (const caller of callers) caller.open();
    assertEquals(callers.map(({ code }) => code).filter((code) => code !== null), [4429, 4429]);
    assertEquals(callers.at(-1)!.code, null);
  });

  it("admits 10,000 nodes, and a further one in place of a node without an address", async () => {
    await transport.close();
    const peers = { member: "ws://127.0.0.1:1/synod" };
    transport = transportWith({ ...options, peers }, { close: 10 });
    node = await Station.open("s", transport);
    const first = await enter("member");
    const callers: Caller[] = [];
    while (callers.length < 9_999) {
      const length = Math.min(500, 9_999 - callers.length);
      const more = Array.from({ length }, (_, i) => enter(`n${callers.length + i}`));
      callers.push(...await Promise.all(more));
    }
    assertEquals(callers.every(({ code }) => code === null), true);
    for (let i = 1; i <= 20; i++) assertEquals((await enter(`late-${i}`)).code, null);
    assertEquals(callers.filter(({ code }) => code === 4429).length >= 1, true);
    assertEquals([first.code, transport.reaches("member")], [null, true]);
  });

  it("sends to all connected nodes, and to none that has gone", async () => {
    const [c, d, e] = [await enter("c"), await enter("d"), await enter("e")];
    assertEquals(transport.reaches("d"), true);
    d.hangUp();
    assertEquals([transport.reaches("c"), transport.reaches("d")], [true, false]);
    transport.send("*", Uint8Array.of(1));
    transport.send("e", Uint8Array.of(2));
    transport.send("d", Uint8Array.of(3));
    await c.until(() => c.heard.length === 2);
    assertEquals(c.heard[1], frames(1));
    assertEquals(e.heard[1], frames(1, 2));
    assertEquals(d.heard.length, 1);
  });

  it("close() sends the frames of the same turn, then closes all connections", async () => {
    const [c, stranger] = [await enter("c"), call()];
    stranger.open();
    transport.send("c", Uint8Array.of(7));
    await transport.close();
    assertEquals(c.heard[1], frames(7));
    assertEquals([c.code, stranger.code], [1000, 1000]);
    assertEquals((await app.request("/synod")).status, 503);
  });

  it("close() ends a connection that opens meanwhile", async () => {
    const late = call();
    await transport.close();
    late.open();
    assertEquals(late.code, 1000);
  });
});
