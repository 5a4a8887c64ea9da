import type { RegisterReply } from "./messages.ts";

/** A member that has no room for a new register, and what it says. */
interface Full {
  readonly member: string;
  readonly reply: RegisterReply & { readonly type: "full" };
}

/** The members that have no room for the new register of a proposal. */
export class Shortage {
  #fulls: readonly Full[] = [];

  /** How many members have no room. */
  get size(): number {
    return this.#fulls.length;
  }

  /** Whether one of them is making room: it is worth asking again soon. */
  get tidying(): boolean {
    return this.#fulls.some(({ reply }) => reply.tidying);
  }

  /** The members that released registers wait for. */
  get missing(): string[] {
    return [...new Set(this.#fulls.flatMap(({ reply }) => reply.missing))];
  }

  /** Whether this member has no room. */
  has(member: string): boolean {
    return this.#fulls.some((full) => full.member === member);
  }

  /** Notes that a member has no room. */
  add(member: string, reply: RegisterReply & { readonly type: "full" }): void {
    this.#fulls = [...this.#fulls.filter((full) => full.member !== member), { member, reply }];
  }

  /** A member has found room. */
  delete(member: string): void {
    if (this.has(member)) this.#fulls = this.#fulls.filter((full) => full.member !== member);
  }

  /** Forgets all of them. */
  clear(): void {
    if (this.#fulls.length > 0) this.#fulls = [];
  }
}
