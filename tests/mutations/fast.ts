import { type Mutation, mutationsOf } from "./mutation.ts";

/** Section 3a: the fast round. Its rules for agreement are broken in `model/fast.ts`, too. */
export const FAST: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/held_register.ts", [
    "tests/paxos/acceptor_fast_test.ts",
    "tests/paxos/held_register_test.ts",
  ], [
    {
      section: 3,
      name: "chosen: another ballot is marked",
      find: "accepted?.fast !== true || compareBallots(accepted.ballot, ballot) !== 0",
      replace: "accepted?.fast !== true",
    },
    {
      section: 3,
      name: "chosen: the mark is not kept",
      find: "accepted.fast = undefined;",
      replace: "accepted.fast = true;",
    },
    {
      section: 3,
      name: "chosen: the mark of a long value is not kept",
      find: "else this.#accepted = { ballot, state: accepted.state };",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/acceptor.ts", ["tests/paxos/acceptor_fast_test.ts"], [
    {
      section: 3,
      name: "fast: an acceptor takes a state over what it has accepted",
      find: "if (accepted === null && isNewer) {",
      replace: "if (isNewer) {",
    },
    {
      section: 3,
      name: "fast: an acceptor takes a state over a promise that is not below it",
      find: "if (accepted === null && isNewer) {",
      replace: "if (accepted === null) {",
    },
    {
      section: 3,
      name: "fast: an acceptor takes a state at or below its floor",
      find: "compareBallots(ballot, promised) > 0 && ballot.counter > this.#floor;",
      replace: "compareBallots(ballot, promised) > 0;",
    },
    {
      section: 3,
      name: "fast: an acceptor does not promise the next ballot with it",
      find: "this.#store(register, entry, vote, after(ballot), now);",
      replace: "this.#store(register, entry, vote, ballot, now);",
    },
    {
      section: 3,
      name: "fast: an acceptor fills in no floor",
      find: "const over = this.#floor;",
      replace: "const over = 0;",
    },
    {
      section: 3,
      name: "fast: a vote is not marked as one of a fast round",
      find:
        "const vote = { ballot, state: presentOf(state, state.token, over), fast: true } as const;",
      replace: "const vote = { ballot, state: presentOf(state, state.token, over) } as const;",
    },
    {
      section: 3,
      name: "fast: a second copy counts though something was promised since",
      find: "compareBallots(promised, after(ballot)) === 0;",
      replace: "true;",
    },
    {
      section: 3,
      name: "fast: a copy of another member's vote counts as its own",
      find: "accepted?.state.present === true && held?.copied === false &&",
      replace: "accepted?.state.present === true &&",
    },
    {
      section: 3,
      name: "fast: a refused one prepares nothing",
      find: "return this.#prepare({ register, ballot: after(ballot) }, now);",
      replace: 'return only({ type: "nack", promised });',
    },
    {
      section: 3,
      name: "fast: the configuration is decided in a fast round",
      find: "if (isConfiguration(register)) return NOTHING;",
      replace: "",
    },
    {
      section: 8,
      name: "fast: a full acceptor takes a new register",
      find: "if (!hasRoom) return only(this.#room.full());",
      replace: "void hasRoom;",
    },
    {
      section: 8,
      name: "fast: a full acceptor takes any value where it has promised something",
      find: "if (!hasRoom) return only(this.#room.full());",
      replace: "if (held === undefined && !hasRoom) return only(this.#room.full());",
    },
    {
      section: 7,
      name: "chosen: the mark is not on the disk",
      find: "if (entry?.mark(ballot) !== true) return NOTHING;\n    this.#changed(register);\n",
      replace: "if (entry?.mark(ballot) !== true) return NOTHING;\n",
    },
    {
      section: 3,
      name: "chosen: a copy is pushed as a vote",
      find: "return entry.copied ? NOTHING :",
      replace: "return false ? NOTHING :",
    },
  ]),
  ...mutationsOf("lib/paxos/fast_round.ts", ["tests/paxos/fast_round_test.ts"], [
    {
      section: 3,
      name: "fast: a majority chooses",
      find: "needed: members.length }",
      replace: "needed: Math.floor(members.length / 2) + 1 }",
    },
    {
      section: 3,
      name: "fast: a promise of another ballot counts",
      find: "return compareBallots(reply.ballot, this.next) === 0 ? reply : undefined;",
      replace: "return reply;",
    },
    {
      section: 3,
      name: "fast: an answer to another round counts",
      find: "    if (compareBallots(ballot, this.#ballot) !== 0) return undefined;\n",
      replace: "",
    },
    {
      section: 3,
      name: "fast: a tombstone is written",
      find: "if (first?.present !== true) return undefined;",
      replace: "if (first === null) return undefined;",
    },
    {
      section: 3,
      name: "fast: a refusal is not noticed",
      find: "      this.#refused = true;\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/proposer.ts", ["tests/paxos/fast_round_test.ts"], [
    {
      section: 3,
      name: "fast: its ballot is one that others have probably passed",
      find: "Math.max(clock.counter, unheard) + 1, life };\n    if",
      replace: "clock.counter + 1, life };\n    if",
    },
    {
      section: 3,
      name: "fast: what has to write begins with a fast round",
      find: "|| this.#options.mustWrite?.() === true) return undefined;",
      replace: ") return undefined;",
    },
    {
      section: 3,
      name: "fast: the next ballot may be chosen once more",
      find: "    clock.observe(this.#ballot.counter);\n    this.#proposed",
      replace: "    this.#proposed",
    },
    {
      section: 4,
      name: "fast: its counter is not that of the first accept",
      find: "    this.#wrote = true;\n    this.#options.writing?.(ballot);\n    this.#outcome",
      replace: "    this.#wrote = true;\n    this.#outcome",
    },
    {
      section: 3,
      name: "fast: a later attempt may take the short way out",
      find: "    this.#wrote = true;\n    this.#options.writing?.(ballot);\n    this.#outcome",
      replace: "    this.#options.writing?.(ballot);\n    this.#outcome",
    },
    {
      section: 3,
      name: "fast: it goes on without a quorum",
      find: 'return this.#phase === "fast" && this.#promises.reached;',
      replace: 'return this.#phase === "fast";',
    },
    {
      section: 3,
      name: "fast: it waits for the rest though a member has refused",
      find: "return step ?? (fast.refused ? this.goOn() : undefined);",
      replace: "return step;",
    },
    {
      section: 3,
      name: "fast: it keeps no promise",
      find:
        "if (this.#options.keepPromise?.() === true) this.#kept = { ballot: this.#ballot, state };",
      replace: "",
    },
    {
      section: 3,
      name: "fast: it goes on when the members have changed",
      find:
        "    this.#request = this.#kept = undefined;\n    this.#fallback = this.#fast = undefined;\n",
      replace:
        '    this.#kept = this.#fallback = undefined;\n    if (this.#fast) this.#phase = "fast";\n',
    },
    {
      section: 3,
      name: "fast: the promise of what it has met is taken from its owner",
      find: "const isOfAnother = draft === null && ",
      replace: "const isOfAnother = draft === null && this.#fast === undefined && ",
      tests: ["tests/cluster/round_trips_test.ts"],
    },
    {
      section: 3,
      name: "the promise of what a later attempt has found is taken from its owner",
      find: "const isOfAnother = draft === null && ",
      replace: "const isOfAnother = draft === null && this.#fast !== undefined && ",
      tests: ["tests/paxos/proposer_kept_test.ts"],
    },
    {
      section: 3,
      name: "the promise of what this life has written again is taken from its owner",
      find: "!written.op.startsWith(life);",
      replace: "ballot.life !== life;",
      tests: ["tests/paxos/proposer_kept_test.ts"],
    },
    {
      section: 3,
      name: "a client that tries again and again does not hear that a session has ended",
      find: "!written.op.startsWith(life);",
      replace: "ballot.life !== life;",
      tests: ["tests/kv/polled_claim_test.ts"],
    },
  ]),
  ...mutationsOf("lib/paxos/reports.ts", ["tests/paxos/reports_test.ts"], [
    {
      section: 3,
      name: "fast: a vote goes before a classic one",
      find: "if (a.fast !== b.fast) return a.fast !== true;",
      replace: "if (a.fast !== b.fast) return a.fast === true;",
    },
    {
      section: 3,
      name: "fast: votes are compared with classic ones by their ballots",
      find: "if (a.fast !== b.fast) return a.fast !== true;",
      replace: "",
    },
    {
      section: 3,
      name: "fast: a majority of votes is read as chosen",
      find: "fast !== true || reports.length >= members",
      replace: "true",
    },
    {
      section: 3,
      name: "fast: a reader does not wait for the rest",
      find: "open: agree && !isEnough && members < Infinity,",
      replace: "open: false,",
    },
  ]),
  ...mutationsOf("lib/paxos/learner.ts", ["tests/paxos/learner_test.ts"], [
    {
      section: 3,
      name: "fast: a majority of votes is learned as chosen",
      find: 'if (!areAll && !isThere("classic")) return undefined;',
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/listing.ts", ["tests/paxos/listing_test.ts"], [
    {
      section: 3,
      name: "fast: a list does not tell",
      find: "fast: fast === true,",
      replace: "fast: false,",
    },
    {
      section: 3,
      name: "a list makes a copy of each value",
      find: "listed(register, entry.outline, entry.copied, isStale)",
      replace: "listed(register, entry.accepted!, entry.copied, isStale)",
    },
  ]),
  ...mutationsOf("lib/codec/state.ts", ["tests/codec/register_messages_test.ts"], [
    {
      section: 3,
      name: "fast: the mark is lost on the way",
      find: "return accepted.fast === true ? [...content, true] : content;",
      replace: "return content;",
    },
    {
      section: 3,
      name: "fast: a tombstone may be the vote of a fast round",
      find: "!state.present || state.token !== ballot.counter",
      replace: "false",
    },
  ]),
  ...mutationsOf("lib/codec/register_messages.ts", ["tests/codec/register_messages_test.ts"], [
    {
      section: 3,
      name: "fast: one about the configuration arrives",
      find: 'if (isConfiguration(name)) refuse("a fast round about the configuration");',
      replace: "",
    },
    {
      section: 3,
      name: "fast: the next ballot may be beyond the last counter",
      find: 'if (ballot.counter + 1 >= MAX_COUNTER) refuse("a fast round at the last counter");',
      replace: "",
    },
  ]),
  ...mutationsOf("lib/codec/disk_entry.ts", ["tests/codec/disk_entry_test.ts"], [
    {
      section: 7,
      name: "fast: the mark is not on the disk",
      find: "const isFast = accepted?.fast === true;",
      replace: "const isFast = false as boolean;",
    },
  ]),
  ...mutationsOf("lib/node/quorum/fast_rounds.ts", ["tests/cluster/round_trips_test.ts"], [
    {
      section: 3,
      name: "fast: a member that does not answer is waited for again and again",
      find: "if (member !== this.#engine.self) this.#silent.add(member);",
      replace: "void member;",
    },
    {
      section: 3,
      name: "fast: a slow member is waited for again and again",
      find: "this.#slowPause.lost(now);",
      replace: "",
      tests: ["tests/node/quorum/fast_rounds_test.ts"],
    },
    {
      section: 3,
      name: "fast: members count as slow whose answers wait to be read",
      find: "(round) => round.due <= looked);",
      replace: "(round) => round.due <= now);",
      tests: ["tests/node/quorum/fast_rounds_test.ts"],
    },
    {
      section: 3,
      name: "fast: a member that is late once stops them for a second",
      find: "this.#counted = now + SAME_DELAY;",
      replace: "this.#counted = now;",
      tests: ["tests/node/quorum/fast_rounds_test.ts"],
    },
    {
      section: 3,
      name: "fast: a quorum waits for the rest for ever",
      find: "if (this.#waiting.delete(round)) round.goOn();",
      replace: "this.#waiting.delete(round);",
      tests: ["tests/node/quorum/fast_rounds_test.ts"],
    },
    {
      section: 3,
      name: "fast: it is begun however many changes are under way",
      find: "if (this.#underWay() > most) this.#busyUntil = now + BUSY_TIME;",
      replace: "",
      tests: ["tests/node/quorum/fast_rounds_test.ts"],
    },
    {
      section: 3,
      name: "fast: it is begun as soon as few changes are under way again",
      find: "this.#busyUntil = now + BUSY_TIME;",
      replace: "return false;",
      tests: ["tests/node/quorum/fast_rounds_test.ts"],
    },
    {
      section: 3,
      name: "fast: a round trip that takes long allows no more of them",
      find: "Math.max(MOST_UNDER_WAY, UNDER_WAY_PER_MS * this.#pacing.shortestRoundTrip)",
      replace: "MOST_UNDER_WAY",
      tests: ["tests/node/quorum/fast_rounds_test.ts"],
    },
    {
      section: 3,
      name: "fast: what was met is forgotten at once",
      find: "this.#occupied.set(register, now);",
      replace: "",
    },
    {
      section: 3,
      name: "fast: it is used however often it meets something",
      find: "this.#metPause.lost(now);",
      replace: "",
      tests: ["tests/cluster/fast_rounds_test.ts"],
    },
    {
      section: 3,
      name: "fast: it is used by a member that holds something",
      find: "if (voter.acceptor.stored(register)?.accepted) return false;",
      replace: "",
    },
    {
      section: 8,
      name: "fast: it is used by a member that has no room",
      find: "if (voter.acceptor.isFull(register, null)) return false;",
      replace: "",
      tests: ["tests/node/quorum/fast_rounds_test.ts"],
    },
    {
      section: 3,
      name: "fast: it is never tried again",
      find: "if (this.#silent.size > 0) this.#silent.delete(member);",
      replace: "",
    },
  ]),
  ...mutationsOf(
    "lib/node/quorum/rest_wait.ts",
    ["tests/node/quorum/fast_rounds_test.ts"],
    [
      {
        section: 3,
        name: "fast: the time of a quorum is not that since the question",
        find: "this.#pacing.measured(now - asked, now);",
        replace: "this.#pacing.measured(0, now);",
        tests: ["tests/cluster/fast_rounds_test.ts"],
      },
      {
        section: 3,
        name: "fast: a wait in vain is the last one",
        find: "      this.#cancel = null;\n      goOn();",
        replace: "      goOn();",
      },
    ],
  ),
  ...mutationsOf("lib/node/quorum/chosen_hints.ts", ["tests/node/quorum/chosen_hints_test.ts"], [
    {
      section: 3,
      name: "fast: each hint sets a timer of its own",
      find: "this.#cancelTimer ??= this.#engine",
      replace: "this.#cancelTimer = this.#engine",
    },
    {
      section: 3,
      name: "fast: the members are told what was written over",
      find: "if (this.#waiting.size === 0 || !this.#waiting.delete(register)) return;",
      replace: "return;",
    },
    {
      section: 3,
      name: "fast: the members are never told",
      find: "this.#cancelTimer ??= this.#engine.runtime.setTimer(() => this.tell(), WAIT);",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/queries.ts", ["tests/node/quorum/queries_test.ts"], [
    {
      section: 3,
      name: "fast: a list of a majority of votes shows a value",
      find: "const isFast = votes.every(({ fast }) => fast);",
      replace: "const isFast = false;",
    },
  ]),
  ...mutationsOf(
    "lib/node/quorum/bucket_watches.ts",
    ["tests/node/quorum/bucket_watches_test.ts"],
    [
      {
        section: 3,
        name: "fast: a majority of votes tells of a value in a bucket",
        find: "known.learner.receive(sender, ballot, state, fast)",
        replace: "known.learner.receive(sender, ballot, state, false)",
      },
    ],
  ),
  ...mutationsOf("lib/kv/puts.ts", ["tests/cluster/fast_rounds_test.ts"], [
    {
      section: 4,
      name: "fast: a put of a value that others can end uses it",
      find: "!put.endedByOthers && put.firstAccept === undefined &&",
      replace: "put.firstAccept === undefined &&",
    },
  ]),
  ...mutationsOf("lib/locks/lock_table.ts", ["tests/locks/sent_orders_test.ts"], [
    {
      section: 9,
      name: "fast: a request that was handed over uses it",
      find: "fast: !steal && request.firstAccept === undefined",
      replace: "fast: !steal",
    },
  ]),
  ...mutationsOf("lib/node/quorum/rival.ts", ["tests/node/quorum/rival_test.ts"], [
    {
      section: 3,
      name: "fast: a vote of another life is no rival",
      find: "if (fast === true) return true;",
      replace: "",
    },
  ]),
  ...mutationsOf(
    "lib/node/quorum/waiting_change.ts",
    ["tests/node/quorum/waiting_change_test.ts"],
    [
      {
        section: 13,
        name: "fast: an operation of a guest uses it",
        find: "mustWrite !== true && since === undefined && !wrote",
        replace: "mustWrite !== true && !wrote",
      },
    ],
  ),
  ...mutationsOf(
    "lib/node/quorum/register_proposals.ts",
    ["tests/node/quorum/fast_rounds_test.ts"],
    [
      {
        section: 3,
        name: "fast: it is begun behind another change, which has seen what is there",
        find: "if (this.#queue.end()) this.#begin(false);",
        replace: "if (this.#queue.end()) this.#begin(true);",
      },
      {
        section: 3,
        name: "fast: each one is sent again in vain, though no member answers",
        find: "    this.#rest.unanswered(this.#running);\n",
        replace: "",
      },
      {
        section: 3,
        name: "fast: one that ended without answers tells nothing",
        find: "    this.#rest.unanswered(this.#proposer);\n",
        replace: "",
      },
      {
        section: 8,
        name: "fast: one that met a full member is followed by others",
        find: 'if (request.type === "fast" && reply.type === "full") this.#fast.rounds.noRoom();',
        replace: "",
      },
    ],
  ),
  ...mutationsOf("lib/paxos/voter.ts", ["tests/paxos/fast_members_test.ts"], [
    {
      section: 11,
      name: "fast: a member takes a state while the members change",
      find:
        "if (this.#isSettled) return withIds(request.id, this.acceptor.handle(request, from, now));",
      replace: "return withIds(request.id, this.acceptor.handle(request, from, now));",
    },
  ]),
  ...mutationsOf("lib/paxos/quorum_read.ts", ["tests/paxos/quorum_read_test.ts"], [
    {
      section: 3,
      name: "fast: any ballot is read as the one that the reader knows to be chosen",
      find: "compareBallots(ballot, this.#chosen) === 0;",
      replace: "true;",
    },
    {
      section: 3,
      name: "fast: copies are read as chosen by a ballot that the reader knows",
      find: "const isKnown = summary.open && this.#chosen",
      replace: "const isKnown = this.#chosen",
    },
  ]),
  ...mutationsOf("lib/node/quorum/reads.ts", ["tests/node/quorum/reads_test.ts"], [
    {
      section: 3,
      name: "fast: a reader forgets what it has chosen itself",
      find: "new QuorumRead(members, known?.ballot, settled, untold)",
      replace: "new QuorumRead(members, known?.ballot, settled)",
    },
  ]),
  ...mutationsOf("lib/paxos/quorum_read.ts", ["tests/paxos/fast_members_test.ts"], [
    {
      section: 11,
      name: "fast: the votes of all members are read as chosen while the members change",
      find: "this.#votes = settled ? members.length : Infinity;",
      replace: "this.#votes = members.length;",
    },
  ]),
  ...mutationsOf("lib/paxos/learner.ts", ["tests/paxos/fast_members_test.ts"], [
    {
      section: 11,
      name: "fast: the votes of all members are learned as chosen while the members change",
      find: 'this.#isSettled() ? "fast" : "early"',
      replace: '"fast"',
    },
  ]),
  ...mutationsOf("lib/node/quorum/fast_rounds.ts", ["tests/node/quorum/fast_rounds_test.ts"], [
    {
      section: 3,
      name: "fast: a node that does not know its cluster begins with a fast round",
      find: " || place === null",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/engine/cluster_view.ts", ["tests/node/quorum/changed_members_test.ts"], [
    {
      section: 11,
      name: "fast: a read from before the node knew its cluster takes that for settled",
      find: "return `${epoch} ${settled} ${this.#members.join()}`;",
      replace: "return this.#members.join();",
    },
  ]),
  ...mutationsOf("lib/node/quorum/watches.ts", ["tests/node/quorum/changed_members_test.ts"], [
    {
      section: 3,
      name: "a promise that was handed on in an earlier epoch is told to those who begin to watch",
      find: "this.#last = { ...this.#last, heir: undefined };",
      replace: "",
    },
    {
      section: 11,
      name: "fast: a watch that began while the members change learns no fast votes later",
      find: "return new Learner(engine.members, () => engine.configuration.settled);",
      replace:
        "const { settled } = engine.configuration; return new Learner(engine.members, () => settled);",
    },
  ]),
  ...mutationsOf(
    "lib/node/quorum/bucket_watches.ts",
    ["tests/node/quorum/changed_members_test.ts"],
    [
      {
        section: 11,
        name:
          "fast: a watch of a bucket that began while the members change learns no fast votes later",
        find: "new Learner(engine.members, () => engine.configuration.settled);",
        replace: "new Learner(engine.members, () => false);",
      },
    ],
  ),
];
