import type { Life } from "./ballot.ts";
import type { GenesisRecord } from "./messages.ts";
import { majority } from "./quorum.ts";

/** What a member says that remembers a record. */
interface Told {
  readonly record: GenesisRecord;
  /** The members of that record, in order. */
  readonly members: readonly string[];
  /** The highest incarnations that it knows, in that order. */
  readonly vector: readonly Life[];
}

/**
 * For a blank member that has its life from its disk: whether a record that names this life may be adopted. The disk may
 * be older than it seems, and the member may have voted since. So enough others to make a majority with it have to know
 * no later life of it, as if it started with a memory from its disk. The record is one that another node remembers. A blank
 * one counts only in the life that the record names: it has adopted nothing in that, so its memory is complete, and empty.
 * One that has lost its memory is in another life.
 */
export class Witnesses {
  readonly #self: string;
  /** Those that remember a record and know no later life of this member. */
  readonly #remembering = new Map<string, Told>();
  /** The lives of those that are blank. */
  readonly #blank = new Map<string, Life>();

  /** Knows of no answers. */
  constructor(self: string) {
    this.#self = self;
  }

  /** Begins again: earlier answers may be outdated. */
  clear(): void {
    this.#remembering.clear();
    this.#blank.clear();
  }

  /** Notes a member that remembers a record which names the life of this one, and knows no later life of it. */
  remembers(from: string, told: Told): void {
    this.#remembering.set(from, told);
  }

  /** Notes a member that is blank in this life. */
  isBlank(from: string, life: Life): void {
    this.#blank.set(from, life);
  }

  /** The record that may be adopted; `undefined`: none. */
  get allowed(): GenesisRecord | undefined {
    for (const { record, members } of this.#remembering.values()) {
      const counted = members.filter((member, index) => this.#counts(record, member, index));
      if (counted.length >= majority(members.length)) return record;
    }
    return undefined;
  }

  /** Whether a member is this one, or has a memory of this record, or an empty one. */
  #counts({ id, lives }: GenesisRecord, member: string, index: number): boolean {
    const all = this.#remembering;
    if (member === this.#self || all.get(member)?.record.id === id) return true;
    const life = lives[index];
    // If a later life is known, that may have voted.
    return this.#blank.get(member) === life &&
      !Array.from(all.values()).some(({ vector }) => vector[index] > life);
  }
}
