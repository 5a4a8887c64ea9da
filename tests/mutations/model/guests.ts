import type { Broken } from "../../model/guests/world.ts";
import type { Edit } from "../../model/paxos.ts";

/** A broken rule for operations of guests, and the scope that it must turn red. */
export interface GuestMutation {
  /** The broken behaviour, as a sentence. */
  readonly name: string;
  /** Changes of the machines that ship. */
  readonly edits: readonly Edit[];
  /** A fault of the guest, or of the part of the gateway that the model has its own. */
  readonly broken?: Broken;
  /** The name of the scope that shows it. */
  readonly scope: string;
  /** A part of the text of the violation. */
  readonly why: string;
  /** Whether the search takes too long for the tests; `deno task model --mutants` runs it. */
  readonly isSlow?: boolean;
}

const edit = (module: string, find: string, replace: string): Edit[] => [{ module, find, replace }];

const SENT_AGAIN = "a put bound to a process, sent again, and its exit";
const UNDONE = "has undone it";
const TWICE = "took effect twice";

/** Each must turn its scope red. */
export const GUEST_MUTATIONS: readonly GuestMutation[] = [
  {
    name: "a gateway does not look at the ticket",
    edits: edit(
      "tickets",
      "    const given = this.#given.get(this.#shown);\n",
      "    return true;\n",
    ),
    scope: "a put bound to a process, and its exit",
    why: UNDONE,
  },
  {
    name: "a gateway looks at the ticket only when the operation arrives",
    edits: edit("guest_change", "if (!origin.isOpen()) throw new TicketExpired();", ""),
    scope: "a put bound to a process, and its exit",
    why: UNDONE,
  },
  {
    name: "a gateway looks at the ticket only before an attempt",
    edits: [],
    broken: "a gateway looks at the ticket before an attempt only",
    scope: "a put bound to a process, and its exit",
    why: UNDONE,
  },
  {
    name: "a late lock request is looked at only when it arrives",
    edits: edit("guest_change", "if (!origin.isOpen()) throw new TicketExpired();", ""),
    scope: "a lock, sent again, and given up",
    why: TWICE,
  },
  {
    name: "a late steal is looked at only when it arrives",
    edits: edit("guest_change", "if (!origin.isOpen()) throw new TicketExpired();", ""),
    scope: "a late steal, sent again, and another",
    why: TWICE,
    isSlow: true,
  },
  {
    name: "a ticket counts from its arrival",
    edits: [
      {
        module: "tickets",
        find: "show(ticket: number): void {",
        replace: "show(ticket: number, at: Reading): void {",
      },
      {
        module: "tickets",
        find: "    this.#shown = ticket;\n",
        replace: "    this.#shown = ticket;\n    this.#given.set(ticket, at);\n",
      },
    ],
    scope: "a put bound to a process, and its exit",
    why: UNDONE,
  },
  {
    name: "a ticket counts that the guest has not shown",
    edits: edit(
      "tickets",
      "const given = this.#given.get(this.#shown);",
      "const given = this.#given.get(this.#last);",
    ),
    scope: "the same, with a second ticket",
    why: UNDONE,
  },
  {
    name: "a second send ignores since",
    edits: edit("guest_change", "return again ? since + 1 : undefined;", "return undefined;"),
    scope: "a put bound to a time, sent again, and a seal",
    why: TWICE,
  },
  {
    name: "a second send of a change of a cell ignores since",
    edits: edit("guest_change", "return again ? since + 1 : undefined;", "return undefined;"),
    scope: "a set of a cell, sent again, and a delete",
    why: TWICE,
    isSlow: true,
  },
  {
    name: "a late change of a cell is looked at only when it arrives",
    edits: edit("guest_change", "if (!origin.isOpen()) throw new TicketExpired();", ""),
    scope: "a late set of a cell, sent again, and a delete",
    why: TWICE,
    isSlow: true,
  },
  {
    name: "a second send of a steal ignores since",
    edits: edit("guest_change", "return again ? since + 1 : undefined;", "return undefined;"),
    scope: "a steal, sent again, and another",
    why: TWICE,
    isSlow: true,
  },
  {
    name: "a gateway does not propose above since",
    edits: edit("guest_change", "  clock.observe(since);\n", ""),
    scope: "a put bound to a key, sent again, and a seal",
    why: TWICE,
  },
  {
    name: "a guest does not say that it sends again",
    edits: [],
    broken: "the guest does not say that it sends again",
    scope: "a put bound to a time, sent again, and a seal",
    why: TWICE,
  },
  {
    name: "a guest turns to another gateway at once",
    edits: [],
    broken: "the guest does not wait",
    scope: SENT_AGAIN,
    why: TWICE,
  },
  {
    name: "a guest does not count the ticket that it has shown",
    edits: edit("tickets", "    this.#shown = this.#newest?.at;\n", ""),
    scope: SENT_AGAIN,
    why: TWICE,
  },
  {
    name: "a gateway answers what was sent again without a write",
    edits: [],
    broken: "a gateway answers what was sent again without a write",
    scope: "a late put that had found a release, sent again where there is none, and a read",
    why: 'told "found", and its put took effect',
  },
  {
    name: "an undo does not write",
    edits: [],
    broken: "an undo does not write",
    scope: "a put bound to a process, its exit, and a read",
    why: UNDONE,
  },
  {
    name: "an undo of a lock does not write",
    edits: [],
    broken: "an undo does not write",
    scope: "a lock, given up, and another",
    why: UNDONE,
    isSlow: true,
  },
];
