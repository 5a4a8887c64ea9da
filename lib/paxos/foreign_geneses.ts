import type { Life } from "./ballot.ts";
import {
  type Configuration,
  firstConfiguration,
  helpersIn,
  isNewer,
  lifeIn,
  votersOf,
} from "./configuration.ts";
import { helpersNeeded } from "./quorum.ts";

/** What a living node tells of its genesis. */
interface Told {
  /** The members of its configuration. */
  readonly members: readonly string[];
  readonly record: { readonly id: string; readonly lives: readonly Life[] };
  /** Absent: the configuration is that of the genesis. */
  readonly configuration?: Configuration;
}

/** Other geneses that are remembered, to bound memory and questions: those that were told last. */
const MAX_TOLD = 8;

/** The clusters of other geneses that a member hears of while it decides about its disk. */
export class ForeignGeneses {
  readonly #self: string;
  readonly #found: Life;
  /** The newest configuration that was told, by the id of the genesis; told last, last. */
  readonly #told = new Map<string, Configuration>();

  /** Knows of none. `found`: the incarnation of the disk of `self`, as it was found. */
  constructor(self: string, found: Life) {
    this.#self = self;
    this.#found = found;
  }

  /** A node that votes has told of its genesis. */
  tells({ members, record, configuration }: Told): void {
    const told = configuration ?? firstConfiguration(members, record.lives);
    const known = this.#told.get(record.id);
    this.#told.delete(record.id);
    this.#told.set(record.id, known === undefined || isNewer(told, known) ? told : known);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= MAX_TOLD) break;
      this.#told.delete(oldest);
    }
  }

  /** The other members of those clusters that have admitted this one since. */
  get nodes(): string[] {
    const nodes = this.#places().flatMap(([, configuration]) => votersOf(configuration));
    return [...new Set(nodes)].filter((id) => id !== this.#self);
  }

  /**
   * Whether the memory on the disk, of a cluster of these `voters`, is over. `geneses`: what other nodes live under, by
   * their ids. It is over if too many voters live under other geneses for the rest to help one of them back; or if
   * enough members of a cluster that has admitted this one since live under its genesis for it to recover there.
   */
  areAlive(geneses: ReadonlyMap<string, string>, voters: readonly string[]): boolean {
    const foreign = voters.filter((id) => geneses.has(id)).length;
    if (voters.length - foreign < helpersNeeded(voters.length)) return true;
    return this.#places().some(([genesis, configuration]) =>
      helpersIn(configuration, this.#self)
        .every(({ of, needed }) => of.filter((id) => geneses.get(id) === genesis).length >= needed)
    );
  }

  /**
   * The clusters that have admitted this member after it had the memory on its disk. Lives are ordered by time: a cluster
   * that has it in an earlier one is older than the disk, and is told of by a disk or a process from before.
   */
  #places(): [string, Configuration][] {
    return [...this.#told].filter(([, configuration]) => {
      const life = lifeIn(configuration, this.#self);
      const isMember = votersOf(configuration).includes(this.#self);
      return isMember && life !== undefined && life > this.#found;
    });
  }
}
