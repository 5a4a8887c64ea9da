import { afterEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { broadcastChannel } from "../../transports/broadcast_channel.ts";
import type { Transport } from "../../transports/transport.ts";
import { transportSuite } from "./suite.ts";

/** A name that no other test uses. */
const freshName = () => `test ${crypto.randomUUID()}`;

/** The time limit for an arrival, in milliseconds; only a failure reaches it. */
const LIMIT = 20_000;

/** Waits until a list has grown. */
class Arrivals {
  readonly #list: readonly unknown[];
  check: () => void = () => {};

  constructor(list: readonly unknown[]) {
    this.#list = list;
  }

  until(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        reject(new Error(`waited in vain: ${this.#list.length} of ${count} have arrived`));
      }, LIMIT);
      this.check = () => {
        if (this.#list.length < count) return;
        clearTimeout(limit);
        resolve();
      };
      this.check();
    });
  }
}

transportSuite("broadcastChannel()", () => {
  const name = freshName();
  return { transport: () => broadcastChannel(name), dispose: () => {} };
});

describe("broadcastChannel()", () => {
  const opened: { close(): void | Promise<void> }[] = [];

  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });

  /** An open transport, and a function that waits until it has received `count` frames. */
  async function station(name: string, id: string) {
    const transport: Transport = broadcastChannel(name);
    opened.push(transport);
    const received: [from: string, frame: Uint8Array][] = [];
    const arrivals = new Arrivals(received);
    await transport.open(id, (from, frame) => {
      received.push([from, frame]);
      arrivals.check();
    });
    return { transport, received, until: (count: number) => arrivals.until(count) };
  }

  /** Other code on the same channel, which counts the messages. */
  function stranger(name: string) {
    const channel = new BroadcastChannel(name);
    opened.push(channel);
    const messages: unknown[] = [];
    const arrivals = new Arrivals(messages);
    channel.onmessage = ({ data }: MessageEvent) => {
      messages.push(data);
      arrivals.check();
    };
    return { channel, messages, until: (count: number) => arrivals.until(count) };
  }

  it("throws a TypeError for an invalid name", () => {
    for (const name of ["", undefined, null, 1, {}, Symbol("name")]) {
      assertThrows(() => broadcastChannel(name as string), TypeError, "name");
    }
  });

  it("throws a TypeError for invalid options", () => {
    const locks = { request: () => Promise.resolve() };
    for (
      const options of [{}, { locks: true }, { locks: false }, { locks }, { locks: undefined }]
    ) {
      broadcastChannel("app", options);
    }
    for (const options of [null, 1, { locks: 1 }, { locks: null }, { locks: {} }, { lock: true }]) {
      assertThrows(() => broadcastChannel("app", options as { locks: boolean }), TypeError, "lock");
    }
  });

  it("throws a TypeError in a runtime without BroadcastChannel", () => {
    const original = globalThis.BroadcastChannel;
    Reflect.deleteProperty(globalThis, "BroadcastChannel");
    try {
      assertThrows(() => broadcastChannel("app"), TypeError, "no BroadcastChannel");
    } finally {
      globalThis.BroadcastChannel = original;
    }
  });

  it("open() refuses an invalid node id", () => {
    for (const id of ["", "*", "x".repeat(256)]) {
      const transport = broadcastChannel(freshName());
      assertThrows(() => transport.open(id, () => {}), TypeError, "id");
    }
  });

  it("posts all frames of one turn, to any peers, as one message", async () => {
    const name = freshName();
    const a = await station(name, "a");
    const b = await station(name, "b");
    const c = await station(name, "c");
    const listener = stranger(name);
    for (let i = 0; i < 1000; i++) {
      a.transport.send(i % 2 ? "b" : "c", Uint8Array.of(i));
    }
    // More than Deno buffers: as single messages some would be lost.
    await Promise.all([b.until(500), c.until(500)]);
    a.transport.send("*", Uint8Array.of(1));
    await listener.until(2);
    assertEquals(listener.messages.length, 2);
  });

  it("posts a large packet at once instead of at the end of the turn", async () => {
    const name = freshName();
    const a = await station(name, "a");
    const b = await station(name, "b");
    const listener = stranger(name);
    for (let i = 0; i < 8; i++) a.transport.send("b", new Uint8Array(100_000).fill(i));
    await Promise.all([b.until(8), listener.until(3)]);
    assertEquals(listener.messages.length, 3);
    assertEquals(b.received.map(([_, frame]) => frame[99_999]), [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("close() posts the frames of the same turn", async () => {
    const name = freshName();
    const a = await station(name, "a");
    const b = await station(name, "b");
    a.transport.send("b", Uint8Array.of(42));
    a.transport.close();
    await b.until(1);
    assertEquals(b.received, [["a", Uint8Array.of(42)]]);
  });

  it("ignores other messages on the channel, and continues", async () => {
    const name = freshName();
    const a = await station(name, "a");
    const b = await station(name, "b");
    const { channel } = stranger(name);
    const bytes = crypto.getRandomValues(new Uint8Array(500));
    for (const message of [null, 1, "SYN\x01\x01a\x01b", { to: "b" }, [1], bytes, new Map()]) {
      channel.postMessage(message);
    }
    channel.postMessage(bytes.buffer);
    a.transport.send("b", Uint8Array.of(1));
    await b.until(1);
    assertEquals(b.received, [["a", Uint8Array.of(1)]]);
  });

  it("continues after any mutation of its own messages", async () => {
    const name = freshName();
    const a = await station(name, "a");
    const b = await station(name, "b");
    const { channel, messages, until } = stranger(name);
    a.transport.send("b", Uint8Array.of(1, 2, 3));
    await Promise.all([b.until(1), until(1)]);
    const original = messages[0] as Uint8Array;
    assert(original instanceof Uint8Array);
    for (let at = 0; at < original.length; at++) {
      const mutated = original.slice();
      mutated[at] ^= 0xff;
      channel.postMessage(mutated);
      channel.postMessage(original.slice(at));
    }
    a.transport.send("b", Uint8Array.of(99));
    while (b.received.at(-1)?.[1][0] !== 99) await b.until(b.received.length + 1);
    for (const [from] of b.received) assert(typeof from === "string" && from !== "b");
  });

  it("two transports with one id, as during a process replacement, receive from each other but not from themselves", async () => {
    const name = freshName();
    const old = await station(name, "a");
    const fresh = await station(name, "a");
    const b = await station(name, "b");
    old.transport.send("*", Uint8Array.of(1));
    await Promise.all([fresh.until(1), b.until(1)]);
    fresh.transport.send("a", Uint8Array.of(2));
    await old.until(1);
    b.transport.send("a", Uint8Array.of(3));
    await Promise.all([old.until(2), fresh.until(2)]);
    assertEquals(old.received, [["a", Uint8Array.of(2)], ["b", Uint8Array.of(3)]]);
    assertEquals(fresh.received, [["a", Uint8Array.of(1)], ["b", Uint8Array.of(3)]]);
  });
});
