import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { writeFrames } from "../../../transports/link/frame_stream.ts";
import { GuestUser } from "../../../transports/websocket/guest_user.ts";
import { decodeMessage, encodeMessage } from "../../../transports/websocket/message.ts";
import { Socket } from "../../../transports/websocket/socket.ts";
import { turn } from "../../support/wait.ts";

/** A guest whose connection reaches a gateway that a test lets fall behind. */
class World {
  /** What the runtime was told: to read no more, or to go on. */
  readonly told: string[] = [];
  readonly received: number[] = [];
  /** The messages that went to the guest. */
  readonly sent: Uint8Array[] = [];
  readonly user: GuestUser;
  behind: Promise<void> | undefined;

  constructor() {
    const raw = { send: (data: unknown) => this.sent.push(data as Uint8Array), close: () => {} };
    const socket = new Socket(raw, () => {});
    const native = { pause: () => this.told.push("pause"), resume: () => this.told.push("resume") };
    const admission = { proof: { id: "g", life: "l", claims: {} }, until: Infinity };
    const reception = {
      admit: () => ({
        receive: (frame: Uint8Array) => Promise.resolve(void this.received.push(frame[0])),
        behind: () => this.behind,
        lost: () => {},
      }),
    };
    this.user = new GuestUser(socket, native, admission, reception, () => {});
    socket.listen((data) => this.user.take(data), () => this.user.lost());
  }

  /** A long frame comes, in one message. */
  take(first: number): void {
    const piece = writeFrames([new Uint8Array(100_000).fill(first)]);
    this.user.take(encodeMessage({ answerNow: false, acknowledged: 0, piece }));
  }

  /** The pieces that the guest knows to have come. */
  get acknowledged(): number {
    return Math.max(0, ...this.sent.map((one) => decodeMessage(one)?.acknowledged ?? 0));
  }
}

const gate = () => {
  let open = () => {};
  return { promise: new Promise<void>((resolve) => open = resolve), open: () => open() };
};

describe("GuestUser", () => {
  it("reads and acknowledges nothing while the gateway is behind", async () => {
    const world = new World();
    const first = gate();
    world.behind = first.promise;
    world.take(1);
    for (let number = 2; number < 5; number++) world.take(number);
    await turn();
    assertEquals([world.received, world.told, world.acknowledged], [[1], ["pause"], 0]);
    world.behind = undefined;
    first.open();
    await turn();
    assertEquals([world.received, world.told], [[1, 2, 3, 4], ["pause", "resume"]]);
    assertEquals(world.acknowledged, 4);
  });

  it("reads the end of the connection in any case", () => {
    const world = new World();
    world.behind = gate().promise;
    world.take(1);
    world.user.close("closing", "a test");
    assertEquals(world.told.at(-1), "resume");
  });
});
