import type { Runtime } from "../runtime/runtime.ts";

/** A timer that is due is kept waiting by arriving frames for about so many milliseconds at most. */
const PATIENCE = 10;

/** So many frames are set aside, of so many bytes in all; what comes beyond is lost, as frames may be. */
const MAX_ASIDE = 10_000;
const MAX_ASIDE_BYTES = 64 * 2 ** 20;

/** Places of frames that were handed on are dropped when there are so many. */
const TIDIED_AT = 1_024;

/** The frames of one peer that wait, in order. */
interface Line {
  readonly frames: Uint8Array[];
  /** Those before it were handed on. */
  head: number;
  bytes: number;
}

/**
 * The way in for frames, which leaves the timers their turns. A runtime may hand over messages one after
 * the other and no timer in between: Node does so with up to 1,000 of a port, and with all that these
 * lead to. Under load that is seconds, in which no session is renewed and no operation ends in time.
 *
 * So a timer runs along: if it is late, frames are set aside until it had its turn. Peers take turns then,
 * frame by frame, and where there is no room, those lose frames that have more than their share of it: one
 * peer that sends without end costs the others next to nothing.
 */
export class Intake {
  readonly #runtime: Runtime;
  readonly #handle: (from: string, frame: Uint8Array) => void;
  /** By peer, whose turn is next first; none is empty. */
  readonly #aside = new Map<string, Line>();
  #asideFrames = 0;
  #asideBytes = 0;
  #lost = 0;
  /** When the timer that runs along was set, or fired last. */
  #since = -Infinity;
  #running = false;
  /** Whether frames that were set aside are being handed on. */
  #turning = false;
  #cancel: () => void = () => {};
  #closed = false;

  /** `handle` is called with each frame; those of one peer stay in their order. */
  constructor(runtime: Runtime, handle: (from: string, frame: Uint8Array) => void) {
    this.#runtime = runtime;
    this.#handle = handle;
  }

  /** Hands the frame on, now or soon. */
  receive(from: string, frame: Uint8Array): void {
    if (this.#closed) return;
    const isFirst = this.#asideFrames === 0 && !this.#turning;
    if (isFirst && this.#isInTime()) this.#handle(from, frame);
    else this.#setAside(from, frame);
  }

  /** How many frames were lost since too many were set aside. */
  get lost(): number {
    return this.#lost;
  }

  #setAside(from: string, frame: Uint8Array): void {
    let line = this.#aside.get(from);
    while (this.#asideFrames >= MAX_ASIDE || this.#asideBytes + frame.length > MAX_ASIDE_BYTES) {
      this.#lost++;
      if (!this.#makeRoom(line, frame.length)) return;
    }
    if (line === undefined) this.#aside.set(from, line = { frames: [], head: 0, bytes: 0 });
    line.frames.push(frame);
    line.bytes += frame.length;
    this.#asideFrames++;
    this.#asideBytes += frame.length;
  }

  /**
   * Loses the latest frame of a peer that has more than its share, for one of `bytes` in `line`; `false`: it is
   * that one itself which has, and nothing is lost but the new frame.
   */
  #makeRoom(line: Line | undefined, bytes: number): boolean {
    const peers = this.#aside.size + (line === undefined ? 1 : 0);
    const isOver = (count: number, size: number) =>
      count > MAX_ASIDE / peers || size > MAX_ASIDE_BYTES / peers;
    if (isOver(count(line) + 1, (line?.bytes ?? 0) + bytes)) return false;
    for (const [peer, other] of this.#aside) {
      if (other === line || !isOver(count(other), other.bytes)) continue;
      const latest = other.frames.pop()!;
      other.bytes -= latest.length;
      this.#taken(latest);
      if (count(other) === 0) this.#aside.delete(peer);
      return true;
    }
    return false;
  }

  /** Hands on nothing more. */
  close(): void {
    this.#closed = true;
    this.#aside.clear();
    this.#asideFrames = 0;
    this.#asideBytes = 0;
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
    this.#turning = true;
    while (!this.#closed && this.#asideFrames > 0 && this.#isInTime()) {
      const next = this.#next()!;
      try {
        this.#handle(...next);
      } catch {
        // As in a transport: it has lost its own frame, and must not take others along.
      }
    }
    this.#turning = false;
  }

  /** The frame whose turn it is; its peer is the last one to have another turn. */
  #next(): readonly [from: string, frame: Uint8Array] | undefined {
    for (const [from, line] of this.#aside) {
      const frame = line.frames[line.head];
      line.frames[line.head++] = NOTHING;
      line.bytes -= frame.length;
      this.#taken(frame);
      this.#aside.delete(from);
      if (count(line) > 0) {
        if (line.head >= TIDIED_AT) {
          line.frames.splice(0, line.head);
          line.head = 0;
        }
        this.#aside.set(from, line);
      }
      return [from, frame];
    }
    return undefined;
  }

  #taken(frame: Uint8Array): void {
    this.#asideFrames--;
    this.#asideBytes -= frame.length;
  }
}

const NOTHING = new Uint8Array(0);

function count(line: Line | undefined): number {
  return line === undefined ? 0 : line.frames.length - line.head;
}
