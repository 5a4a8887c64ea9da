import type { Edit } from "../../model/paxos.ts";
import type { Mutation } from "./list.ts";

/** Broken rules of promises that are handed on (section 3). */

const edit = (module: string, find: string, replace: string): Edit => ({ module, find, replace });

function mutation(
  name: string,
  edits: readonly Edit[],
  scope: string,
  why: string,
): Mutation {
  return { name, edits, scope, why };
}

const RIVAL =
  "an append that hands on the promise, one by its heir, and one just below that promise";
const BOTH =
  "two appends that hand on promises to an heir, one of them just below the promise of the other";
const SEPARATE =
  "an append by a kept promise that hands on the next one, and two appends by its heir without keeping";
const FAST_FIRST =
  "an append that hands on the promise, and two appends by its heir, the first one fast";
const CRASH =
  "an append by a kept promise that hands on the next one, an append by its heir, and a crash";

/** Each must turn its scope red. */
export const HEIR_MUTATIONS: readonly Mutation[] = [
  mutation(
    "a promise that was handed on is taken twice",
    [
      edit("handed_on", "    this.#used = counter;\n", ""),
      edit("handed_on", "    this.#used = Math.max(this.#used, highestOf(request));\n", ""),
    ],
    SEPARATE,
    "two states",
  ),
  mutation(
    "a promise that was handed on is taken though its counter is used up",
    [edit("handed_on", "counter <= this.#used ||", "")],
    FAST_FIRST,
    "two states",
  ),
  mutation(
    "a promise that a minority handed on is taken",
    [edit(
      "learner",
      "if (!counted.tally.add(sender, { fast, heir })) return undefined;",
      "counted.tally.add(sender, { fast, heir });",
    )],
    RIVAL,
    "not written over",
  ),
  mutation(
    "a promise that was handed on is summed over two ballots",
    [edit("learner", "(other) => compareBallots(other.ballot, ballot) === 0", "() => true")],
    BOTH,
    "not linearizable",
  ),
  mutation(
    "a promise that was handed on counts pushes from before and after a crash together",
    [edit("quorum", "this.#known.merge(sender.vector);", "")],
    CRASH,
    "taken for chosen",
  ),
  mutation(
    "an acceptor hands on nothing",
    [edit(
      "acceptor",
      "next ? after(ballot, heir) : ballot",
      "next && heir === undefined ? after(ballot) : ballot",
    )],
    RIVAL,
    "not written over",
  ),
];
