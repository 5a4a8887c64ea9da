import { PATIENCE } from "../link/beat.ts";
import type { FrameQueue } from "../link/frame_queue.ts";
import { writeFrames } from "../link/frame_stream.ts";
import { FRAMES_TYPE, MAX_BATCH } from "./batch.ts";

/** A request that waits for its response. */
interface Held {
  readonly respond: (response: Response) => void;
}

/**
 * What a peer that sends requests is known by. Of its requests one is held: until there is something to
 * say to it, until it sends the next one, or until it has been held for long enough. So whatever is for
 * the peer finds a request to answer, and a reply travels in the response to what it replies to, or to
 * the one before.
 */
export class Session {
  /** The node that speaks. */
  readonly id: string;
  /** What its requests carry to show that they are its. */
  readonly key: string;
  readonly #until: number;
  readonly #holdTime: number;
  readonly #held: Held[] = [];
  #release: ReturnType<typeof setTimeout> | undefined;
  #silentTicks = 0;

  /** `until` is in milliseconds since 1970; a request is held for at most `holdTime` milliseconds. */
  constructor(id: string, key: string, until: number, holdTime: number) {
    this.id = id;
    this.key = key;
    this.#until = until;
    this.#holdTime = holdTime;
  }

  /** Whether the token that it was opened with holds no more. */
  get hasExpired(): boolean {
    return Date.now() >= this.#until;
  }

  /**
   * The response to a request, as soon as there is one. Whether anybody still waits for it is not asked:
   * not every runtime can tell, and Deno warns of the question. `wish`: for how many milliseconds the other
   * side waits.
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

  /** Says what waits to the peer, as long as there is a request to answer. */
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
   * Lets all requests but the last one go, in a moment: the peer may have no more than two under way, and
   * needs one for what it says next. What the node replies in this turn still travels with them.
   */
  releaseSoon(): void {
    if (this.#held.length < 2 || this.#release !== undefined) return;
    this.#release = setTimeout(() => {
      this.#release = undefined;
      while (this.#held.length > 1) this.#held[0].respond(empty());
    }, 0);
  }

  /** Called in regular intervals; whether the peer is still there. */
  tick(): boolean {
    if (this.hasExpired) return false;
    return this.#held.length > 0 || ++this.#silentTicks <= PATIENCE;
  }

  /** Lets all requests go. */
  end(status: number): void {
    clearTimeout(this.#release);
    while (this.#held.length > 0) this.#held[0].respond(new Response(null, { status }));
  }
}

const empty = () => new Response(new Uint8Array(0), { headers: { "content-type": FRAMES_TYPE } });
