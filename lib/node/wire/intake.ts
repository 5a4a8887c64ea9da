import type { Runtime } from "../runtime/runtime.ts";

/** A timer that is due is kept waiting by arriving frames for about so many milliseconds at most. */
const PATIENCE = 10;

/** So many frames are set aside, of so many bytes in all; what comes beyond is lost, as frames may be. */
const MAX_ASIDE = 10_000;
const MAX_ASIDE_BYTES = 64 * 2 ** 20;

/** A frame that waits until the timers had their turn. */
type Arrival = readonly [from: string, frame: Uint8Array];

/**
 * The way in for frames, which leaves the timers their turns. A runtime may hand over messages one after
 * the other and no timer in between: Node does so with up to 1,000 of a port, and with all that these
 * lead to. Under load that is seconds, in which no session is renewed and no operation ends in time.
 *
 * So a timer runs along: if it is late, frames are set aside until it had its turn.
 */
export class Intake {
  readonly #runtime: Runtime;
  readonly #handle: (from: string, frame: Uint8Array) => void;
  #aside: Arrival[] = [];
  #asideBytes = 0;
  #lost = 0;
  /** When the timer that runs along was set, or fired last. */
  #since = -Infinity;
  #running = false;
  #cancel: () => void = () => {};
  #closed = false;

  /** `handle` is called with each frame, in the order in which they came. */
  constructor(runtime: Runtime, handle: (from: string, frame: Uint8Array) => void) {
    this.#runtime = runtime;
    this.#handle = handle;
  }

  /** Hands the frame on, now or soon. */
  receive(from: string, frame: Uint8Array): void {
    if (this.#closed) return;
    if (this.#aside.length === 0 && this.#isInTime()) this.#handle(from, frame);
    else this.#setAside(from, frame);
  }

  /** How many frames were lost since too many were set aside. */
  get lost(): number {
    return this.#lost;
  }

  #setAside(from: string, frame: Uint8Array): void {
    const bytes = this.#asideBytes + frame.length;
    if (this.#aside.length >= MAX_ASIDE || bytes > MAX_ASIDE_BYTES) {
      this.#lost++;
      return;
    }
    this.#asideBytes = bytes;
    this.#aside.push([from, frame]);
  }

  /** Hands on nothing more. */
  close(): void {
    this.#closed = true;
    this.#aside = [];
    this.#cancel();
  }

  /** Whether timers get their turns, as far as is known. */
  #isInTime(): boolean {
    const now = this.#runtime.now();
    if (now - this.#since < PATIENCE) return true;
    if (this.#running) return false;
    this.#since = now;
    this.#running = true;
    // 0, and no more: in a hidden tab a browser lets any other timer wait for up to a second.
    this.#cancel = this.#runtime.setTimer(() => this.#turned(), 0);
    return true;
  }

  #turned(): void {
    this.#running = false;
    this.#since = this.#runtime.now();
    const frames = this.#aside;
    let done = 0;
    while (done < frames.length && !this.#closed && this.#isInTime()) {
      try {
        this.#handle(...frames[done++]);
      } catch {
        // As in a transport: it has lost its own frame, and must not take others along.
      }
    }
    // Those that came meanwhile are among the rest, in their order.
    if (this.#closed) return;
    for (const [, frame] of frames.slice(0, done)) this.#asideBytes -= frame.length;
    this.#aside = frames.slice(done);
  }
}
