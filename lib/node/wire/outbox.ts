import { MAX_MESSAGES, MESSAGE_BYTES, replySize, requestSize } from "../../codec.ts";
import type { Life } from "../../paxos/ballot.ts";
import type { Frame, Header, Reply, Request } from "../../paxos/messages.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Approximate size in bytes at which a frame is sent before the end of the turn. */
const FULL_FRAME_BYTES = 256 * 1024;

/**
 * Consecutive rounds with the event loop not turning, after which a node uses a timer: microtasks would delay
 * timers and input for as long as a program sends one request after the other.
 */
const ROUNDS_PER_TURN = 200;

/** Messages of a node to itself that are handled before those to others leave, if others are told of them. */
const FEW = 4;

interface Pending {
  requests: Request[];
  /**
   * By the life of the peer that sent the request: another life must not take these replies as its own. Made for the
   * first reply.
   */
  replies: Map<Life, Reply[]> | undefined;
  bytes: number;
  /** The number of messages. */
  count: number;
}

/** What an outbox works with. */
export interface OutboxOptions {
  readonly self: string;
  readonly runtime: Runtime;
  /** The header of a frame at the moment at which it leaves. */
  readonly header: () => Header;
  /** Hands a frame to the network, for each of the given nodes. */
  readonly send: (to: readonly string[], frame: Frame) => void;
  /** Whether other nodes are told what this node's acceptor does with this request of its own. */
  readonly informs: (request: Request) => boolean;
  /** Hands a frame of this node to itself, without the network. */
  readonly loopback: (frame: Frame) => void;
}

/**
 * Collects the messages of this node in one turn of the event loop, so that all messages to one peer travel in
 * one frame: a frame costs far more than a message.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #pending = new Map<string, Pending>();
  /** Frames to this node itself that are not yet handled. */
  #own: Frame[] = [];
  #scheduled = false;
  #rounds = 0;
  #closed = false;

  /** An empty outbox. Messages leave at the end of the turn, or in a full frame before that. */
  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Adds a request to `to`. */
  request(to: string, request: Request): void {
    const pending = this.#of(to);
    pending.requests.push(request);
    this.#grow(to, pending, MESSAGE_BYTES + requestSize(request));
  }

  /** Adds a reply to the given life of `to`. */
  reply(to: string, life: Life, reply: Reply): void {
    const pending = this.#of(to);
    const all = pending.replies ??= new Map();
    const replies = all.get(life);
    if (replies === undefined) all.set(life, [reply]);
    else replies.push(reply);
    this.#grow(to, pending, MESSAGE_BYTES + replySize(reply));
  }

  /** Drops messages that have not left: the life in whose name they were sent is over. */
  clear(): void {
    this.#pending.clear();
    this.#own = [];
  }

  /** A frame came from outside, so the event loop has turned. */
  turned(): void {
    this.#rounds = 0;
  }

  /** Sends the waiting messages now. */
  flush(): void {
    this.#scheduled = false;
    while (this.#pending.size > 0 && !this.#closed) {
      const { self, informs } = this.#options;
      const first = this.#pending.get(self);
      if (first !== undefined && first.count <= FEW && first.requests.some(informs)) {
        // What others are told of it leaves in the same frames.
        this.#pending.delete(self);
        this.#own.push(...this.#frames(first));
        this.#hear();
      }
      // Own frames last, since those to others take longer: a transport may also delay them to the end of the turn.
      // Messages that result go out in the next round.
      if (this.#sendOthers() > 0) this.#hearLater();
      else this.#hear();
    }
  }

  /** Sends the waiting messages with the present header, which is about to change. */
  leave(): void {
    if (this.#pending.size === 0 || this.#closed) return;
    this.#sendOthers();
    this.#hearLater();
  }

  /** Sends nothing more. */
  close(): void {
    this.#closed = true;
    this.clear();
  }

  /** Sends what waits for other nodes, and returns how many they are. What waits for this one is in `#own` then. */
  #sendOthers(): number {
    const pending = this.#pending;
    this.#pending = new Map();
    const { self } = this.#options;
    const own = pending.get(self);
    pending.delete(self);
    this.#sendAll(pending);
    if (own !== undefined) this.#own.push(...this.#frames(own));
    return pending.size;
  }

  #hearLater(): void {
    if (this.#own.length > 0) this.#options.runtime.defer(this.#hear);
  }

  /** Handles the frames to this node itself. */
  readonly #hear = (): void => {
    for (const frame of this.#own.splice(0)) {
      if (!this.#closed) this.#options.loopback(frame);
    }
  };

  #of(to: string): Pending {
    let pending = this.#pending.get(to);
    if (pending === undefined) {
      this.#pending.set(to, pending = { requests: [], replies: undefined, bytes: 0, count: 0 });
      if (!this.#scheduled) {
        this.#scheduled = true;
        const { runtime } = this.#options;
        if (this.#rounds++ < ROUNDS_PER_TURN) {
          runtime.defer(() => this.flush());
        } else {
          this.#rounds = 0;
          runtime.setTimer(() => this.flush(), 0);
        }
      }
    }
    return pending;
  }

  #grow(to: string, pending: Pending, bytes: number): void {
    pending.bytes += bytes;
    pending.count++;
    const isFull = pending.bytes >= FULL_FRAME_BYTES || pending.count >= MAX_MESSAGES;
    if (!isFull || to === this.#options.self) return;
    this.#pending.delete(to);
    if (!this.#closed) this.#sendTo(to, pending);
  }

  /** Encodes equal messages to several peers, such as a request to all members, as one frame. */
  #sendAll(pending: ReadonlyMap<string, Pending>): void {
    let alike: { readonly requests: readonly Request[]; readonly to: string[] } | undefined;
    const sendAlike = () => {
      if (alike !== undefined) this.#options.send(alike.to, this.#frame(alike.requests, null, []));
      alike = undefined;
    };
    for (const [to, messages] of pending) {
      const { requests, replies } = messages;
      if (replies !== undefined) {
        this.#sendTo(to, messages);
      } else if (alike !== undefined && areSame(alike.requests, requests)) {
        alike.to.push(to);
      } else {
        sendAlike();
        alike = { requests, to: [to] };
      }
    }
    sendAlike();
  }

  #sendTo(to: string, pending: Pending): void {
    for (const frame of this.#frames(pending)) this.#options.send([to], frame);
  }

  #frames({ requests, replies }: Pending): Frame[] {
    if (replies === undefined) return [this.#frame(requests, null, [])];
    const frames: Frame[] = [];
    for (const [life, answers] of replies) {
      frames.push(this.#frame(frames.length === 0 ? requests : [], life, answers));
    }
    return frames;
  }

  #frame(requests: readonly Request[], repliesTo: Life | null, replies: readonly Reply[]): Frame {
    return { header: this.#options.header(), requests, repliesTo, replies };
  }
}

function areSame(some: readonly Request[], others: readonly Request[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}
