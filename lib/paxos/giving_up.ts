import type { Life } from "./ballot.ts";
import { type Configuration, lifeIn, listsIn, voicesOf, votersOf } from "./configuration.ts";
import { type Outgoing, sameMembers } from "./genesis.ts";
import type { Header, Reply } from "./messages.ts";
import { helpersNeeded, majority } from "./quorum.ts";

/** The options of {@linkcode GivingUp}. */
export interface GivingUpOptions {
  /** The id of this node. */
  readonly self: string;
  /** The list of members that the questions name, in order. */
  readonly members: readonly string[];
  /** The newest configuration that this member knows. */
  readonly configuration: Configuration;
  /** The life of the node. */
  readonly life: Life;
  /** The genesis that this member remembers. */
  readonly genesis: string;
  /** Whether this member does not vote, since it has not decided yet about the memory on its disk. */
  readonly isUndecided: () => boolean;
  /** Gives a number that this life has never used. */
  readonly nextId: () => number;
}

/**
 * For a member without a quorum that remembers: finds out whether the cluster can never recover, since too many members
 * have lost their memory. A member is lost if it answers in both rounds of questions that it is not operational, in one
 * and the same life, which the configuration does not name; so is one whose disk is that of another cluster. All is lost
 * when the remaining members of a list are too few to help the lost ones back; while the members change, of either list.
 * For a member that has not taken its disk, it also is when they are too few to take it, which in a list of two is more. A
 * member of which any process still remembers is not lost.
 */
export class GivingUp {
  readonly #options: GivingUpOptions;
  #round: 1 | 2 = 1;
  #number: number;
  /** In the second round the number of the first, to which a late answer may come; otherwise `null`. */
  #first: number | null = null;
  /** The members that this round has found lost, with their lives. */
  #lost = new Map<string, Life>();
  /** The members that the first round found lost. */
  #before: ReadonlyMap<string, Life> = new Map();
  /** The members of which a process has answered that it remembers. */
  readonly #remembering = new Set<string>();
  #isSucceeded = false;

  /** Sends nothing before `questions`. */
  constructor(options: GivingUpOptions) {
    this.#options = options;
    this.#number = options.nextId();
  }

  /** The configuration that it counts by. */
  get configuration(): Configuration {
    return this.#options.configuration;
  }

  /** Whether a later process under this node's id has answered; that one has to continue in its place. */
  get isSucceeded(): boolean {
    return this.#isSucceeded;
  }

  /**
   * The question of the running round, for the members that have not answered that they are lost. The copy to
   * this node's own id reaches other processes under it.
   */
  questions(): Outgoing[] {
    const { self, members, configuration } = this.#options;
    const voices = voicesOf(configuration);
    // A member that is alone has no other member to lose.
    if (voices.every((id) => id === self)) return [];
    const id = this.#number;
    const round = this.#round;
    return voices.filter((member) => !this.#lost.has(member))
      .map((to) => ({ to, request: { id, type: "enquire", members, purpose: "givingUp", round } }));
  }

  /** Whether `id` is the number of the running question. */
  asks(id: number): boolean {
    return id === this.#number;
  }

  /** Takes an answer; returns whether all is lost, and what to ask next. */
  receive(from: string, header: Header, reply: Reply): { ask: Outgoing[]; allIsLost: boolean } {
    const { self, members, configuration, life, genesis } = this.#options;
    const nothing = { ask: [], allIsLost: false };
    const named = lifeIn(configuration, from);
    const { type } = reply;
    if (named === undefined) return nothing;
    // What is on its disk may still be its memory, unless that is of another cluster.
    const isForeign = type === "stored" && reply.record.id !== genesis;
    if (type === "record" || (type === "stored" && !isForeign)) {
      if (reply.id === this.#number || reply.id === this.#first) this.#remembers(from);
      return nothing;
    }
    // The next genesis is made by the lists that the members were given.
    if (type !== "blank" && !isForeign) return nothing;
    if (!sameMembers(reply.members, members)) return nothing;
    if (from === self) {
      // A late answer counts too: the answers of the others may end a round before its own arrives.
      const isAsked = reply.id === this.#number || reply.id === this.#first;
      this.#isSucceeded ||= isAsked && header.life > life;
      return nothing;
    }
    if (reply.id !== this.#number) return nothing;
    if (named === header.life || this.#remembering.has(from)) return nothing;
    if (this.#round === 2 && this.#before.get(from) !== header.life) return nothing;
    this.#lost.set(from, header.life);
    if (!this.#isAllLost()) return nothing;
    if (this.#round === 2) return { ask: [], allIsLost: true };
    this.#round = 2;
    this.#before = this.#lost;
    this.#lost = new Map();
    this.#first = this.#number;
    this.#number = this.#options.nextId();
    return { ask: this.questions(), allIsLost: false };
  }

  /** Whether the members that are not lost are too few, in one of the lists that count. */
  #isAllLost(): boolean {
    const { self, configuration, isUndecided } = this.#options;
    const isShort = (list: readonly string[], needed: number) =>
      list.filter((id) => !this.#lost.has(id)).length < needed;
    const voters = votersOf(configuration);
    // A member takes its disk beside a majority that remembers, and helps no other one back before.
    const isWaiting = voters.includes(self) && isUndecided();
    if (isWaiting && isShort(voters, majority(voters.length))) return true;
    return listsIn(configuration).some((list) => isShort(list, helpersNeeded(list.length)));
  }

  /** Notes that `member` remembers; a count that found it lost begins again. */
  #remembers(member: string): void {
    this.#remembering.add(member);
    if (!this.#lost.has(member) && !this.#before.has(member)) return;
    this.#round = 1;
    this.#first = null;
    this.#number = this.#options.nextId();
    this.#lost = new Map();
    this.#before = new Map();
  }
}
