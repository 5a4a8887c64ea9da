import type { WriterOptions } from "../../model/heirs/actors.ts";
import type { Edit } from "../../model/paxos.ts";

/** A broken rule for promises that are handed on, and the scope that it must turn red. */
export interface HeirMutation {
  /** The broken behaviour, as a sentence. */
  readonly name: string;
  /** Changes of the machines that ship. */
  readonly edits: readonly Edit[];
  /** A fault of the first writer, of the part that the model has its own. */
  readonly broken?: WriterOptions["broken"];
  /** The name of the scope that shows it. */
  readonly scope: string;
  /** A part of the text of the violation. */
  readonly why: string;
}

const edit = (module: string, find: string, replace: string): Edit[] => [{ module, find, replace }];

const RIVAL = "a promise that is handed on, and a rival";
const CRASH = "a promise that is handed on, a crash, and a rival";
const TWO = "a promise that is handed on, and two writes";
const BEFORE = "a fast round, and a promise that is handed on after it";
const BEHIND = "a promise that is handed on, and a fast round after it";
const NOT_OVER = "which it was not made of";

/** Each must turn its scope red. */
export const HEIR_MUTATIONS: readonly HeirMutation[] = [
  {
    name: "a member hands on a promise that it does not make",
    edits: edit(
      "acceptor",
      "next ? after(ballot, heir) : ballot",
      "next && heir === undefined ? after(ballot) : ballot",
    ),
    scope: RIVAL,
    why: NOT_OVER,
  },
  {
    name: "a promise is taken from a minority",
    edits: edit(
      "learner",
      "if (!counted.tally.add(sender, { kind, heir })) return undefined;",
      "counted.tally.add(sender, { kind, heir });",
    ),
    scope: RIVAL,
    why: NOT_OVER,
  },
  {
    name: "a promise is taken from a quorum of two ballots",
    edits: edit("learner", "compareBallots(other.ballot, ballot) === 0", "true"),
    scope: RIVAL,
    why: NOT_OVER,
  },
  {
    name: "a promise is taken from a quorum that a crash has made inconsistent",
    edits: edit(
      "quorum",
      "if (counted !== undefined && counted.incarnation < known[i]) this.#drop(i);",
      "",
    ),
    scope: CRASH,
    why: NOT_OVER,
  },
  {
    name: "a promise that was handed on is taken twice",
    edits: [],
    broken: "a promise that was handed on is taken twice",
    scope: TWO,
    why: "are chosen at one ballot",
  },
  {
    name: "a promise is taken of a ballot that this life has used",
    edits: edit("inheritance", "if (next.counter <= this.#used) return undefined;", ""),
    scope: BEFORE,
    why: NOT_OVER,
  },
  {
    name: "a ballot that was handed on is used again by an attempt of one's own",
    edits: edit("inheritance", "this.#clock.observe(next.counter);", ""),
    scope: BEHIND,
    why: NOT_OVER,
  },
];
