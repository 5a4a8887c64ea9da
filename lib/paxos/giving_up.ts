import type { Life } from "./ballot.ts";
import { type Outgoing, sameMembers } from "./genesis.ts";
import type { GenesisRecord, Header, Reply } from "./messages.ts";
import { helpersNeeded } from "./quorum.ts";

/** What it works with. */
export interface GivingUpOptions {
  /** The id of this node, one of `members`. */
  readonly self: string;
  /** The ids of the members, in order. */
  readonly members: readonly string[];
  /** The record that this member lives under. */
  readonly record: GenesisRecord;
  /** The life of the node. */
  readonly life: Life;
  /** Gives a number that this life has never used. */
  readonly nextId: () => number;
}

/**
 * Finds out whether the cluster can never come back under its record, since too many have lost their
 * memory: so many members, in two rounds of questions, are not operational in lives that the record
 * does not name, that nobody can come back with the help of the others. A member of which any process
 * still remembers is not lost. For an operational member without a quorum.
 */
export class GivingUp {
  readonly #options: GivingUpOptions;
  #round: 1 | 2 = 1;
  #number: number;
  /** In the second round the number of the first, to which an answer may come late; else `null`. */
  #first: number | null = null;
  /** Who is lost, by what this round has heard. */
  #lost = new Map<string, Life>();
  /** Who was lost in the first round. */
  #before: ReadonlyMap<string, Life> = new Map();
  /** Members of which a process has answered that it remembers. */
  readonly #remembering = new Set<string>();
  #isSucceeded = false;

  /** Asks for nothing before `questions`. */
  constructor(options: GivingUpOptions) {
    this.#options = options;
    this.#number = options.nextId();
  }

  /** Whether a later process under this node's id has answered: that one is to go on in its place. */
  get isSucceeded(): boolean {
    return this.#isSucceeded;
  }

  /**
   * The question of the running round, for those who have not said that they are lost. What goes to this
   * one's own id, other processes under it may hear.
   */
  questions(): Outgoing[] {
    const { members } = this.#options;
    // A member that is alone has nobody to lose.
    if (members.length === 1) return [];
    const id = this.#number;
    const round = this.#round;
    return members.filter((member) => !this.#lost.has(member))
      .map((to) => ({ to, request: { id, type: "enquire", members, purpose: "givingUp", round } }));
  }

  /** Whether `id` is the number of the running question. */
  asks(id: number): boolean {
    return id === this.#number;
  }

  /** Takes an answer; says whether all is lost, or what to ask next. */
  receive(from: string, header: Header, reply: Reply): { ask: Outgoing[]; allIsLost: boolean } {
    const { self, members, record, life } = this.#options;
    const nothing = { ask: [], allIsLost: false };
    const index = members.indexOf(from);
    if (index < 0 || (reply.type !== "blank" && reply.type !== "record")) return nothing;
    if (!sameMembers(reply.members, members)) return nothing;
    if (reply.type === "record") {
      if (reply.id === this.#number || reply.id === this.#first) this.#remembers(from);
      return nothing;
    }
    if (reply.id !== this.#number) return nothing;
    if (from === self) {
      this.#isSucceeded ||= header.life > life;
      return nothing;
    }
    if (record.lives[index] === header.life || this.#remembering.has(from)) return nothing;
    if (this.#round === 2 && this.#before.get(from) !== header.life) return nothing;
    this.#lost.set(from, header.life);
    if (members.length - this.#lost.size >= helpersNeeded(members.length)) return nothing;
    if (this.#round === 2) return { ask: [], allIsLost: true };
    this.#round = 2;
    this.#before = this.#lost;
    this.#lost = new Map();
    this.#first = this.#number;
    this.#number = this.#options.nextId();
    return { ask: this.questions(), allIsLost: false };
  }

  /** Whoever counts on it that this member is lost begins again. */
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
