import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { CLOSE } from "../../../transports/websocket/close_codes.ts";
import { FrameChannel, piecesOf } from "../../../transports/websocket/frame_channel.ts";
import { Socket } from "../../../transports/websocket/socket.ts";

/** One end of a connection, whose messages the test delivers. */
class End {
  readonly sent: Uint8Array[] = [];
  readonly closed: (number | undefined)[] = [];
  readonly received: Uint8Array[] = [];
  readonly channel: FrameChannel;

  constructor() {
    const socket = new Socket({
      send: (data) => this.sent.push(data as Uint8Array),
      close: (code) => this.closed.push(code),
    }, () => {});
    const receive = (frame: Uint8Array) => this.received.push(frame);
    this.channel = new FrameChannel(socket, { pieces: "large", until: Infinity, receive });
  }

  /** Delivers the sent messages; returns how many there were. */
  carryTo(other: End): number {
    const messages = this.sent.splice(0);
    for (const message of messages) other.channel.take(message);
    return messages.length;
  }
}

const turn = () => Promise.resolve();
const firstOf = (frames: readonly Uint8Array[]) => frames.map((frame) => frame[0]);

describe("FrameChannel", () => {
  it("sends the frames of one turn in one message", async () => {
    const [a, b] = [new End(), new End()];
    for (let i = 0; i < 3; i++) a.channel.send(Uint8Array.of(i));
    assertEquals(a.carryTo(b), 0);
    await turn();
    assertEquals([a.carryTo(b), firstOf(b.received)], [1, [0, 1, 2]]);
  });

  it("drops no frame while the window is closed, and sends on when it opens", async () => {
    const [a, b] = [new End(), new End()];
    const count = 24;
    for (let i = 0; i < count; i++) a.channel.send(new Uint8Array(1_000_000).fill(i));
    for (let round = 0; round < 100 && b.received.length < count; round++) {
      await turn();
      a.carryTo(b);
      await turn();
      b.carryTo(a);
    }
    assertEquals(firstOf(b.received), Array.from({ length: count }, (_, i) => i));
    assertEquals(a.closed, []);
  });

  it("ends the connection when more waits than it may", async () => {
    const a = new End();
    for (let i = 0; i < 33; i++) a.channel.send(new Uint8Array(1_000_000));
    assertEquals(a.closed, []);
    a.channel.send(new Uint8Array(1_000_000));
    assertEquals(a.closed, [CLOSE.timeout]);
    await turn();
  });

  it("sends what waits before it ends", () => {
    const [a, b] = [new End(), new End()];
    a.channel.send(Uint8Array.of(7));
    a.channel.close(CLOSE.goingAway, "enough");
    a.carryTo(b);
    assertEquals([firstOf(b.received), a.closed], [[7], [CLOSE.goingAway]]);
  });

  it("only Deno's own client sockets need small pieces", () => {
    const isDeno = "Deno" in globalThis;
    assertEquals(
      piecesOf(globalThis.WebSocket),
      isDeno && globalThis.WebSocket ? "small" : "large",
    );
    assertEquals(piecesOf(class {}), "large");
  });
});
