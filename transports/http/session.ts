import { MAX_SILENT_BEATS } from "../link/beat.ts";
import type { FrameQueue } from "../link/frame_queue.ts";
import { writeFrames } from "../link/frame_stream.ts";
import { FRAMES_TYPE, LAST_RESPONSE, MAX_BATCH } from "./batch.ts";

/** A request that is held until its response is sent. */
interface HeldRequest {
  readonly respond: (response: Response) => void;
}

/**
 * The session of a peer that sends requests. One of its requests is held: until there are frames for the
 * peer, until the peer sends the next request, or until the hold time has passed. So frames for the peer
 * find a request to answer. A reply travels in the response to the request that it replies to, or to the
 * one before.
 */
export class HttpSession {
  /** The id of the peer. */
  readonly id: string;
  /** The bearer key that its requests carry. */
  readonly key: string;
  readonly #holdTime: number;
  readonly #held: HeldRequest[] = [];
  #release: ReturnType<typeof setTimeout> | undefined;
  #silentTicks = 0;

  /** A request is held for at most `holdTime` milliseconds. */
  constructor(id: string, key: string, holdTime: number) {
    this.id = id;
    this.key = key;
    this.#holdTime = holdTime;
  }

  /**
   * Holds a request; resolves to its response. The other side may have aborted the request: that is not
   * checked, because not every runtime can tell, and Deno prints a warning. `wish` is the hold time that
   * the other side asks for, in milliseconds.
   */
  hold(wish: number = this.#holdTime): Promise<Response> {
    this.#silentTicks = 0;
    return new Promise((resolve) => {
      const respond = (response: Response) => {
        clearTimeout(timer);
        const index = this.#held.indexOf(held);
        if (index >= 0) this.#held.splice(index, 1);
        resolve(response);
      };
      const held = { respond };
      const time = Math.min(wish, this.#holdTime);
      const timer = setTimeout(() => respond(empty()), time);
      this.#held.push(held);
    });
  }

  /** Sends the waiting frames, as long as there is a request to answer. */
  answer(queue: FrameQueue): void {
    while (this.#held.length > 0 && !queue.isEmpty) {
      this.#held[0].respond(
        new Response(writeFrames(queue.take(MAX_BATCH)), {
          headers: { "content-type": FRAMES_TYPE },
        }),
      );
    }
  }

  /**
   * Answers all requests but the last one in the next task: the peer may have no more than two requests
   * under way, and needs one for its next frames. Replies of the node in this turn still travel with them.
   */
  releaseSoon(): void {
    if (this.#held.length < 2 || this.#release !== undefined) return;
    this.#release = setTimeout(() => {
      this.#release = undefined;
      while (this.#held.length > 1) this.#held[0].respond(empty());
    }, 0);
  }

  /** Must be called at regular intervals. Returns whether the session is still alive. */
  tick(): boolean {
    return this.#held.length > 0 || ++this.#silentTicks <= MAX_SILENT_BEATS;
  }

  /** Answers all requests with `status`. */
  end(status: number): void {
    clearTimeout(this.#release);
    const headers = status === 503 ? LAST_RESPONSE : undefined;
    while (this.#held.length > 0) this.#held[0].respond(new Response(null, { status, headers }));
  }
}

const empty = () => new Response(new Uint8Array(0), { headers: { "content-type": FRAMES_TYPE } });
