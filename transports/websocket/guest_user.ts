import type { AdmittedGuest } from "../auth/guest_authenticator.ts";
import type { GuestClose, GuestLine, GuestPort, GuestReception } from "../guests.ts";
import { CLOSE } from "./close_codes.ts";
import type { SocketUser } from "./dialler.ts";
import { FrameChannel } from "./frame_channel.ts";
import type { NativeSocket } from "./native_socket.ts";
import type { Socket } from "./socket.ts";

const CODES: Readonly<Record<GuestClose, number>> = {
  replaced: CLOSE.replaced,
  malformed: CLOSE.malformed,
  refused: CLOSE.unauthorized,
  full: CLOSE.tryLater,
  closing: CLOSE.goingAway,
};

/** One connection of a guest to the gateway of this node. */
export class GuestUser implements SocketUser, GuestLine {
  readonly #channel: FrameChannel;
  readonly #port: GuestPort | undefined;
  readonly #left: (user: GuestUser) => void;
  readonly #native: NativeSocket | undefined;

  /** Connects the guest with the gateway; `left` is called when the connection is gone. */
  constructor(
    socket: Socket,
    native: NativeSocket | undefined,
    { proof, until }: AdmittedGuest,
    reception: GuestReception,
    left: (user: GuestUser) => void,
  ) {
    this.#left = left;
    this.#native = native;
    this.#channel = new FrameChannel(socket, {
      pieces: "large",
      until,
      receive: (frame) => this.#receive(frame),
    });
    const answer = reception.admit(proof, this);
    if ("why" in answer) this.close(answer.why, answer.reason);
    else this.#port = answer;
  }

  /** See {@linkcode SocketUser}. */
  take(data: string | Uint8Array): void {
    this.#channel.take(data);
  }

  /** See {@linkcode SocketUser}. */
  lost(): void {
    // Also the end of a connection that this side has ended has to be read.
    this.#resume();
    this.#left(this);
    this.#port?.lost();
  }

  /** See {@linkcode GuestLine.send}. */
  send(frame: Uint8Array): void {
    this.#channel.send(frame);
  }

  /** See {@linkcode GuestLine.close}. */
  close(why: GuestClose, reason: string): void {
    this.#channel.close(CODES[why], reason);
  }

  /** Must be called at regular intervals. */
  beat(): void {
    this.#channel.beat();
  }

  /**
   * Hands a frame to the gateway. While that is behind the guest gets no acknowledgement. One that sends nevertheless must
   * not cost the time to read that: where the runtime can stop to read, TCP holds it back.
   */
  #receive(frame: Uint8Array): Promise<void> | undefined {
    void this.#port?.receive(frame);
    const behind = this.#port?.behind?.();
    if (behind === undefined) return undefined;
    this.#native?.pause?.();
    return behind.then(() => this.#resume());
  }

  #resume(): void {
    this.#native?.resume?.();
  }
}
