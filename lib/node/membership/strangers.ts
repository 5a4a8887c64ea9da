import type { GenesisReply, Header, Reply } from "../../paxos/messages.ts";
import { votersOf } from "../../paxos/configuration.ts";
import { UNASKED } from "../../paxos/genesis.ts";
import type { Engine } from "../engine/engine.ts";

/** An answer that tells of a cluster. */
type RecordReply = GenesisReply & { readonly type: "record" };

/** Nodes of clusters that were told of, to bound memory. */
const MAX_TELLERS = 100;

/** Former members that are asked at a time. */
const ASKED_AT_ONCE = 3;

/**
 * Tells nodes that are blank of the living cluster, though they do not ask this one: members that were removed, and
 * start again with an old list. Otherwise those of them that are a whole old list would begin a second cluster.
 */
export class Strangers {
  readonly #engine: Engine;
  readonly #tellers = new Set<string>();
  #next = 0;

  /** Knows of no other cluster. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The nodes that have told this one of a cluster, and the members of that cluster. */
  get tellers(): readonly string[] {
    return [...this.#tellers];
  }

  /** Asks some former members whether they are blank. */
  ask(): void {
    const { place, pendingReplies, settings } = this.#engine;
    // One entry without an id stands for those whose ids were dropped.
    const former = place?.incarnations.former.filter(([id]) => id !== "") ?? [];
    if (former.length === 0) return;
    const { members } = settings;
    const id = pendingReplies.next();
    const request = { id, type: "enquire", members, purpose: "record", round: 1 } as const;
    for (let i = 0; i < Math.min(ASKED_AT_ONCE, former.length); i++) {
      this.#engine.ask([former[this.#next++ % former.length][0]], request);
    }
  }

  /** A node that votes has been heard: it can tell of its cluster. */
  hears(node: string): void {
    if (this.#tellers.size < MAX_TELLERS) this.#tellers.add(node);
  }

  /** Takes an answer; `record` is what this node tells, if it votes. */
  answered(from: string, header: Header, reply: Reply, record: RecordReply | null): void {
    const { self, members, life } = this.#engine;
    const isBlank = reply.type === "blank" || reply.type === "membersMismatch";
    if (isBlank && header.genesis === null && record !== null && !members.includes(from)) {
      this.#engine.reply(from, header.life, { id: UNASKED, ...record });
    }
    if (reply.type !== "record" || from === self || header.life === life) return;
    const { configuration } = reply;
    for (const node of [from, ...configuration === undefined ? [] : votersOf(configuration)]) {
      if (node !== self) this.hears(node);
    }
  }
}

/** What a node tells of its cluster: the record and the configuration that it knows; `null`: it knows none. */
export function toldBy({ record, place }: Engine): RecordReply | null {
  if (record === null || place === null) return null;
  const told = { type: "record", members: votersOf(place.configuration), record } as const;
  return place.configuration.epoch === 0 ? told : { ...told, ...place.news };
}
