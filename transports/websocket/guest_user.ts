import type { AdmittedGuest } from "../auth/guest_authenticator.ts";
import type { GuestClose, GuestLine, GuestPort, GuestReception } from "../guests.ts";
import { CLOSE } from "./close_codes.ts";
import type { SocketUser } from "./dialler.ts";
import { FrameChannel } from "./frame_channel.ts";
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

  /** Connects the guest with the gateway; `left` is called when the connection is gone. */
  constructor(
    socket: Socket,
    { proof, until }: AdmittedGuest,
    reception: GuestReception,
    left: (user: GuestUser) => void,
  ) {
    this.#left = left;
    this.#channel = new FrameChannel(socket, {
      pieces: "large",
      until,
      receive: (frame) => void this.#port?.receive(frame),
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
}
