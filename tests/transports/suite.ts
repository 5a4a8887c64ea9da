import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Transport } from "../../transports/transport.ts";

/** Makes transports of one kind that can reach each other, for the suite. */
export interface TestNetwork {
  /**
   * A new transport for the node `id`, not open yet. It can reach the other transports of this network
   * and no others. The suite uses only the ids of {@linkcode TEST_IDS}, and reuses an id only after it has
   * closed the last transport with that id.
   */
  transport(id: string): Transport | Promise<Transport>;
  /** Called when the test is over and all transports are closed. */
  dispose(): void | Promise<void>;
}

/** The ids that {@linkcode transportSuite} uses, for networks whose peers must be known in advance. */
export const TEST_IDS: readonly string[] = ["a", "b", "c"];

/** The time limit for a condition, in milliseconds; only a failure reaches it. */
const LIMIT = 20_000;

/** The interval of retransmissions over a lossy transport, in milliseconds. */
const RESEND = 50;

interface Received {
  readonly from: string;
  readonly frame: Uint8Array;
}

/** A node: its transport, and all frames that it has received. */
class Station {
  readonly id: string;
  readonly transport: Transport;
  readonly received: Received[] = [];
  readonly #checks = new Set<() => void>();

  constructor(id: string, transport: Transport) {
    this.id = id;
    this.transport = transport;
  }

  readonly receive = (from: string, frame: Uint8Array): void => {
    this.received.push({ from, frame });
    for (const check of this.#checks) check();
  };

  /** The number of received frames from `from` with this text. */
  count(from: string, text: string): number {
    const wanted = (r: Received) => r.from === from && decode(r.frame) === text;
    return this.received.filter(wanted).length;
  }

  /** Calls `send` repeatedly, as a node does, until `condition` holds for the received frames. */
  until(what: string, condition: () => boolean, send: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        // Runs inside `receive`, where the transport would swallow a failed assertion.
        try {
          if (condition()) settle(resolve);
        } catch (error) {
          settle(() => reject(error));
        }
      };
      const settle = (how: () => void) => {
        this.#checks.delete(check);
        clearInterval(resend);
        clearTimeout(limit);
        how();
      };
      const resend = setInterval(send, RESEND);
      const limit = setTimeout(() => {
        settle(() => reject(new Error(`${this.id} waited ${LIMIT} ms in vain for ${what}`)));
      }, LIMIT);
      this.#checks.add(check);
      send();
      check();
    });
  }
}

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** `size` bytes without a pattern that a shift or a cut could leave unchanged. */
function noise(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = size + 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Faster than a deep comparison of a million elements. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/**
 * The tests that every transport must pass. `createNetwork` is called for each test; two networks that
 * exist at once must not reach each other (different names, clusters, ports).
 *
 * The contract of `Transport` allows lost frames, so every test sends again until its frames have arrived.
 * Frames must never be changed, misattributed or delivered to the wrong node.
 */
export function transportSuite(
  name: string,
  createNetwork: () => TestNetwork | Promise<TestNetwork>,
): void {
  describe(`${name}: the contract of every transport`, () => {
    let network: TestNetwork;
    let undo: (() => void | Promise<void>)[];

    /** A transport that is closed at the end of the test. */
    async function transport(id: string, of: TestNetwork = network): Promise<Transport> {
      const made = await of.transport(id);
      undo.push(() => made.close());
      return made;
    }

    async function station(id: string, of: TestNetwork = network): Promise<Station> {
      const opened = new Station(id, await transport(id, of));
      await opened.transport.open(id, opened.receive);
      return opened;
    }

    /** Sends `text` from one node to the id `to` until it arrives at the other. */
    function bring(from: Station, at: Station, text: string, to: string = at.id): Promise<void> {
      const sent = encode(text);
      return at.until(
        `"${text}" from ${from.id}`,
        () => at.count(from.id, text) > 0,
        () => from.transport.send(to, sent),
      );
    }

    beforeEach(async () => {
      undo = [];
      network = await createNetwork();
      const created = network;
      undo.push(() => created.dispose());
    });

    // In reverse order: transports close before their network is disposed of.
    afterEach(async () => {
      for (const step of undo.reverse()) await step();
    });

    it("send() delivers a frame to the named peer, with the id of the sender", async () => {
      const [a, b, c] = [await station("a"), await station("b"), await station("c")];
      await bring(a, b, "for b");
      await bring(c, b, "also for b");
      await bring(b, a, "for a");
      assertEquals(b.count("a", "for b") > 0 && b.count("c", "also for b") > 0, true);
      // The next frames are sent later by the same senders, so a stray copy would have arrived before them.
      await bring(a, c, "for c");
      await bring(b, c, "also for c");
      assertEquals(c.received.map((r) => decode(r.frame)).filter((t) => !t.endsWith("c")), []);
      assertEquals(a.received.every((r) => r.from === "b" && decode(r.frame) === "for a"), true);
    });

    it('send("*") delivers a frame to every peer', async () => {
      const [a, b, c] = [await station("a"), await station("b"), await station("c")];
      const all = encode("to all");
      const send = () => a.transport.send("*", all);
      await Promise.all([b, c].map((s) => s.until("it", () => s.count("a", "to all") > 0, send)));
      assertEquals(a.received, []);
    });

    it("send() delivers nothing to the sender itself", async () => {
      const [a, b] = [await station("a"), await station("b")];
      const echo = () => {
        a.transport.send("*", encode("all"));
        a.transport.send("a", encode("myself"));
      };
      await b.until("all", () => b.count("a", "all") > 0, echo);
      await bring(b, a, "answer");
      assertEquals(
        new Set(a.received.map((r) => `${r.from}: ${decode(r.frame)}`)),
        new Set(["b: answer"]),
      );
      assertEquals(b.count("a", "myself"), 0);
    });

    for (const size of [1, 255, 256, 4096, 65_535, 65_536, 1 << 20]) {
      it(`send() leaves ${size} bytes unchanged`, async () => {
        const [a, b] = [await station("a"), await station("b")];
        const sent = noise(size);
        const send = () => a.transport.send("b", sent);
        await b.until("the frame", () => b.received.length > 0, send);
        for (const { from, frame } of b.received) {
          assertEquals(from, "a");
          assert(frame instanceof Uint8Array);
          assert(sameBytes(frame, noise(size)), `${frame.length} other bytes arrived`);
        }
        assert(sameBytes(sent, noise(size)), "the sender's bytes were changed");
      });
    }

    it("send() copies its bytes before it returns: the caller may reuse them", async () => {
      const [a, b, c] = [await station("a"), await station("b"), await station("c")];
      const bytes = new Uint8Array(1000);
      const send = () => {
        for (const to of ["b", "c", "*"]) {
          bytes.fill(7);
          a.transport.send(to, bytes);
          bytes.fill(99);
        }
      };
      for (const s of [b, c]) await s.until("two frames", () => s.received.length > 1, send);
      for (const { frame } of [...b.received, ...c.received]) {
        assert(sameBytes(frame, new Uint8Array(1000).fill(7)), "the frame shows later bytes");
      }
    });

    it("send() sends only the bytes of a view, not the buffer behind it", async () => {
      const [a, b] = [await station("a"), await station("b")];
      const pool = noise(100_000);
      const view = pool.subarray(5_000, 5_100);
      const send = () => {
        a.transport.send("b", view);
        a.transport.send("*", view);
      };
      await b.until("two frames", () => b.received.length > 1, send);
      const expected = noise(100_000).slice(5_000, 5_100);
      for (const { frame } of b.received) assert(sameBytes(frame, expected));
    });

    it("the receiver owns the bytes: no other node sees its writes to them", async () => {
      const [a, b, c] = [await station("a"), await station("b"), await station("c")];
      const sent = encode("precious");
      const send = () => a.transport.send("*", sent);
      const spoil = (s: Station) => {
        for (const { frame } of s.received) frame.fill(0);
        return s.received.length > 2;
      };
      await b.until("three frames", () => spoil(b), send);
      await c.until("a frame", () => c.received.length > 0, send);
      assertEquals(new Set(c.received.map((r) => decode(r.frame))), new Set(["precious"]));
      assertEquals(decode(sent), "precious");
    });

    it("many small frames at once all arrive if lost ones are sent again", async () => {
      const stations = [await station("a"), await station("b"), await station("c")];
      const count = 600;
      // Each node sends to each other one, all at once. The receiver tracks the missing frames.
      const flows = stations.flatMap((from) =>
        stations.filter((to) => to !== from).map(async (to) => {
          const missing = new Set(Array.from({ length: count }, (_, i) => i));
          let taken = 0;
          const take = () => {
            for (; taken < to.received.length; taken++) {
              const { from: sender, frame } = to.received[taken];
              if (sender !== from.id) continue;
              const text = decode(frame);
              const number = Number(text.slice(from.id.length + 3));
              assertEquals(text, `${from.id} > ${number}`, "a frame that was never sent");
              missing.delete(number);
            }
            return missing.size === 0;
          };
          const send = () => {
            for (const number of missing) {
              from.transport.send(to.id, encode(`${from.id} > ${number}`));
            }
          };
          await to.until(`${count} frames`, take, send);
        })
      );
      await Promise.all(flows);
    });

    it("send() before open(), after close() and to an unknown id does nothing, and does not throw", async () => {
      const b = await station("b");
      const a = new Station("a", await transport("a"));
      a.transport.send("b", encode("early"));
      a.transport.send("*", encode("early"));
      await a.transport.open("a", a.receive);
      for (const absent of ["c", "unknown", ""]) a.transport.send(absent, encode("to no node"));
      await bring(a, b, "in time");
      await a.transport.close();
      a.transport.send("b", encode("late"));
      a.transport.send("*", encode("late"));
      const c = await station("c");
      await bring(c, b, "end");
      assertEquals(new Set(b.received.map((r) => decode(r.frame))), new Set(["in time", "end"]));
    });

    it("open() a second time rejects, and the first one keeps working", async () => {
      const [a, b] = [await station("a"), await station("b")];
      const other = new Station("a", a.transport);
      await assertRejects(async () => await a.transport.open("a", other.receive));
      await assertRejects(async () => await a.transport.open("c", other.receive));
      await bring(b, a, "to the first");
      await bring(a, b, "from the first");
      assertEquals(other.received, []);
    });

    it("open() after close() rejects", async () => {
      const a = await station("a");
      await a.transport.close();
      await assertRejects(async () => await a.transport.open("a", a.receive));
      const unopened = await transport("b");
      await unopened.close();
      await assertRejects(async () => await unopened.open("b", a.receive));
    });

    it("close() twice, or without open(), is harmless", async () => {
      const [a, b, c] = [await station("a"), await station("b"), await station("c")];
      await Promise.all([a.transport.close(), a.transport.close()]);
      await a.transport.close();
      const unopened = await transport("a");
      await unopened.close();
      await unopened.close();
      await bring(b, c, "still here");
    });

    it("nothing is received after close()", async () => {
      const [a, b, c] = [await station("a"), await station("b"), await station("c")];
      await bring(a, b, "hello");
      // Some of these are still in flight when b closes.
      for (let i = 0; i < 100; i++) a.transport.send("b", encode("too late"));
      await b.transport.close();
      const before = b.received.length;
      for (let round = 0; round < 3; round++) {
        a.transport.send("b", encode("too late"));
        await bring(a, c, `round ${round}`, "*");
      }
      assertEquals(b.received.length, before);
    });

    it("close() within a receiver ends the delivery", async () => {
      const [a, c] = [await station("a"), await station("c")];
      const b = new Station("b", await transport("b"));
      let closing: void | Promise<void> = undefined;
      await b.transport.open("b", (from, frame) => {
        if (b.received.length === 0) closing = b.transport.close();
        b.receive(from, frame);
      });
      const send = () => {
        for (let i = 0; i < 10; i++) a.transport.send("b", encode("hello"));
      };
      await b.until("a frame", () => b.received.length > 0, send);
      await closing;
      await bring(a, c, "end", "*");
      assertEquals(b.received.length, 1);
    });

    it("a receiver that throws does not harm the transport, and receives the next frame", async () => {
      const [a, b] = [await station("a"), await station("b")];
      const c = new Station("c", await transport("c"));
      await c.transport.open("c", (from, frame) => {
        c.receive(from, frame);
        throw new Error("a receiver that throws");
      });
      await bring(a, c, "one");
      await bring(a, c, "two", "*");
      await bring(b, c, "three");
      await bring(c, a, "answer");
    });

    it("a peer that closes and returns with the same id exchanges frames again", async () => {
      const [a, b, c] = [await station("a"), await station("b"), await station("c")];
      await bring(a, b, "first life");
      await b.transport.close();
      const again = await station("b");
      await bring(a, again, "second life");
      await bring(c, again, "second life, to all", "*");
      await bring(again, a, "from the second life");
      await bring(again, c, "from the second life, to all", "*");
      assertEquals(b.count("a", "second life"), 0);
    });

    it("reaches(), if implemented, returns whether there is a connection", async () => {
      const [unopened, a, b] = [await transport("c"), await station("a"), await station("b")];
      if (unopened.reaches === undefined) return;
      assertEquals(["a", "b", "unknown", "*"].map((id) => unopened.reaches?.(id)), [
        false,
        false,
        false,
        false,
      ]);
      await bring(a, b, "hello");
      await bring(b, a, "hello");
      assertEquals([a.transport.reaches?.("b"), b.transport.reaches?.("a")], [true, true]);
      assertEquals(["a", "c", "unknown", "*", ""].filter((id) => a.transport.reaches?.(id)), []);
      await b.transport.close();
      assertEquals(b.transport.reaches?.("a"), false);
    });

    it("two networks exchange no frames", async () => {
      const other = await createNetwork();
      undo.push(() => other.dispose());
      const [a, b] = [await station("a"), await station("b")];
      const [otherA, otherB] = [await station("a", other), await station("b", other)];
      for (const to of ["b", "*"]) {
        a.transport.send(to, encode("one"));
        otherA.transport.send(to, encode("other"));
      }
      await Promise.all([bring(a, b, "one"), bring(otherA, otherB, "other")]);
      await Promise.all([bring(b, a, "one back", "*"), bring(otherB, otherA, "other back", "*")]);
      const texts = (s: Station) => new Set(s.received.map((r) => decode(r.frame)));
      assertEquals([a, b, otherA, otherB].map(texts), [
        new Set(["one back"]),
        new Set(["one"]),
        new Set(["other back"]),
        new Set(["other"]),
      ]);
    });
  });
}
