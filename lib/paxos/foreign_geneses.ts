import type { Life } from "./ballot.ts";
import {
  type Configuration,
  firstConfiguration,
  helpersIn,
  isNewer,
  votersOf,
} from "./configuration.ts";
import { majority } from "./quorum.ts";

/** What a living node tells of its genesis. */
interface Told {
  /** The members of its configuration. */
  readonly members: readonly string[];
  readonly record: { readonly id: string; readonly lives: readonly Life[] };
  /** Absent: the configuration is that of the genesis. */
  readonly configuration?: Configuration;
}

/** The clusters of other geneses that a member hears of while it decides about its disk. */
export class ForeignGeneses {
  readonly #self: string;
  /** The newest configuration that was told, by the id of the genesis. */
  readonly #told = new Map<string, Configuration>();

  /** Knows of none. */
  constructor(self: string) {
    this.#self = self;
  }

  /** A node that votes has told of its genesis. */
  tells({ members, record, configuration }: Told): void {
    const told = configuration ?? firstConfiguration(members, record.lives);
    const known = this.#told.get(record.id);
    if (known === undefined || isNewer(told, known)) this.#told.set(record.id, told);
  }

  /** The other members of those clusters that have this one as a member. */
  get nodes(): string[] {
    const nodes = this.#places().flatMap(([, configuration]) => votersOf(configuration));
    return [...new Set(nodes)].filter((id) => id !== this.#self);
  }

  /**
   * Whether a memory under another genesis than those is over, if these nodes live under these: too many of `voters`, its
   * members, for a majority of them to remember it, or enough members of a cluster that has this one as a
   * member for it to recover there. That one began, or admitted this member, without the memory.
   */
  areAlive(lives: ReadonlyMap<string, string>, voters: readonly string[]): boolean {
    const foreign = voters.filter((id) => lives.has(id)).length;
    if (foreign > voters.length - majority(voters.length)) return true;
    return this.#places().some(([genesis, configuration]) =>
      helpersIn(configuration, this.#self)
        .every(({ of, needed }) => of.filter((id) => lives.get(id) === genesis).length >= needed)
    );
  }

  #places(): [string, Configuration][] {
    return [...this.#told].filter(([, configuration]) =>
      votersOf(configuration).includes(this.#self)
    );
  }
}
