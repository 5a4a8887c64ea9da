import type { Frame } from "../../paxos/messages.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Time for which arriving frames may delay a due timer, in milliseconds, approximately. */
const LONGEST_TIMER_DELAY = 10;

/**
 * Frames set aside, and their bytes in all, to bound memory; frames beyond that are lost, as the network may
 * lose any frame.
 */
const MAX_ASIDE = 10_000;
const MAX_ASIDE_BYTES = 64 * 2 ** 20;

/** Empty places at the front of a queue at which they are removed. */
const COMPACTED_AT = 1_024;

/** The messages of a frame that are not handled yet. */
export interface FrameRest extends Frame {
  /** Whether its sender was told that it is of another epoch: once for all requests of a frame. */
  readonly isTold: boolean;
}

/** What is left of a frame whose handling takes long. */
export interface RestOfFrame {
  readonly rest: FrameRest;
  /** The size of the whole frame, in bytes. */
  readonly length: number;
}

/** A frame as it arrived, or the rest of one. */
export type Arrived = Uint8Array | RestOfFrame;

/** That no frame of a peer waits. */
interface Emptiness {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

/** The waiting frames of one peer, in order. */
interface PeerQueue {
  readonly frames: (Arrived | undefined)[];
  /** The index of the first waiting frame; the frames before it were handed on. */
  head: number;
  bytes: number;
  /** Resolves when no frame waits; made when it is asked for. */
  emptied: Emptiness | null;
}

/**
 * Receives frames without starving the timers. A runtime may deliver many messages without running a timer in
 * between: Node does so with up to 1,000 messages of a port, and with all messages that their handling causes.
 * Under load that can take seconds, in which no session is renewed and no operation ends in time.
 *
 * So a timer runs along. If it is late, frames are set aside until it has fired. Then the peers take turns,
 * frame by frame; one whose frame takes long gets its next turn for the rest. Without room, peers that hold
 * more than their share lose frames, so a peer that floods this node costs the others almost nothing.
 */
export class Intake {
  readonly #runtime: Runtime;
  readonly #handle: (from: string, frame: Arrived, now: number) => RestOfFrame | void;
  readonly #dropped: (from: string, frame: Arrived) => void;
  /** By peer, in the order of their turns; no queue is empty, but for that of the frame that is being handled. */
  readonly #aside = new Map<string, PeerQueue>();
  #asideFrames = 0;
  #asideBytes = 0;
  #lost = 0;
  /** When the timer that runs along was last set, or last fired. */
  #since = -Infinity;
  #running = false;
  /** Whether waiting frames are being handed on. */
  #turning = false;
  #cancel: () => void = () => {};
  #closed = false;

  /**
   * `handle` is called with each frame and the time, those of one peer in their order, and with the rest of a frame that
   * it returns; `dropped` with each one that is lost.
   */
  constructor(
    runtime: Runtime,
    handle: (from: string, frame: Arrived, now: number) => RestOfFrame | void,
    dropped: (from: string, frame: Arrived) => void = () => {},
  ) {
    this.#runtime = runtime;
    this.#handle = handle;
    this.#dropped = dropped;
  }

  /**
   * Hands the frame on, now or soon. If frames of that peer wait, returns a promise that resolves when none does: until
   * then the peer should send no more. `now`: the time at which it came.
   */
  receive(
    from: string,
    frame: Uint8Array,
    now: number = this.#runtime.now(),
  ): Promise<void> | undefined {
    if (this.#closed) return undefined;
    if (this.#asideFrames === 0 && !this.#turning && this.#isInTime(now)) {
      this.#handFirst(from, frame, now);
    } else this.#setAside(from, frame);
    const queue = this.#aside.get(from);
    return queue && (queue.emptied ??= emptiness()).promise;
  }

  /** The number of frames lost because too many were set aside. */
  get lost(): number {
    return this.#lost;
  }

  /** Hands on a frame while none waits; then what is left of it, and what its handling has brought. */
  #handFirst(from: string, frame: Uint8Array, now: number): void {
    let rest: RestOfFrame | void = undefined;
    this.#turning = true;
    try {
      rest = this.#handle(from, frame, now);
    } finally {
      this.#turning = false;
      if (rest) this.#setAside(from, rest);
      if (this.#asideFrames > 0) this.#handOn();
    }
  }

  /** Lets a frame wait; the rest of one before the others of its peer. */
  #setAside(from: string, frame: Arrived): void {
    if (this.#closed) return;
    let queue = this.#aside.get(from);
    while (this.#asideFrames >= MAX_ASIDE || this.#asideBytes + frame.length > MAX_ASIDE_BYTES) {
      this.#lost++;
      if (!this.#makeRoom(queue, frame.length)) return this.#dropped(from, frame);
    }
    if (queue === undefined) {
      this.#aside.set(from, queue = { frames: [], head: 0, bytes: 0, emptied: null });
    }
    if (!("rest" in frame)) queue.frames.push(frame);
    else if (queue.head > 0) queue.frames[--queue.head] = frame;
    else queue.frames.unshift(frame);
    this.#add(queue, 1, frame);
  }

  /**
   * Drops the latest frame of a peer that exceeds its share, to make room for one of `bytes` in `queue`. Returns
   * `false` if `queue` itself exceeds its share: then only the new frame is lost.
   */
  #makeRoom(queue: PeerQueue | undefined, bytes: number): boolean {
    const peers = this.#aside.size + (queue === undefined ? 1 : 0);
    const isOver = (count: number, size: number) =>
      count > MAX_ASIDE / peers || size > MAX_ASIDE_BYTES / peers;
    if (isOver(count(queue) + 1, (queue?.bytes ?? 0) + bytes)) return false;
    for (const [peer, other] of this.#aside) {
      if (other === queue || !isOver(count(other), other.bytes)) continue;
      const latest = other.frames.pop()!;
      this.#dropped(peer, latest);
      this.#add(other, -1, latest);
      if (count(other) === 0) this.#forget(peer, other);
      return true;
    }
    return false;
  }

  /** Hands on no more frames. */
  close(): void {
    this.#closed = true;
    for (const [peer, queue] of this.#aside) this.#forget(peer, queue);
    this.#cancel();
  }

  /** Whether the timers run in time, as far as is known. */
  #isInTime(now: number): boolean {
    if (now - this.#since < LONGEST_TIMER_DELAY) return true;
    if (this.#running) return false;
    this.#since = now;
    this.#running = true;
    // A delay of 0: in a hidden tab a browser delays any longer timer by up to a second.
    this.#cancel = this.#runtime.setTimer(() => this.#turned(), 0);
    return true;
  }

  #turned(): void {
    this.#running = false;
    this.#since = this.#runtime.now();
    this.#handOn();
  }

  /** Hands frames on that wait, as long as the timers run in time. */
  #handOn(): void {
    this.#turning = true;
    while (!this.#closed && this.#aside.size > 0) {
      const now = this.#runtime.now();
      if (!this.#isInTime(now)) break;
      this.#handNext(now);
    }
    this.#turning = false;
  }

  /** Hands on the next frame; its peer goes to the end of the order. */
  #handNext(now: number): void {
    for (const [from, queue] of this.#aside) {
      this.#aside.delete(from);
      this.#aside.set(from, queue);
      const frame = queue.frames[queue.head]!;
      queue.frames[queue.head++] = undefined;
      this.#add(queue, -1, frame);
      let rest: RestOfFrame | void = undefined;
      try {
        rest = this.#handle(from, frame, now);
      } catch {
        // As in a transport: the error costs this frame, and must not affect other frames.
      }
      if (rest) this.#setAside(from, rest);
      if (queue.head >= COMPACTED_AT) {
        queue.frames.splice(0, queue.head);
        queue.head = 0;
      }
      // Unless it was closed, or another peer has got the room of this one.
      if (count(queue) === 0 && this.#aside.get(from) === queue) this.#forget(from, queue);
      return;
    }
  }

  #forget(peer: string, queue: PeerQueue): void {
    this.#aside.delete(peer);
    queue.emptied?.resolve();
  }

  /** Counts a frame that has come to a queue (`frames` is 1), or has left it (-1). */
  #add(queue: PeerQueue, frames: 1 | -1, { length }: Arrived): void {
    queue.bytes += frames * length;
    this.#asideFrames += frames;
    this.#asideBytes += frames * length;
  }
}

function emptiness(): Emptiness {
  let resolve = () => {};
  const promise = new Promise<void>((done) => resolve = done);
  return { promise, resolve };
}

function count(queue: PeerQueue | undefined): number {
  return queue === undefined ? 0 : queue.frames.length - queue.head;
}
