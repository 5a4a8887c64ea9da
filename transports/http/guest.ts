import type { GuestClose, GuestLine, GuestPort } from "../guests.ts";
import { LONGEST_HOLD } from "../link/beat.ts";
import { FrameQueue } from "../link/frame_queue.ts";
import { writeFrames } from "../link/frame_stream.ts";
import { FRAMES_TYPE, MAX_BATCH } from "./batch.ts";

/** Bytes that may wait for the next request of one guest; beyond that the guest begins again. */
const MAX_WAITING = 32 * 1024 * 1024;

/** Requests of one guest that are held at the same time. */
const MAX_HELD = 16;

/** Ticks without a request after which a guest is forgotten: more than twice the longest time to live. */
const PATIENCE = 20 * 60;

/** How a guest's connection has ended. */
export interface Ended {
  readonly why: GuestClose;
  readonly reason: string;
}

/** One request that is held. */
interface Held {
  /** Whether its operations have ended, so that it waits for news only. */
  isPoll: boolean;
  readonly respond: (answer: Response | Ended) => void;
}

/** The connection of one guest: frames for it wait for its next request. */
export class HttpGuest implements GuestLine {
  /** Set right after the construction. */
  port!: GuestPort;
  readonly #forget: () => void;
  readonly #queue = new FrameQueue(Infinity);
  readonly #held = new Set<Held>();
  /** Whether more than tickets waits. */
  #hasNews = false;
  #silentTicks = 0;
  #ended: Ended | undefined;

  /** `forget` is called when the connection has ended. */
  constructor(forget: () => void) {
    this.#forget = forget;
  }

  /**
   * Passes frames to the gateway. The answer comes when all operations in them have ended, and carries what
   * waits; without operations, as soon as more than a ticket waits; or after `hold` milliseconds.
   */
  async answer(frames: readonly Uint8Array[], hold: number): Promise<Response | Ended> {
    this.#silentTicks = 0;
    if (this.#ended !== undefined) return this.#ended;
    if (this.#held.size >= MAX_HELD) return { why: "full", reason: "too many requests at once" };
    return await new Promise<Response | Ended>((resolve) => {
      const respond = (answer: Response | Ended) => {
        clearTimeout(timer);
        if (this.#held.delete(held)) resolve(answer);
      };
      const held: Held = { isPoll: false, respond };
      this.#held.add(held);
      const time = Math.min(hold, LONGEST_HOLD);
      const timer = setTimeout(() => respond(this.#take()), time);
      Promise.all(frames.map((frame) => this.port.receive(frame))).then(() => {
        if (!this.#held.has(held)) return;
        if (this.#hasNews) return respond(this.#take());
        for (const other of this.#held) if (other.isPoll) other.respond(this.#take());
        held.isPoll = true;
      });
    });
  }

  /** See {@linkcode GuestLine.send}. */
  send(frame: Uint8Array, matters: boolean): void {
    if (this.#ended !== undefined) return;
    if (this.#queue.bytes + frame.length > MAX_WAITING) {
      return this.close("closing", "the guest does not fetch its results");
    }
    this.#queue.push(frame);
    this.#hasNews ||= matters;
    if (!this.#hasNews) return;
    for (const held of this.#held) {
      if (held.isPoll) return held.respond(this.#take());
    }
  }

  /** See {@linkcode GuestLine.close}. */
  close(why: GuestClose, reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = { why, reason };
    for (const held of this.#held) {
      held.respond(this.#queue.isEmpty ? this.#ended : this.#take());
    }
    this.#forget();
    this.port?.lost();
  }

  /** Must be called at regular intervals. */
  tick(): void {
    if (this.#held.size === 0 && ++this.#silentTicks > PATIENCE) {
      this.close("closing", "the guest makes no more requests");
    }
  }

  #take(): Response {
    const frames = this.#queue.take(MAX_BATCH);
    this.#hasNews &&= !this.#queue.isEmpty;
    return new Response(writeFrames(frames), { headers: { "content-type": FRAMES_TYPE } });
  }
}
