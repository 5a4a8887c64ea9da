import type { Life } from "./ballot.ts";
import type { GenesisRecord } from "./messages.ts";
import { majority } from "./quorum.ts";

/**
 * For a blank member that has its life from its disk: whether a record that names this life may be adopted. The disk may
 * be older than it seems, and the member may have voted since. So enough others to make a majority with it have to know
 * no later life of it. If fewer remember, all others have to answer, each blank in the life that the record
 * names: then the first start was interrupted, and no member has voted without them.
 */
export class Witnesses {
  readonly #self: string;
  readonly #members: readonly string[];
  /** The records of those that remember and know no later life of this member. */
  readonly #remembering = new Map<string, string>();
  /** The lives of those that are blank. */
  readonly #blank = new Map<string, Life>();

  /** Knows of no answers. */
  constructor(self: string, members: readonly string[]) {
    this.#self = self;
    this.#members = members;
  }

  /** Begins again: earlier answers may be outdated. */
  clear(): void {
    this.#remembering.clear();
    this.#blank.clear();
  }

  /** Notes a member that remembers this record, and no later life of this one. */
  remembers(id: string, record: GenesisRecord): void {
    this.#remembering.set(id, record.id);
  }

  /** Notes a member that is blank in this life. */
  isBlank(id: string, life: Life): void {
    this.#blank.set(id, life);
  }

  /** Whether the record may be adopted. */
  allow({ id, lives }: GenesisRecord): boolean {
    const others = this.#members.filter((member) => member !== this.#self);
    const remembers = (member: string) => this.#remembering.get(member) === id;
    if (others.filter(remembers).length + 1 >= majority(this.#members.length)) return true;
    return others.every((member) =>
      remembers(member) || this.#blank.get(member) === lives[this.#members.indexOf(member)]
    );
  }
}
