import type { Life } from "./ballot.ts";
import { type Outgoing, sameMembers } from "./genesis.ts";
import type { GenesisRecord, Header, Reply } from "./messages.ts";
import { majority } from "./quorum.ts";

/** What it works with. */
export interface GivingUpOptions {
  /** The id of this node, one of `members`. */
  readonly self: string;
  /** The ids of the members, in order. */
  readonly members: readonly string[];
  /** The record that this member lives under. */
  readonly record: GenesisRecord;
  /** Gives a number that this life has never used. */
  readonly nextId: () => number;
}

/**
 * Finds out whether the cluster can never come back under its record, since a majority has lost its
 * memory: so many members, in two rounds of questions, are not operational in lives that the record
 * does not name, that the others are fewer than a majority. For an operational member without a quorum.
 */
export class GivingUp {
  readonly #options: GivingUpOptions;
  #round: 1 | 2 = 1;
  #number: number;
  /** Who is lost, by what this round has heard. */
  #lost = new Map<string, Life>();
  /** Who was lost in the first round. */
  #before: ReadonlyMap<string, Life> = new Map();

  /** Asks for nothing before `questions`. */
  constructor(options: GivingUpOptions) {
    this.#options = options;
    this.#number = options.nextId();
  }

  /** The question of the running round, for those who have not said that they are lost. */
  questions(): Outgoing[] {
    const { self, members } = this.#options;
    const id = this.#number;
    const round = this.#round;
    return members.filter((member) => member !== self && !this.#lost.has(member))
      .map((to) => ({ to, request: { id, type: "enquire", members, purpose: "givingUp", round } }));
  }

  /** Whether `id` is the number of the running question. */
  asks(id: number): boolean {
    return id === this.#number;
  }

  /** Takes an answer; says whether all is lost, or what to ask next. */
  receive(from: string, header: Header, reply: Reply): { ask: Outgoing[]; allIsLost: boolean } {
    const { members, record } = this.#options;
    const nothing = { ask: [], allIsLost: false };
    const index = members.indexOf(from);
    if (reply.id !== this.#number || reply.type !== "blank" || index < 0) return nothing;
    if (!sameMembers(reply.members, members) || record.lives[index] === header.life) return nothing;
    if (this.#round === 2 && this.#before.get(from) !== header.life) return nothing;
    this.#lost.set(from, header.life);
    if (members.length - this.#lost.size >= majority(members.length)) return nothing;
    if (this.#round === 2) return { ask: [], allIsLost: true };
    this.#round = 2;
    this.#before = this.#lost;
    this.#lost = new Map();
    this.#number = this.#options.nextId();
    return { ask: this.questions(), allIsLost: false };
  }
}
