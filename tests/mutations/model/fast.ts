import type { Edit } from "../../model/paxos.ts";
import type { Mutation } from "./list.ts";

/** Broken rules of the fast round (section 3a). */

const edit = (module: string, find: string, replace: string): Edit => ({ module, find, replace });

function mutation(
  name: string,
  edits: readonly Edit[],
  scope: string,
  why: string,
): Mutation {
  return { name, edits, scope, why };
}

const NOT_OVER = "not written over";
const TAKEN = "taken for chosen";
const TWICE = "took effect twice";

const TWO_FAST = "two fast puts";
const HIGH = "a fast put at a high ballot, and a put";
const LOW = "a fast put, and a put at a high ballot";
const PUT = "a fast put and a put";
const CRASH =
  "a state that two members accepted, another one of a fast round, a crash, and an append";
const TWO_CRASHES = "a state that all members took in a fast round, two crashes, and a put";
const CRASH_READ =
  "a state that two members took in a fast round, a crash of the third, and a read";
const TOLD =
  "a state that two members accepted, another one that one took in a fast round, a late hint, and a read";
const FORGOTTEN = "a release that is forgotten, and a fast put after it";
const FROM_BEFORE = "a release that is forgotten, and a fast put from before it";
const OP_ONCE = "two members, a fast put that others may end, tried twice, and a release";
const KEPT = "two appends, the first in a fast round, the second by its promise";

const FAST_FIRST = edit(
  "reports",
  "if (a.fast !== b.fast) return a.fast !== true;",
  "if (a.fast !== b.fast) return a.fast === true;",
);

/** Each must turn its scope red. */
export const FAST_MUTATIONS: readonly Mutation[] = [
  mutation("a proposer takes a fast state before a classic one", [FAST_FIRST], HIGH, NOT_OVER),
  mutation(
    "a member that recovers takes a fast state before a classic one",
    [
      edit(
        "recovery",
        "outranks(copy.accepted, known.accepted)",
        `(copy.accepted.fast === known.accepted.fast
          ? compareBallots(copy.accepted.ballot, known.accepted.ballot) > 0
          : copy.accepted.fast === true)`,
      ),
    ],
    CRASH,
    NOT_OVER,
  ),
  mutation(
    "a proposer ignores fast votes",
    [edit(
      "reports",
      "if (report.accepted === null) continue;",
      "if (report.accepted?.fast !== undefined || report.accepted === null) continue;",
    )],
    PUT,
    TWICE,
  ),
  mutation(
    "a member that recovers takes no fast votes",
    [
      edit(
        "recovery",
        "const takes = copy.accepted !== null &&",
        "const takes = copy.accepted !== null && copy.accepted.fast !== true &&",
      ),
      edit(
        "recovery",
        `      if (known === undefined) {
        merged.set(register, copy);`,
        `      if (known === undefined) {
        merged.set(register, copy.accepted?.fast ? { ...copy, accepted: null } : copy);`,
      ),
    ],
    TWO_CRASHES,
    NOT_OVER,
  ),
  mutation(
    "an acceptor that took the state counts as one that has accepted nothing",
    [
      edit(
        "fast_round",
        "report: { accepted, copied: false, floor: 0, stale: [] }",
        "report: { accepted: null, copied: false, floor: 0, stale: [] }",
      ),
    ],
    TWO_FAST,
    TWICE,
  ),
  mutation(
    "a proposer ignores copied fast votes",
    [edit(
      "reports",
      "if (report.accepted === null) continue;",
      "if (report.accepted === null || (report.copied && report.accepted.fast)) continue;",
    )],
    TWO_CRASHES,
    NOT_OVER,
  ),
  mutation(
    "a read counts copies of fast votes",
    [edit(
      "reports",
      "report.accepted !== null && !report.copied &&",
      "report.accepted !== null &&",
    )],
    CRASH_READ,
    TAKEN,
  ),
  mutation(
    "an acceptor that takes a state does not promise the next ballot",
    [edit(
      "acceptor",
      "this.#store(register, entry, vote, after(ballot), now);",
      "this.#store(register, entry, vote, ballot, now);",
    )],
    TWO_FAST,
    NOT_OVER,
  ),
  mutation(
    "an acceptor takes a state over a promise that is not below it",
    [edit(
      "acceptor",
      "const isNewer = compareBallots(ballot, promised) > 0 && ballot.counter > this.#floor;",
      "const isNewer = (held || compareBallots(ballot, promised) > 0) && ballot.counter > this.#floor;",
    )],
    LOW,
    NOT_OVER,
  ),
  mutation(
    "an acceptor takes a state below its floor",
    [edit(
      "acceptor",
      "const isNewer = compareBallots(ballot, promised) > 0 && ballot.counter > this.#floor;",
      "const isNewer = held === undefined || compareBallots(ballot, promised) > 0;",
    )],
    FROM_BEFORE,
    NOT_OVER,
  ),
  mutation(
    "an acceptor takes a state over a tombstone",
    [edit(
      "acceptor",
      "if (accepted === null && isNewer) {",
      "if ((accepted === null || !accepted.state.present) && isNewer) {",
    )],
    FORGOTTEN,
    NOT_OVER,
  ),
  mutation(
    "a majority chooses the state of a fast round",
    [edit(
      "fast_round",
      "needed: members.length }",
      "needed: Math.floor(members.length / 2) + 1 }",
    )],
    TWO_FAST,
    TAKEN,
  ),
  mutation(
    "a majority of fast votes is read as chosen",
    [edit("reports", "fast !== true || reports.length >= members", "true")],
    "a fast put that is told, and a read that may have to propose",
    TAKEN,
  ),
  mutation(
    "a fast round counts answers from before and after a crash together",
    [edit("quorum", "this.#known.merge(sender.vector);", "")],
    "a fast put, and a crash",
    TAKEN,
  ),
  mutation(
    "the kept promise of a fast round outlives the accept that used it",
    [
      edit(
        "proposer",
        "this.#growth.kept(this.#ballot, state, written) : undefined;",
        "this.#growth.kept(this.#ballot, state, written) : this.#fast && { ballot: this.#ballot, state: written };",
      ),
      edit(
        "proposer",
        "const next = written.present && !isOfAnother && ",
        "const next = this.#fast === undefined && written.present && !isOfAnother && ",
      ),
    ],
    KEPT,
    "two states",
  ),
  mutation(
    "an acceptor fills in no floor",
    [edit("acceptor", "const over = this.#floor;", "const over = 0;")],
    FORGOTTEN,
    NOT_OVER,
  ),
  mutation(
    "an operation begins a second fast round",
    [
      edit(
        "proposer",
        `  start(): Step<R> {
`,
        `  start(): Step<R> {
    if (this.#wrote) {
      this.#wrote = false;
      this.follow(this.#members);
      const again = this.startFast();
      if (again !== undefined) return again;
    }
`,
      ),
    ],
    OP_ONCE,
    TWICE,
  ),
  mutation(
    "an acceptor marks another ballot than the chosen one",
    [edit(
      "held_register",
      "accepted?.fast !== true || compareBallots(accepted.ballot, ballot) !== 0",
      "accepted?.fast !== true",
    )],
    TOLD,
    NOT_OVER,
  ),
];
