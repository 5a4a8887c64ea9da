import type { Life } from "./ballot.ts";
import type { ConfigurationReply, ConfigurationRequest } from "./configuration_messages.ts";
import type { Reply } from "./messages.ts";
import { type Sender, Tally } from "./quorum.ts";
import type { RegisterId } from "./register.ts";

/** All registers that a quorum holds. */
export interface Inventory {
  /** The registers that any of them holds, also with nothing but a promise. */
  readonly registers: readonly RegisterId[];
  /** The highest of their floors. */
  readonly floor: number;
}

/** The pieces of one member's list received so far. */
interface Listing {
  number: number;
  after: RegisterId;
  incarnation: Life | null;
  readonly registers: Set<RegisterId>;
}

/** Lists the registers of a quorum in pieces, and their floors after that. */
export class InventoryQuery {
  readonly #members: readonly string[];
  readonly #nextId: () => number;
  readonly #listings = new Map<string, Listing>();
  readonly #lists: Tally<Inventory>;

  /** Asks `members`; `nextId` gives a number that this life has never used. */
  constructor(members: readonly string[], nextId: () => number) {
    this.#members = members;
    this.#nextId = nextId;
    this.#lists = new Tally(members);
  }

  /** The questions for the members that have not listed all. */
  questions(): { to: string; request: { id: number } & ConfigurationRequest }[] {
    return this.#members.filter((to) => !this.#lists.has(to)).map((to) => {
      let listing = this.#listings.get(to);
      if (listing === undefined) {
        const number = this.#nextId();
        listing = { number, after: "", incarnation: null, registers: new Set() };
        this.#listings.set(to, listing);
      }
      return { to, request: { id: listing.number, type: "inventory", after: listing.after } };
    });
  }

  /** Takes a reply; returns the inventory once a quorum has listed all. */
  receive(
    sender: Sender,
    reply: Reply | ({ readonly id: number } & ConfigurationReply),
  ): Inventory | undefined {
    const listing = this.#listings.get(sender.member);
    if (reply.type !== "inventoried" || listing?.number !== reply.id) return undefined;
    if (listing.incarnation !== null && listing.incarnation !== sender.incarnation) {
      // Pieces from two incarnations do not make one list.
      this.#listings.delete(sender.member);
      return undefined;
    }
    listing.incarnation = sender.incarnation;
    for (const register of reply.registers) {
      listing.registers.add(register);
      listing.after = register;
    }
    listing.number = this.#nextId();
    if (reply.floor === null) return undefined;
    this.#listings.delete(sender.member);
    const list = { registers: [...listing.registers], floor: reply.floor };
    if (!this.#lists.add(sender, list)) return undefined;
    const lists = this.#lists.replies;
    return {
      registers: [...new Set(lists.flatMap(({ registers }) => registers))].sort(),
      floor: Math.max(...lists.map(({ floor }) => floor)),
    };
  }
}
