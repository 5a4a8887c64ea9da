import { type Mutation, mutationsOf } from "./mutation.ts";

/** Sections 2, 3 and 8: ballots, registers, quorums, forgetting. */
export const REGISTERS: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/ballot.ts", ["tests/paxos/ballot_test.ts"], [
    {
      section: 2,
      name: "ballots with one counter are equal",
      find: "return a.life < b.life ? -1 : a.life > b.life ? 1 : 0;",
      replace: "return 0;",
    },
    {
      section: 2,
      name: "the clock does not follow what it sees",
      find: "if (counter > this.#counter && counter < MAX_COUNTER) this.#counter = counter;",
      replace: "",
    },
    {
      section: 2,
      name: "the clock goes back to a lower counter",
      find: "if (counter > this.#counter && counter < MAX_COUNTER)",
      replace: "if (counter < MAX_COUNTER)",
    },
    {
      section: 2,
      name: "one flipped bit uses up the clock",
      find: "counter > this.#counter && counter < MAX_COUNTER",
      replace: "counter > this.#counter",
    },
    {
      section: 3,
      name: "a floor leaves out the ballots of its own counter",
      find: 'life: "~" }',
      replace: 'life: "" }',
      tests: ["tests/paxos/ballot_test.ts", "tests/paxos/acceptor_test.ts"],
    },
    {
      section: 7,
      name: "the next life is not above the previous one",
      find: "return makeLife(time + 1, random);",
      replace: "return makeLife(time, random);",
    },
  ]),
  ...mutationsOf("lib/paxos/held_register.ts", ["tests/paxos/held_register_test.ts"], [
    {
      section: 3,
      name: "a promise to another life is held as one to the life that wrote",
      find: "promised.life === ballot?.life",
      replace: "ballot !== undefined",
    },
    {
      section: 3,
      name: "a promise moves with what is accepted",
      find: "this.#promised = above(accepted?.ballot, promised);\n  }",
      replace: "}",
    },
    {
      section: 8,
      name: "a short value is held without its bindings",
      find: "bindings.length === 0 && owners.length === 0",
      replace: "owners.length === 0",
    },
    {
      section: 8,
      name: "a short value is held without its owners",
      find: "bindings.length === 0 && owners.length === 0",
      replace: "bindings.length === 0",
    },
  ]),
  ...mutationsOf("lib/paxos/acceptor.ts", ["tests/paxos/acceptor_test.ts"], [
    {
      section: 3,
      name: "an acceptor promises a ballot twice",
      find: "if (compareBallots(ballot, promised) <= 0) return",
      replace: "if (compareBallots(ballot, promised) < 0) return",
    },
    {
      section: 3,
      name: "an acceptor forgets its promises",
      find: "    entry.promised = ballot;\n",
      replace: "",
    },
    {
      section: 3,
      name: "no acceptor promises a fallback",
      find: "if (fallback === null || entry === undefined || isCopy)",
      replace: "if (true)",
    },
    {
      section: 3,
      name: "a fallback creates a register that is not held",
      find: "if (fallback === null || entry === undefined || isCopy)",
      replace: "if (fallback === null || isCopy)",
    },
    {
      section: 3,
      name: "a duplicate accept gets a promise for its fallback",
      find: "if (fallback === null || entry === undefined || isCopy)",
      replace: "if (fallback === null || entry === undefined)",
    },
    {
      section: 3,
      name: "an acceptor that accepts promises the fallback",
      find: "next ? after(ballot, heir) : ballot",
      replace: "{ counter: request.fallback ?? ballot.counter + Number(next), life: ballot.life }",
    },
    {
      section: 3,
      name: "an acceptor accepts below its promise",
      find:
        "if (compareBallots(ballot, promised) < 0) return this.#refuse(request, promised, now);",
      replace: "",
    },
    {
      section: 3,
      name: "an acceptor refuses the ballot that it promised",
      find: "if (compareBallots(ballot, promised) < 0) return this.#refuse(",
      replace: "if (compareBallots(ballot, promised) <= 0) return this.#refuse(",
    },
    {
      section: 3,
      name: "an accept does not count as a promise",
      find: "    entry.promised = promised;\n",
      replace: "",
    },
    {
      section: 3,
      name: "the next ballot is not promised",
      find: "next ? after(ballot, heir) : ballot",
      replace: "ballot",
    },
    {
      section: 3,
      name: "a copied entry is not reported as copied",
      find: "one.copied : accepted !== null;",
      replace: "one.copied : false;",
      tests: ["tests/paxos/acceptor_test.ts", "tests/paxos/pieces_test.ts"],
    },
    {
      section: 3,
      name: "a copied entry never becomes a vote",
      find: "    entry.copied = false;\n",
      replace: "",
      tests: ["tests/paxos/acceptor_test.ts", "tests/paxos/pieces_test.ts"],
    },
    {
      section: 3,
      name: "the floor promises nothing",
      find: "?? floorBallot(this.#floor)",
      replace: "?? floorBallot(0)",
    },
    {
      section: 3,
      name: "a dropped promise leaves no floor",
      find: "this.#floor = Math.max(this.#floor, entry.promised.counter);",
      replace: "",
    },
    {
      section: 8,
      name: "a floor goes down",
      find: "this.#floor = Math.max(this.#floor, entry.promised.counter);",
      replace: "this.#floor = entry.promised.counter;",
    },
    {
      section: 8,
      name: "a value is forgotten as if it were released",
      find: "entry.accepted === null || entry.accepted.state.present) return;",
      replace: "entry.accepted === null) return;",
    },
    {
      section: 8,
      name: "a tombstone that is about to be overwritten is forgotten",
      find: "    if (compareBallots(entry.promised, ballot) > 0) return;\n",
      replace: "",
    },
    {
      section: 8,
      name: "a later accepted state is forgotten, too",
      find: "if (compareBallots(entry.accepted.ballot, ballot) !== 0) return;",
      replace: "",
    },
    {
      section: 3,
      name: "there is always room for another register",
      find:
        "if (!this.#room.takes(request, isHeld, this.#entries.size, now)) return only(this.#room.full());",
      replace: "",
    },
    {
      section: 7,
      name: "the floor of the other members is not copied",
      find: "    this.#floor = Math.max(this.#floor, floor);\n",
      replace: "",
      tests: ["tests/paxos/pieces_test.ts", "tests/paxos/acceptor_test.ts"],
    },
    {
      section: 7,
      name: "the promises of the other members are not copied",
      find: "new HeldRegister(promised, accepted, copied)",
      replace: "new HeldRegister(floorBallot(0), accepted, copied)",
      tests: ["tests/paxos/pieces_test.ts", "tests/paxos/acceptor_test.ts"],
    },
  ]),
  ...mutationsOf("lib/paxos/listing.ts", ["tests/paxos/acceptor_test.ts"], [
    {
      section: 3,
      name: "an answer without a state hides the floor",
      find: "return { accepted: null, copied: false, floor, stale: [] };",
      replace: "return { accepted: null, copied: false, floor: 0, stale: [] };",
    },
    {
      section: 4,
      name: "an acceptor does not report the sessions that it believes expired",
      find: "state.present ? state.owners.filter(isStale) : []",
      replace: "[]",
    },
    {
      section: 3,
      name: "a list omits copies",
      find: "listed(register, entry.outline, entry.copied, isStale)",
      replace: "listed(register, entry.outline, false, isStale)",
      tests: ["tests/paxos/acceptor_test.ts", "tests/paxos/pieces_test.ts"],
    },
  ]),
  ...mutationsOf("lib/paxos/bare_promises.ts", ["tests/paxos/acceptor_test.ts"], [
    {
      section: 3,
      name: "a promise is dropped at once",
      find: "this.#nextOld = since + PROMISE_TTL;",
      replace: "this.#nextOld = since;",
    },
    {
      section: 3,
      name: "a promise is never dropped",
      find: "if (now < this.#nextOld || old.length >= DROPPED_AT_ONCE) return old;",
      replace: "return old;",
    },
    {
      section: 3,
      name: "promises made after the last check are kept too long",
      find: "    this.#nextOld = now + PROMISE_TTL;\n    return old;",
      replace: "    this.#nextOld = now + 2 * PROMISE_TTL;\n    return old;",
    },
  ]),
  ...mutationsOf("lib/paxos/listing.ts", ["tests/paxos/acceptor_test.ts"], [
    {
      section: 3,
      name: "a list does not report bindings to a key",
      find: 'bindings.some(({ kind }) => kind === "key");',
      replace: "false;",
      tests: ["tests/paxos/pieces_test.ts"],
    },
    {
      section: 8,
      name: "a list does not report stale sessions",
      find: "      stale: isLong ? [] : stale,",
      replace: "      stale: [],",
      tests: ["tests/paxos/pieces_test.ts"],
    },
  ]),
  ...mutationsOf("lib/paxos/register_index.ts", ["tests/paxos/register_index_test.ts"], [
    {
      section: 7,
      name: "a copy in pieces omits registers",
      find: "    else low = middle + 1;",
      replace: "    else low = middle + 2;",
    },
    {
      section: 7,
      name: "a new copy shows the registers of an older one",
      find: "if (chunk.length > MAX_CHUNK) chunks.splice(at + 1, 0, chunk.splice(MAX_CHUNK / 2));",
      replace: "if (chunk.length > MAX_CHUNK) chunk.splice(MAX_CHUNK / 2);",
    },
    {
      section: 8,
      name: "a list shows forgotten registers",
      find: "    chunk.splice(firstFrom(chunk, id), 1);\n",
      replace: "",
    },
    {
      section: 8,
      name: "the index keeps what came and went while no list began",
      find: "if (chunk.length === 0) this.#chunks.splice(at, 1);",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/reports.ts", ["tests/paxos/reports_test.ts"], [
    {
      section: 3,
      name: "any accepted state is taken, not the one with the highest ballot",
      find: "return compareBallots(a.ballot, b.ballot) > 0;",
      replace: "return compareBallots(a.ballot, b.ballot) < 0;",
    },
    {
      section: 3,
      name: "an unsure state counts as chosen",
      find: "unanimous: agree && isEnough,",
      replace: "unanimous: true,",
    },
    {
      section: 3,
      name: "a copy counts as a vote",
      find: "report.accepted !== null && !report.copied &&",
      replace: "report.accepted !== null &&",
      tests: ["tests/paxos/reports_test.ts", "tests/paxos/quorum_read_test.ts"],
    },
    {
      section: 3,
      name: "an acceptor without a state agrees with every state",
      find: "return report.accepted !== null && !report.copied &&",
      replace: "return report.accepted === null || !report.copied &&",
    },
    {
      section: 4,
      name: "one member is enough to believe a session expired",
      find: "reports.every((report) => report.stale.includes(owner))",
      replace: "reports.some((report) => report.stale.includes(owner))",
    },
    {
      section: 3,
      name: "the token of an absent state is not the highest floor",
      find: "floor = Math.max(floor, report.floor);",
      replace: "floor = Math.min(floor, report.floor);",
    },
    {
      section: 3,
      name: "an absent state is learned above a ballot that may still be accepted",
      find: ": promised.counter - 1;",
      replace: ": floor;",
      tests: ["tests/paxos/reports_test.ts", "tests/paxos/quorum_read_test.ts"],
    },
    {
      section: 3,
      name: "an absent state is learned at the highest floor",
      find: "const lowest = Math.min(",
      replace: "const lowest = Math.max(",
    },
  ]),
  ...mutationsOf("lib/paxos/quorum.ts", ["tests/paxos/quorum_test.ts"], [
    {
      section: 1,
      name: "a majority is one member too small",
      find: "return Math.floor(count / 2) + 1;",
      replace: "return Math.max(1, Math.floor(count / 2));",
    },
    {
      section: 7,
      name: "a member of two needs the help of two",
      find: "return Math.max(1, Math.min(majority(count), count - 1));",
      replace: "return majority(count);",
    },
    {
      section: 7,
      name: "the crash vectors of replies are ignored",
      find: "    this.#known.merge(sender.vector);\n",
      replace: "",
    },
    {
      section: 7,
      name: "the incarnations of replies are ignored",
      find: "    this.#known.raise(index, sender.incarnation);\n",
      replace: "",
    },
    {
      section: 7,
      name: "a reply from before a crash replaces one from after it",
      find: "if (sender.incarnation < known[index]) return this.reached;",
      replace: "",
    },
    {
      section: 7,
      name: "a reply still counts after the crash of its sender is known",
      find: "counted !== undefined && counted.incarnation < known[i]",
      replace: "false",
    },
    {
      section: 1,
      name: "a node that is no member counts",
      find: "if (index < 0) return this.reached;",
      replace: "",
    },
    {
      section: 7,
      name: "a crash vector goes down",
      find: "if (!(incarnation > this.#entries[index])) return;",
      replace: "",
    },
    {
      section: 7,
      name: "a vector that was handed out changes later",
      find: "const entries = this.#entries.slice();",
      replace: "const entries = this.#entries as Life[];",
    },
    {
      section: 7,
      name: "a vector that was handed out changes when another one is merged",
      find: "(entry, i) => vector[i] > entry ? vector[i] : entry",
      replace: "(entry, i) => (own as Life[])[i] = vector[i] > entry ? vector[i] : entry",
    },
    {
      section: 7,
      name: "a crash vector goes down when another one is merged",
      find: "else if (vector[i] !== own[i]) isBelow = true;",
      replace: "",
    },
    {
      section: 7,
      name: "a tally that has counted replies of another attempt is used again",
      find: "return this.#isNew && this.#members === members;",
      replace: "return this.#members === members;",
    },
    {
      section: 11,
      name: "a tally of other members is used again",
      find: "return this.#isNew && this.#members === members;",
      replace: "return this.#isNew;",
    },
  ]),
  ...mutationsOf(
    "lib/paxos/proposer.ts",
    [
      "tests/paxos/proposer_test.ts",
      "tests/paxos/proposer_short_way_test.ts",
      "tests/paxos/proposer_kept_test.ts",
      "tests/paxos/proposer_crash_test.ts",
    ],
    [
      {
        section: 3,
        name: "an incomplete state is written",
        find: "decision.complete?.() ?? decision.draft;",
        replace: "decision.draft;",
      },
      {
        section: 3,
        name: "a refused proposer does not go above the reported ballot",
        find: "this.#options.clock.observe(promised.counter);",
        replace: "",
      },
      {
        section: 3,
        name: "a token does not grow",
        find:
          'if (this.#ballot.counter <= summary.token) {\n      return { do: this.#phase === "fast" ? "retry" : "restart" };\n    }',
        replace: "",
      },
      {
        section: 3,
        name: "a token may stay as it is",
        find: "if (this.#ballot.counter <= summary.token)",
        replace: "if (this.#ballot.counter < summary.token)",
      },
      {
        section: 3,
        name: "the short way is open after a write",
        find: "const mustWrite = this.#wrote || ",
        replace: "const mustWrite = ",
      },
      {
        section: 3,
        name: "a state that may still be adopted is not written over",
        find: "this.#wrote || this.#options.mustWrite?.() === true",
        replace: "this.#wrote",
      },
      {
        section: 3,
        name: "an unsure state is reported without being chosen",
        find: "if (draft === null && unanimous && !mustWrite) {",
        replace: "if (draft === null && !mustWrite) {",
      },
      {
        section: 3,
        name: "a kept state counts as chosen",
        find: "ballot, unanimous: false, stale: [] });",
        replace: "ballot, unanimous: true, stale: [] });",
      },
      {
        section: 3,
        name: "promises of another ballot count",
        find:
          'if (reply.type !== "promise" || compareBallots(reply.ballot, this.#ballot) !== 0) return;',
        replace: 'if (reply.type !== "promise") return;',
      },
      {
        section: 3,
        name: "acceptances of another ballot count",
        find:
          'return reply.type === "accepted" && compareBallots(reply.ballot, this.#ballot) === 0;',
        replace: 'return reply.type === "accepted";',
      },
      {
        section: 3,
        name: "late answers count for the next phase",
        find: "if (request !== this.#request) return undefined;",
        replace: "",
      },
      {
        section: 3,
        name: "a fallback is proposed before a quorum has promised it",
        find: "if (!this.#promises.add(sender, reply)) return this.#unlessSplit();",
        replace: "this.#promises.add(sender, reply);",
      },
      {
        section: 3,
        name: "a promise of another ballot counts for a fallback",
        find: "if (compareBallots(reply.ballot, this.#fallback) !== 0) return undefined;",
        replace: "",
      },
      {
        section: 3,
        name: "accepts at a kept ballot count for its fallback, too",
        find: "    this.#accepts = new Tally(this.#members);\n    return this.#decide();",
        replace: "    return this.#decide();",
      },
      {
        section: 3,
        name: "the ballot of a fallback is used for another attempt",
        find: "    clock.observe(counter);\n    this.#ballot = ballot;",
        replace: "    this.#ballot = ballot;",
      },
      {
        section: 3,
        name: "a fallback is not above the known ballots",
        find: "Math.max(clock.counter, unheard) + 1;",
        replace: "clock.counter + 1;",
      },
      {
        section: 3,
        name: "a proposer waits forever between two ballots without a quorum",
        find: 'return outvoted ? { do: "restart" } : undefined;',
        replace: "return undefined;",
      },
      {
        section: 3,
        name: "an attempt without a kept promise has a fallback, too",
        find:
          "    this.#kept = this.#fallback = this.#fast = undefined;\n    this.#reliesOnKept = false;\n    this.#phase",
        replace:
          "    this.#kept = this.#fast = undefined;\n    this.#reliesOnKept = false;\n    this.#phase",
      },
      {
        section: 3,
        name: "the promise of a failed attempt's request is kept",
        find: "    this.#kept = undefined;\n    this.#fallback = undefined;\n",
        replace: "    this.#fallback = undefined;\n",
      },
      {
        section: 3,
        name: "a proposer waits for a member that is down while the others are split",
        find:
          "return this.#fallback !== undefined && this.#promises.size > 0 && this.#accepts.size > 0;",
        replace: "return false;",
      },
      {
        section: 3,
        name: "a lost promise of the fallback is awaited",
        find: "compareBallots(promised, this.#fallback) === 0",
        replace: "false",
      },
      {
        section: 3,
        name: "an acceptor that promised the fallback refuses it on the next copy",
        find:
          "    if (this.#fallback !== undefined && this.#promises.has(sender.member)) return undefined;\n",
        replace: "",
      },
      {
        section: 3,
        name: "an acceptor that promised the fallback is asked again",
        find: " && !(this.#fallback !== undefined && this.#promises.has(member))",
        replace: "",
      },
      {
        section: 3,
        name: "the last accept does not show that neither ballot has a quorum",
        find: "this.#finish() : this.#unlessSplit();",
        replace: "this.#finish() : undefined;",
      },
      {
        section: 3,
        name: "the last refusal does not show that neither ballot has a quorum",
        find: "<= members.length - majority(members.length)) return this.#unlessSplit();",
        replace: "<= members.length - majority(members.length)) return undefined;",
      },
      {
        section: 3,
        name: "the last promise does not show that neither ballot has a quorum",
        find: "if (!this.#promises.add(sender, reply)) return this.#unlessSplit();",
        replace: "if (!this.#promises.add(sender, reply)) return undefined;",
      },
      {
        section: 3,
        name: "a fallback uses a counter out of range",
        find: "counter < MAX_COUNTER ? { counter, life } : undefined",
        replace: "{ counter, life }",
      },
      {
        section: 3,
        name: "a fallback stays a fallback when it becomes the ballot",
        find:
          "    this.#kept = undefined;\n    this.#fallback = undefined;\n    this.#reliesOnKept",
        replace: "    this.#kept = undefined;\n    this.#reliesOnKept",
      },
      {
        section: 3,
        name: "the ballot of a kept promise is used for two states",
        find: "if (next) clock.observe(counter + 1);",
        replace: "",
      },
      {
        section: 3,
        name: "the promise of an attempt that failed is kept",
        find:
          "    this.#kept = this.#fallback = this.#fast = undefined;\n    this.#reliesOnKept = false;\n    this.#phase",
        replace:
          "    this.#fallback = this.#fast = undefined;\n    this.#reliesOnKept = false;\n    this.#phase",
      },
      {
        section: 3,
        name: "a promise is kept after a refusal",
        find: 'return this.#phase === "done" && this.#nacks.length === 0 ? this.#kept : undefined;',
        replace: 'return this.#phase === "done" ? this.#kept : undefined;',
      },
      {
        section: 3,
        name: "a promise is kept that no quorum has given yet",
        find: 'return this.#phase === "done" && this.#nacks.length === 0 ? this.#kept : undefined;',
        replace: "return this.#nacks.length === 0 ? this.#kept : undefined;",
      },
      {
        section: 8,
        name: "a quorum counts as all members",
        find: "return this.#accepts.size === this.#members.length;",
        replace: "return this.#accepts.reached;",
      },
      {
        section: 3,
        name: "the promises of an earlier attempt count",
        find: "if (!this.#promises.isFor(members)) this.#promises = new Tally(members);",
        replace: "",
      },
      {
        section: 3,
        name: "the acceptances of an earlier attempt count",
        find: "if (!this.#accepts.isFor(members)) this.#accepts = new Tally(members);",
        replace: "",
      },
      {
        section: 3,
        name: "a state does not say what it replaced",
        find: ": completed(draft, this.#ballot.counter, token);",
        replace: ": completed(draft, this.#ballot.counter, 0);",
      },
      {
        section: 3,
        name: "writing the present state gives it a new token",
        find: "? state ?? { present: false, token: this.#ballot.counter }",
        replace: "? { ...state ?? { present: false }, token: this.#ballot.counter } as State",
      },
      {
        section: 3,
        name: "the change is not told before a new state is sent",
        find: "      this.#options.writing?.(this.#ballot);\n",
        replace: "",
      },
      {
        section: 3,
        name: "one refusal fails an attempt",
        find:
          "if (this.#nacks.length <= members.length - majority(members.length)) return this.#unlessSplit();\n" +
          "    // The register was changed",
        replace: "// The register was changed",
      },
      {
        section: 3,
        name: "one member without room fails a change",
        find:
          "if (this.#fulls.size <= members.length - majority(members.length)) return undefined;",
        replace: "",
      },
    ],
  ),
  ...mutationsOf("lib/paxos/quorum_read.ts", ["tests/paxos/quorum_read_test.ts"], [
    {
      section: 3,
      name: "a read accepts a state that is too old",
      find: "return accepted === null || compareBallots(accepted.ballot, this.#since) < 0;",
      replace: "return false;",
    },
    {
      section: 3,
      name: "a read reports an unsure state",
      find: "if (!unanimous && !isKnown) return { sure: false };",
      replace: "",
    },
    {
      section: 3,
      name: "a read is content with one answer",
      find: "if (!this.#tally.add(sender, reply)) return undefined;",
      replace: "this.#tally.add(sender, reply);",
    },
  ]),
  ...mutationsOf("lib/paxos/learner.ts", ["tests/paxos/learner_test.ts"], [
    {
      section: 3,
      name: "a learner goes back to an older state",
      find:
        "  learn(ballot: Ballot): boolean {\n    if (compareBallots(ballot, this.#known) <= 0) return false;",
      replace: "  learn(ballot: Ballot): boolean {",
    },
    {
      section: 3,
      name: "one acceptor is enough to learn from",
      find: "if (!counted.tally.add(sender, { kind, heir })) return undefined;",
      replace: "counted.tally.add(sender, { kind, heir });",
    },
    {
      section: 3,
      name: "a promise is handed on by one member of a quorum",
      find: "replies.every((vote) => vote.heir === heir)",
      replace: "true",
    },
    {
      section: 3,
      name: "a learner counts different ballots together",
      find: "(other) => compareBallots(other.ballot, ballot) === 0)",
      replace: "() => true)",
    },
  ]),
  ...mutationsOf("lib/paxos/watchers.ts", ["tests/paxos/watchers_test.ts"], [
    {
      section: 3,
      name: "watchers of registers without writes are kept while there is room",
      find: "const interval = this.#hasRoomFor(node) ? WATCH_TTL : EXPIRY_INTERVAL;",
      replace: "const interval = this.#hasRoomFor(node) ? Infinity : EXPIRY_INTERVAL;",
    },
  ]),
];
