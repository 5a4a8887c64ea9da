import type { Life } from "../paxos/ballot.ts";
import { MAX_OPEN } from "./singleton_messages.ts";

/** The attempts of this node at one life of a host, numbered from its birth. */
export interface Channel {
  /** The Lamport counter by which the host tells this channel from earlier ones of this node. */
  readonly birth: number;
  /** The life of this node that the channel belongs to. */
  readonly life: Life;
  last: number;
  /** When the channel was used last. */
  used: number;
  /** Whether the host has forgotten the channel. */
  isStale: boolean;
  /** Whether a later channel has taken its place: the host forgets its attempts, also those that have begun. */
  isReplaced: boolean;
  /** The attempts that wait for their answer, in ascending order. */
  readonly open: Set<number>;
  /** When a message last listed up to `MAX_OPEN` attempts. */
  named: number;
}

/** The numbers of one attempt; see `Question`. */
export interface AttemptNumbers {
  readonly birth: number;
  readonly sequence: number;
  readonly done: number;
  readonly open: readonly number[];
  readonly full: boolean;
}

/**
 * Open attempts listed when a call is first sent. A host needs more only if a number never arrived, since
 * that one holds up all later ones. Then calls are sent again, and one resent message in every `NAMED_EVERY`
 * milliseconds lists up to `MAX_OPEN`.
 */
export const FEW_OPEN = 8;
const NAMED_EVERY = 200;

/**
 * Idle time after which a channel is not used again, in milliseconds. Hosts forget silent callers; only a new
 * birth makes sure that a call to such a host is the first of its number.
 */
const LONGEST_IDLE = 1_000;

/** Channels kept before idle ones are removed together. */
const MAX_CHANNELS = 1_000;

/** The channels of one node to the lives of hosts. */
export class Channels {
  readonly #channels = new Map<Life, Channel>();
  /** The number of channels at which idle ones are removed next. */
  #clearAt = MAX_CHANNELS;

  /** The number of hosts' lives that have a channel. */
  get size(): number {
    return this.#channels.size;
  }

  /**
   * The channel to use now for calls to a life of a host: the known one, or a new one of this `life` of the
   * node with the birth that `next` gives.
   */
  open(host: Life, life: Life, now: number, next: () => number): Channel {
    const known = this.#channels.get(host);
    if (known !== undefined && known.life === life && !known.isStale) {
      if (known.open.size > 0 || now - known.used < LONGEST_IDLE) {
        known.used = now;
        return known;
      }
    }
    if (known !== undefined) known.isReplaced = true;
    if (this.#channels.size >= this.#clearAt) this.#clear();
    const channel: Channel = {
      ...{ birth: next(), life, last: 0, used: now },
      ...{ isStale: false, isReplaced: false, open: new Set<number>(), named: -Infinity },
    };
    this.#channels.set(host, channel);
    return channel;
  }

  /** Removes channels without an open attempt: a later channel to the same host has a birth of its own. */
  #clear(): void {
    for (const [host, { open }] of this.#channels) if (open.size === 0) this.#channels.delete(host);
    this.#clearAt = Math.max(MAX_CHANNELS, 2 * this.#channels.size);
  }
}

/** The most open attempts to list in a message that is sent now. */
export function mostNamed(channel: Channel, isFirst: boolean, now: number): number {
  if (isFirst || now - channel.named < NAMED_EVERY) return FEW_OPEN;
  channel.named = now;
  return MAX_OPEN;
}

/** The numbers of attempt `sequence` of `channel`, with at most `named` open attempts. */
export function numbersOf(channel: Channel, sequence: number, named: number): AttemptNumbers {
  const done = Math.min(lowest(channel), sequence) - 1;
  const open: number[] = [];
  for (const number of channel.open) {
    // Numbers only grow, so the set is in ascending order.
    if (number >= sequence || open.length === named) break;
    open.push(number);
  }
  return { birth: channel.birth, sequence, done, open, full: open.length === named };
}

/** The lowest attempt that is open: numbers only grow, so it is the first one. */
function lowest(channel: Channel): number {
  for (const sequence of channel.open) return sequence;
  return channel.last + 1;
}
