import { type Mutation, mutationsOf } from "./mutation.ts";

/** Section 7: genesis, recovery, and giving up a cluster. */
export const COMEBACK: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/genesis.ts", ["tests/paxos/genesis_test.ts"], [
    {
      section: 7,
      name: "one round is enough for a genesis",
      find: "if (before === null) {",
      replace: "if (false) {",
    },
    {
      section: 7,
      name: "the second round may find other lives",
      find: "if (members.some((member, index) => before.get(member) !== lives[index])) {",
      replace: "if (false) {",
    },
    {
      section: 7,
      name: "a genesis does not wait for all members",
      find: "if (members.some((member) => !round.answers.has(member))) return undefined;",
      replace: "if (round.answers.size * 2 <= members.length) return undefined;",
    },
    {
      section: 7,
      name: "the floor is below the wall clock",
      find: "Math.floor(answer.wall * 1000)",
      replace: "Math.floor(answer.wall)",
    },
    {
      section: 7,
      name: "the floor is below the clock of a member",
      find: "floor = Math.max(floor, wall, Math.min(answer.clock, bound));",
      replace: "floor = Math.max(floor, wall);",
    },
    {
      section: 7,
      name: "the floor is that of one member only",
      find: "floor = Math.max(floor, wall, Math.min(answer.clock, bound));",
      replace: "floor = Math.max(wall, answer.clock);",
    },
    {
      section: 7,
      name: "a clock that runs ahead uses up the counters",
      find: "Math.min(Math.max(0, Math.floor(answer.wall * 1000)), HIGHEST_FLOOR)",
      replace: "Math.max(0, Math.floor(answer.wall * 1000))",
    },
    {
      section: 7,
      name: "an answer to the second round leaves the question for the record valid",
      find: "    if (voids) this.#pull = null;\n",
      replace: "",
    },
    {
      section: 7,
      name: "an answer to the second round does not void the answers of a recovery",
      find: "recovering }, voids };",
      replace: "recovering } };",
    },
    {
      section: 7,
      name: "the second round of giving up voids nothing",
      find: 'const voids = request.purpose !== "record" && request.round === 2;',
      replace: 'const voids = request.purpose === "genesis" && request.round === 2;',
    },
    {
      section: 7,
      name: "an earlier leader is answered like the latest one",
      find:
        'if (from === members[0] && header.life < this.#leader) return { reply: { type: "replaced" } };',
      replace: "",
    },
    {
      section: 7,
      name: "one life answers two leaders",
      find: 'if (this.#answered !== "" && this.#answered !== header.life) {',
      replace: "if (false) {",
    },
    {
      section: 7,
      name: "the record of an earlier leader is adopted",
      find: "if (!isLatest) return undefined;",
      replace: "",
    },
    {
      section: 7,
      name: "a record that names another life is adopted",
      find: "if (present.epoch === 0 && lifeIn(present, self) === life && !isOver) {",
      replace: "if (present.epoch === 0) {",
    },
    {
      section: 7,
      name: "an answer with a record to an earlier question counts",
      find: "const isFresh = reply.id === this.#pull;",
      replace: "const isFresh = true;",
    },
    {
      section: 7,
      name: "an answer to an earlier round counts",
      find: "if (reply.id !== round?.number || !sameMembers(reply.members, members))",
      replace: "if (round === null || !sameMembers(reply.members, members))",
    },
    {
      section: 7,
      name: "a node with another member list is answered",
      find: "if (!sameMembers(request.members, members)) {",
      replace: "if (false) {",
    },
    {
      section: 7,
      name: "a node with another member list takes part in a genesis",
      find: "if (reply.id !== round?.number || !sameMembers(reply.members, members))",
      replace: "if (reply.id !== round?.number)",
    },
    {
      section: 7,
      name: "the order of the members does not count",
      find: "a.every((member, index) => member === b[index])",
      replace: "a.every((member) => b.includes(member))",
    },
    {
      section: 7,
      name: "an operational member says that it is blank",
      find: "if (this.#knows) {\n      assertInvariant(",
      replace: "if (false) {\n      assertInvariant(",
    },
    {
      section: 7,
      name: "a recovering member does not follow another record",
      find: "if (own === undefined || own === id) return own === undefined;",
      replace: "if (own !== undefined) return false;",
    },
    {
      section: 7,
      name: "a recovering member stops asking",
      find:
        "if (this.#knows && !this.asksOn) return { ask: [] };\n    const { self, members, nextId, others }",
      replace:
        'if (this.#state !== "blank") return { ask: [] };\n    const { self, members, nextId, others }',
    },
    {
      section: 12,
      name: "the first member continues a round that cannot be completed",
      find:
        "if (this.#round === null || this.#round.asked >= ASKED_PER_ROUND) this.#begin(1, null);",
      replace: "if (this.#round === null) this.#begin(1, null);",
    },
    {
      section: 7,
      name: "a new life continues the questions of the previous one",
      find: '    this.#answered = "";\n    this.#round = null;\n    this.#pull = null;\n',
      replace: '    this.#answered = "";\n',
    },
    {
      section: 7,
      name: "the leader reuses the number of an earlier question",
      find: "const number = this.#options.nextId();\n    const first = round",
      replace: "const number = 1;\n    const first = round",
    },
  ]),
  ...mutationsOf("lib/paxos/recovery.ts", ["tests/paxos/recovery_test.ts"], [
    {
      section: 7,
      name: "half of the others are enough for a recovery",
      find: "helpersIn(this.#options.configuration, this.#options.self)",
      replace:
        "helpersIn(this.#options.configuration, this.#options.self).map(({ of }) => ({ of, needed: Math.ceil(of.length / 2) }))",
    },
    {
      section: 7,
      name:
        "a recovery needs a majority of the others only: two members may copy from disjoint sets",
      find: "helpersIn(this.#options.configuration, this.#options.self)",
      replace:
        "helpersIn(this.#options.configuration, this.#options.self).map(({ of }) => ({ of, needed: Math.floor(of.length / 2) + 1 }))",
      tests: ["tests/paxos/member_overlap_test.ts"],
    },
    {
      section: 7,
      name: "a recovery needs a majority of the others only: in a partition, both sides agree",
      find: "helpersIn(this.#options.configuration, this.#options.self)",
      replace:
        "helpersIn(this.#options.configuration, this.#options.self).map(({ of }) => ({ of, needed: Math.floor(of.length / 2) + 1 }))",
      tests: ["tests/recovery/even_overlap_test.ts"],
    },
    {
      section: 7,
      name: "a recovery needs all others",
      find: "helpersIn(this.#options.configuration, this.#options.self)",
      replace:
        "helpersIn(this.#options.configuration, this.#options.self).map(({ of }) => ({ of, needed: of.length }))",
    },
    {
      section: 7,
      name: "a recovering member keeps a life that is below an earlier one",
      find: "if (highest < this.#life || (highest === this.#life && this.#announced)) {",
      replace: "if (true) {",
    },
    {
      section: 7,
      name: "a recovering member keeps a life that another process has",
      find: "if (highest < this.#life || (highest === this.#life && this.#announced)) {",
      replace: "if (highest <= this.#life) {",
    },
    {
      section: 7,
      name: "a recovering member takes the lowest known incarnation",
      find: "for (const life of this.#known.replies) if (life > highest) highest = life;",
      replace: "for (const life of this.#known.replies) highest = life;",
    },
    {
      section: 7,
      name: "the pieces of another announcement count",
      find: "if (reply.announcement !== this.#announcement) return { ask: [] };",
      replace: "",
    },
    {
      section: 7,
      name: "pieces for an earlier question count",
      find: "if (this.#question !== null || transfer?.number !== reply.id) return { ask: [] };",
      replace: "if (transfer === undefined) return { ask: [] };",
    },
    {
      section: 7,
      name: "pieces of two incarnations make one copy",
      find: "if (transfer.incarnation !== null && transfer.incarnation !== sender.incarnation) {",
      replace: "if (false) {",
    },
    {
      section: 7,
      name: "the vector beside a copy counts, not the one in it",
      find: "if (!this.#copies.add({ ...sender, vector }, copy)) return { ask: [] };",
      replace: "if (!this.#copies.add(sender, copy)) return { ask: [] };",
    },
    {
      section: 7,
      name: "an unfinished copy counts",
      find: "if (reply.last === null) return { ask: [this.#ask(sender.member)] };",
      replace: "",
    },
    {
      section: 7,
      name: "answers of another genesis count for a recovery",
      find: "if (header.genesis !== genesis || incarnation === null || from === self)",
      replace: "if (incarnation === null || from === self)",
    },
    {
      section: 7,
      name: "a member without a vote helps a recovery",
      find: "const incarnation = isJoining ? header.life : header.incarnation;",
      replace: "const incarnation = isJoining ? header.life : header.incarnation ?? header.life;",
    },
    {
      section: 7,
      name: "a member counts for its own recovery",
      find: "incarnation === null || from === self)",
      replace: "incarnation === null)",
    },
    {
      section: 7,
      name: "a replaced member continues its recovery",
      find: "if (sender.vector[this.#voices.indexOf(self)] > this.#life) {",
      replace: "if (false) {",
    },
    {
      section: 7,
      name: "a restarted recovery keeps the known lives",
      find:
        "    this.#question = this.#options.nextId();\n    this.#known = this.#tally();\n    this.#copies = this.#tally();\n    this.#transfers.clear();",
      replace: "    this.#copies = this.#tally();\n    this.#transfers.clear();",
    },
    {
      section: 7,
      name: "a restarted recovery keeps its copies",
      find:
        "    this.#known = this.#tally();\n    this.#copies = this.#tally();\n    this.#transfers.clear();",
      replace: "    this.#known = this.#tally();\n    this.#transfers.clear();",
    },
    {
      section: 7,
      name: "a restarted recovery keeps half of a copy",
      find: "    this.#copies = this.#tally();\n    this.#transfers.clear();",
      replace: "    this.#copies = this.#tally();",
    },
    {
      section: 7,
      name: "the lowest promise is copied",
      find: "const promised = higher(known.promised, copy.promised);",
      replace: "const { promised } = known;",
    },
    {
      section: 7,
      name: "any accepted state is copied, not the one with the highest ballot",
      find: "outranks(copy.accepted, known.accepted)",
      replace: "outranks(known.accepted, copy.accepted)",
    },
    {
      section: 7,
      name: "a member without an entry for a register counts as without a promise",
      find: "const promised = higher(copy.promised, floorBallot(floor));",
      replace: "const { promised } = copy;",
    },
    {
      section: 7,
      name: "the lowest floor is copied",
      find: "floor: Math.max(...copies.map((copy) => copy.floor)),",
      replace: "floor: Math.min(...copies.map((copy) => copy.floor)),",
    },
    {
      section: 7,
      name: "the sessions that one member fenced are not copied",
      find: "fenced: [...new Set(copies.flatMap((copy) => copy.fenced))],",
      replace: "fenced: [...copies[0].fenced],",
    },
    {
      section: 7,
      name: "the crashes that only one member knows are not copied",
      find: "vector[index] > high ? vector[index] : high",
      replace: 'high > "" ? high : vector[index]',
    },
    {
      section: 7,
      name: "the shortest wait is copied",
      find: "wait: Math.max(...copies.map((copy) => copy.wait)),",
      replace: "wait: Math.min(...copies.map((copy) => copy.wait)),",
    },
    {
      section: 7,
      name: "a helper does not note the announcement before it copies",
      find: "  incarnations.raise(from, request.incarnation);\n",
      replace: "",
    },
    {
      section: 7,
      name: "an announcement for another life is noted",
      find: 'request.type !== "transfer" || request.incarnation !== header.life) return',
      replace: 'request.type !== "transfer") return',
    },
    {
      section: 11,
      name: "a helper helps under an older configuration",
      find: "  if (header.epoch !== epoch) return undefined;\n",
      replace: "",
    },
    {
      section: 7,
      name: "a helper helps a node that is no member",
      find:
        "if (!votersOf(configuration).includes(from) && from !== joining?.id) return undefined;",
      replace: "",
    },
    {
      section: 7,
      name: "a helper reads the fenced sessions before the last registers",
      find: "const last = more ? null : {",
      replace: "const last = {",
    },
  ]),
  ...mutationsOf("lib/paxos/giving_up.ts", ["tests/paxos/giving_up_test.ts"], [
    {
      section: 7,
      name: "an answer to another question counts for giving up",
      find: "if (reply.id !== this.#number) return nothing;",
      replace: "",
    },
    {
      section: 7,
      name: "a member that votes counts as lost",
      find: 'if (type === "record" || (type === "stored" && !isForeign)) {',
      replace: 'if (type === "stored" && !isForeign) {',
      tests: ["tests/paxos/giving_up_test.ts", "tests/recovery/majority_loss_test.ts"],
    },
    {
      section: 7,
      name: "a member that is about to adopt the record counts as lost",
      find: "if (named === header.life || this.#remembering.has(from)) return nothing;",
      replace: "if (this.#remembering.has(from)) return nothing;",
    },
    {
      section: 7,
      name: "a node with another member list counts as lost",
      find: "if (!sameMembers(reply.members, members)) return nothing;",
      replace: "",
    },
    {
      section: 7,
      name: "the second round of giving up may find other lives",
      find: "if (this.#round === 2 && this.#before.get(from) !== header.life) return nothing;",
      replace: "",
    },
    {
      section: 7,
      name: "a member gives up while a majority may be left",
      find: "isShort(list, helpersNeeded(list.length))",
      replace: "isShort(list, list.length)",
    },
    {
      section: 7,
      name: "in an even list a member waits for others that cannot come back",
      find: "isShort(list, helpersNeeded(list.length))",
      replace: "isShort(list, list.length / 2)",
    },
    {
      section: 7,
      name: "one round is enough to give up",
      find: "if (this.#round === 2) return { ask: [], allIsLost: true };",
      replace: "return { ask: [], allIsLost: true };",
    },
  ]),
  ...mutationsOf("lib/paxos/record_query.ts", ["tests/paxos/record_query_test.ts"], [
    {
      section: 7,
      name: "one member is enough to believe in another genesis",
      find: "return agreeing >= majority(count) ? answer : undefined;",
      replace: "return answer;",
    },
    {
      section: 7,
      name: "a stranger is believed about another genesis",
      find: "if (!this.#askable.has(from)) return undefined;",
      replace: "",
    },
    {
      section: 7,
      name: "different records count together",
      find: 'return answer?.type === "record" && answer.record.id === record;',
      replace: 'return answer?.type === "record";',
    },
    {
      section: 7,
      name: "a process that is all of its cluster is a majority, and closes the others",
      find: "if (doubt === undefined || doubt.record === record) return true;",
      replace: "return true;",
    },
  ]),
  ...mutationsOf("lib/paxos/genesis.ts", ["tests/paxos/genesis_test.ts"], [
    {
      section: 7,
      name: "one process takes a member that recovers away from its cluster",
      find: "if (present === null) return this.#recovers !== null && left(this.#recovers, own);",
      replace: "if (present === null) return true;",
    },
    {
      section: 7,
      name: "a node that heard a process of another cluster first stays outside its own",
      find: 'return this.#state === "outside" && !this.#wasMember;',
      replace: "return false;",
    },
  ]),
];
