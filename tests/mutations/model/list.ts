import type { Edit } from "../../model/paxos.ts";
import { FAST_MUTATIONS } from "./fast.ts";

/** A small change to the machines that breaks one rule of the protocol. */
export interface Mutation {
  /** The broken behaviour, as a sentence. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The name of the scope that shows it. */
  readonly scope: string;
  /** A part of the text of the violation that the search finds. */
  readonly why: string;
  /** Whether the search takes too long for the tests; `deno task model --mutants` runs it. */
  readonly isSlow?: boolean;
}

function mutation(
  name: string,
  module: string,
  find: string,
  replace: string,
  scope: string,
  why: string,
): Mutation {
  return { name, edits: [{ module, find, replace }], scope, why };
}

/** A mutation whose search takes long. */
function slow(...of: Parameters<typeof mutation>): Mutation {
  return { ...mutation(...of), isSlow: true };
}

/** All mutations. Each must turn its scope red. */
export const MUTATIONS: readonly Mutation[] = [
  ...FAST_MUTATIONS,
  mutation(
    "an acceptor accepts below its promise",
    "acceptor",
    "if (compareBallots(ballot, promised) < 0) return this.#refuse(request, promised, now);",
    "",
    "two appends with the same counter",
    "not written over",
  ),
  mutation(
    "an operation on a cell does not know its own write",
    "cell_register",
    "if (own !== undefined) return unchanged(wroteAt(own.token, operation));",
    "",
    "an update of a cell, tried twice, and a delete",
    "took effect twice",
  ),
  mutation(
    "an operation on a cell is tried again although it may have been chosen",
    "cell_register",
    "firstAccept !== undefined && writers[0].token >= firstAccept",
    "false",
    "an update of a cell, tried twice, and another one, with one writer kept",
    "took effect twice",
  ),
  slow(
    "an operation on a cell guesses that it took effect",
    "cell_register",
    'return unchanged({ kind: "unknown" });',
    'return unchanged({ kind: "done", token, value: valueOf(command, cell) });',
    "an update of a cell, tried twice, and another one and a read, with one writer kept",
    "not linearizable",
  ),
  slow(
    "a delete is not among the writers of what was set in its round",
    "cell_register",
    "const note = [...writers, { op, token: ballot.counter }];",
    "const note = [...writers];",
    "a delete and an update of a cell in one round, tried twice, and an update",
    "not linearizable",
  ),
  mutation(
    "an operation on a cell forgets that it may have been chosen and deleted",
    "cell_register",
    "noted ?? [{ op: null, token }]",
    "noted ?? [{ op: null, token: 0 }]",
    "an update of a cell, tried twice, and a delete",
    "took effect twice",
  ),
  mutation(
    "an acceptor forgets its promises",
    "acceptor",
    "    entry.promised = ballot;\n",
    "",
    "two appends with the same counter",
    "not written over",
  ),
  mutation(
    "an accept does not promise the next ballot",
    "acceptor",
    "next ? after(ballot, heir) : ballot",
    "ballot",
    "an append, then a put by a kept promise, and another append",
    "not written over",
  ),
  slow(
    "a register is forgotten without raising the floor",
    "acceptor",
    "this.#floor = Math.max(this.#floor, entry.promised.counter);",
    "",
    "a put that is released and forgotten, and another put",
    "not written over",
  ),
  slow(
    "the floor rises to what was accepted, not to what was promised",
    "acceptor",
    "Math.max(this.#floor, entry.promised.counter)",
    "Math.max(this.#floor, entry.accepted?.ballot.counter ?? 0)",
    "a release that is forgotten, and two puts with the same counter",
    "not written over",
  ),
  mutation(
    "a promise is dropped without raising the floor",
    "acceptor",
    "if (entry !== undefined && entry.accepted === null) this.#drop(register, entry);",
    "if (entry !== undefined && entry.accepted === null) this.#entries.delete(register);",
    "two puts and a promise that is dropped",
    "not written over",
  ),
  {
    name: "a register is forgotten with a later state",
    edits: [
      {
        module: "acceptor",
        find: `entry.accepted === null || entry.accepted.state.present) return;
    if (compareBallots(entry.accepted.ballot, ballot) !== 0) return;`,
        replace: "entry.accepted === null) return;",
      },
      {
        module: "acceptor",
        find: "    if (compareBallots(entry.promised, ballot) > 0) return;\n",
        replace: "",
      },
    ],
    scope: "a release that is forgotten, and a put and a read after it",
    why: "not linearizable",
    isSlow: true,
  },
  slow(
    "a tombstone is forgotten before all members have accepted it",
    "proposer",
    "return this.#accepts.size === this.#members.length;",
    "return this.#accepts.reached;",
    "a put that is released and forgotten, and another put",
    "not written over",
  ),
  mutation(
    "a majority is one member too small",
    "quorum",
    "return Math.floor(count / 2) + 1;",
    "return Math.max(1, Math.floor(count / 2));",
    "two appends with the same counter",
    "taken for chosen",
  ),
  mutation(
    "a proposer adopts any accepted state, not the one with the highest ballot",
    "reports",
    "return compareBallots(a.ballot, b.ballot) > 0;",
    "return compareBallots(a.ballot, b.ballot) < 0;",
    "two puts, one of them tried twice",
    "not written over",
  ),
  mutation(
    "a state that one member accepted is reported as chosen",
    "reports",
    "unanimous: agree && isEnough,",
    "unanimous: true,",
    "two puts, one of them tried twice",
    "taken for chosen",
  ),
  mutation(
    "copied entries count as votes",
    "reports",
    "report.accepted !== null && !report.copied &&",
    "report.accepted !== null &&",
    "a put and a read, and a crash",
    "taken for chosen",
  ),
  slow(
    "copied entries are not marked",
    "acceptor",
    "one.copied : accepted !== null;",
    "one.copied : false;",
    "a put and a read, and a crash",
    "taken for chosen",
  ),
  mutation(
    "a token need not grow",
    "proposer",
    'if (this.#ballot.counter <= summary.token) {\n      return { do: this.#phase === "fast" ? "retry" : "restart" };\n    }',
    "",
    "two appends with the same counter",
    "not written over",
  ),
  mutation(
    "a proposer that has written may take the short way",
    "proposer",
    "const mustWrite = this.#wrote || ",
    "const mustWrite = ",
    "a put whose binding ends before its second attempt, and a read",
    "not linearizable",
  ),
  {
    name: "a kept promise is used twice",
    edits: [
      {
        module: "proposer",
        find: "    this.#growth.begin(room);\n",
        replace: "    this.#growth.begin(room);\n    this.#kept = { ballot, state };\n",
      },
      {
        module: "proposer",
        find: "this.#growth.kept(this.#ballot, state, written) : undefined;",
        replace: "this.#growth.kept(this.#ballot, state, written) : this.#kept;",
      },
    ],
    scope: "three appends, the second by a kept promise",
    why: "two states",
  },
  mutation(
    "a kept state counts as the present state",
    "proposer",
    "ballot, unanimous: false, stale: [] });",
    "ballot, unanimous: true, stale: [] });",
    "an append, then a put by a kept promise, and another append",
    "taken for chosen",
  ),
  mutation(
    "a fallback is proposed before a quorum has promised it",
    "proposer",
    "if (!this.#promises.add(sender, reply)) return this.#unlessSplit();",
    "this.#promises.add(sender, reply);",
    "two appends, the second by a kept promise that another one outdates",
    "not written over",
  ),
  mutation(
    "a fallback is promised that is not above the promise",
    "acceptor",
    "return this.#prepare({ register, ballot: { counter: fallback, life: ballot.life } }, now);",
    `entry.promised = { counter: fallback, life: ballot.life };
    return only({ type: "promise", ballot: entry.promised, ...this.#report(register, now) });`,
    "two appends, the second by a kept promise that another one outdates, and the lowest fallback",
    "not written over",
  ),
  mutation(
    "a kept promise was never made",
    "acceptor",
    "next ? after(ballot, heir)",
    "false ? after(ballot, heir)",
    "two appends by kept promises that another append outdates, and the lowest fallback",
    "not written over",
  ),
  mutation(
    "a kept promise outlives the forgotten register",
    "acceptor",
    "this.#floor = Math.max(this.#floor, entry.promised.counter);",
    "",
    "two appends by kept promises of what is released and forgotten, and the lowest fallback",
    "not linearizable",
  ),
  mutation(
    "a kept promise counts answers from before and after a crash together",
    "quorum",
    "this.#known.merge(sender.vector);",
    "",
    "an append by a kept promise, a further try, and a crash",
    "taken for chosen",
  ),
  mutation(
    "a recovered member has not made the kept promise",
    "acceptor",
    "new HeldRegister(promised, accepted, copied)",
    "new HeldRegister(accepted?.ballot ?? floorBallot(0), accepted, copied)",
    "an append by a kept promise, a further try, and a crash",
    "took effect twice",
  ),
  mutation(
    "accepts at a kept ballot count for its fallback, too",
    "proposer",
    "    this.#accepts = new Tally(this.#members);\n    return this.#decide();",
    "    return this.#decide();",
    "two appends, the second by a kept promise that another one outdates",
    "taken for chosen",
  ),
  mutation(
    "quorums are not checked for crash consistency",
    "quorum",
    "this.#known.merge(sender.vector);",
    "",
    "a put tried twice, and a crash",
    "taken for chosen",
  ),
  mutation(
    "a helper does not raise the incarnation",
    "recovery",
    "  incarnations.raise(from, request.incarnation);\n",
    "",
    "a put tried twice, and a crash",
    "took effect twice",
  ),
  slow(
    "a helper raises the incarnation only with the last piece of the copy",
    "recovery",
    "  incarnations.raise(from, request.incarnation);\n",
    `  if (!voter.acceptor.copy(request.after).more) incarnations.raise(from, request.incarnation);
`,
    "an append tried twice, and a crash after which copies come in two pieces",
    "took effect twice",
  ),
  mutation(
    "a member votes after one copy",
    "recovery",
    "helpersIn(this.#options.configuration, this.#options.self)",
    "helpersIn(this.#options.configuration, this.#options.self).map(({ of }) => ({ of, needed: 1 }))",
    "a put tried twice, and a crash",
    "took effect twice",
  ),
  slow(
    "a member votes before the copies are complete",
    "recovery",
    "if (reply.last === null) return { ask: [this.#ask(sender.member)] };\n",
    `if (reply.last === null) {
      const last = { fenced: [], floor: 0, vector: sender.vector, wait: 0, former: [] };
      return this.#piece(sender, { ...reply, id: transfer.number, last });
    }
`,
    "an append tried twice, and a crash after which copies come in two pieces, the second about it",
    "took effect twice",
  ),
  slow(
    "a recovering member takes the lowest floor",
    "recovery",
    "floor: Math.max(...copies.map((copy) => copy.floor)),",
    "floor: Math.min(...copies.map((copy) => copy.floor)),",
    "a put tried twice, a crash, and a promise that is dropped",
    "took effect twice",
  ),
  slow(
    "a copy ignores the floor of a member without the register",
    "recovery",
    "if (registers.has(register)) continue;",
    "continue;",
    "a put tried twice, a crash, and a promise that is dropped",
    "took effect twice",
  ),
  slow(
    "a copy takes the first promise instead of the highest",
    "recovery",
    "const promised = higher(known.promised, copy.promised);",
    "const promised = known.promised;",
    "a put tried twice, and a crash",
    "took effect twice",
  ),
  slow(
    "a copy takes the lowest accepted state",
    "recovery",
    "outranks(copy.accepted, known.accepted)",
    "outranks(known.accepted, copy.accepted)",
    "an append tried twice, and a crash",
    "took effect twice",
  ),
  mutation(
    "pieces for an earlier announcement count",
    "recovery",
    `    if (this.#question !== null || transfer?.number !== reply.id) return { ask: [] };
    if (reply.announcement !== this.#announcement) return { ask: [] };
`,
    "    if (this.#question !== null || transfer === undefined) return { ask: [] };\n",
    "an append, and a crash after which copies come in two pieces",
    "an answer still counts",
  ),
  {
    name: "a genesis takes only one round",
    edits: [
      { module: "genesis", find: "if (before === null) {", replace: "if (false) {" },
      {
        module: "genesis",
        find: "before.get(member) !== lives[index]",
        replace: "false",
      },
      { module: "genesis", find: "      round: round.round,", replace: "      round: 2," },
    ],
    scope: "all members start again, the first one beside its earlier process",
    why: "not blank at one instant",
  },
  mutation(
    "a late answer to a round counts in the next one",
    "genesis",
    "if (reply.id !== round?.number ||",
    "if (round === null ||",
    "a genesis",
    "an answer still counts",
  ),
  mutation(
    "an old answer with a record counts",
    "genesis",
    "const isFresh = reply.id === this.#pull;",
    "const isFresh = true;",
    "a genesis",
    "an answer still counts",
  ),
  mutation(
    "a second round does not void the answers of a recovery",
    "genesis",
    "wall: at.wall, recovering }, voids };",
    "wall: at.wall, recovering }, voids: false };",
    "two members crash, the first one gives up, and another genesis",
    "has not lost its memory",
  ),
  mutation(
    "a record is adopted that names another life",
    "genesis",
    "if (present.epoch === 0 && lifeIn(present, self) === life && !isOver) {",
    "if (present.epoch === 0) {",
    "a put tried twice, and a crash",
    "took effect twice",
  ),
  mutation(
    "an operational leader reports that it is blank",
    "genesis",
    'return { reply: { type: "record", members, record: this.#record } };',
    'return { reply: { type: "blank", members, wall: at.wall, recovering: false } };',
    "two members crash, the first one gives up, and another genesis",
    "has not lost its memory",
  ),
  slow(
    "the floor of a record ignores the wall clocks",
    "genesis",
    "floor = Math.max(floor, wall, Math.min(answer.clock, bound));",
    "floor = Math.max(floor, Math.min(answer.clock, bound));",
    "two members crash, the first one gives up, and another genesis",
    "no greater floor",
  ),
  mutation(
    "a member gives up after one round",
    "giving_up",
    "if (this.#round === 2) return { ask: [], allIsLost: true };",
    "return { ask: [], allIsLost: true };",
    "two members crash, the first one gives up, and another genesis",
    "has not lost its memory",
  ),
  mutation(
    "a member gives up while the others may still adopt the record",
    "giving_up",
    "if (named === header.life || this.#remembering",
    "if (this.#remembering",
    "a genesis, a crash and giving up",
    "has not lost its memory",
  ),
  mutation(
    "a member gives up when a minority is lost",
    "giving_up",
    "isShort(list, helpersNeeded(list.length))",
    "isShort(list, helpersNeeded(list.length) + 1)",
    "two members crash, the first one gives up, and another genesis",
    "has not lost its memory",
  ),
  mutation(
    "late answers to the first round count as losses in the second",
    "giving_up",
    "if (reply.id !== this.#number) return nothing;",
    "",
    "two members crash, the first one gives up, and another genesis",
    "an answer still counts",
  ),
];
