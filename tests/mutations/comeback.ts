import { type Mutation, mutationsOf } from "./mutation.ts";

/** Section 7: genesis, recovery, giving up. */
export const COMEBACK: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/genesis.ts", ["tests/paxos/genesis_test.ts"], [
    {
      section: 7,
      name: "one round is enough for a genesis",
      find: "if (round.lives === null) {",
      replace: "if (false) {",
    },
    {
      section: 7,
      name: "the second round may find other lives",
      find: "if (members.some((member, index) => round.lives!.get(member) !== lives[index])) {",
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
      name: "the floor is below what a member has seen",
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
      name: "an answer to the second round does not void what a recovery has got",
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
      name: "an earlier leader is answered like the latest",
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
      find: "return isLatest ? this.#adopt(record) : undefined;",
      replace: "return this.#adopt(record);",
    },
    {
      section: 7,
      name: "a record that names another life is adopted",
      find: "if (record.lives[index] === life) {",
      replace: "if (true) {",
    },
    {
      section: 7,
      name: "any answer with a record counts, not only to the latest question",
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
      name: "who lists other members is answered",
      find: "if (!sameMembers(request.members, members)) {",
      replace: "if (false) {",
    },
    {
      section: 7,
      name: "the record of who lists other members counts",
      find: "if (!sameMembers(reply.members, members)) return { ask: [] };",
      replace: "",
    },
    {
      section: 7,
      name: "who lists other members takes part in a genesis",
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
      find: 'if (this.#state === "operational") {\n      return { reply: { type: "record"',
      replace: 'if (false) {\n      return { reply: { type: "record"',
    },
    {
      section: 7,
      name: "who recovers does not follow another record",
      find: "if (this.#record?.id === record.id) return undefined;",
      replace: "if (this.#record !== null) return undefined;",
    },
    {
      section: 7,
      name: "who recovers stops asking",
      find:
        'if (this.#state === "operational") return { ask: [] };\n    const { self, members, nextId }',
      replace:
        'if (this.#state !== "blank") return { ask: [] };\n    const { self, members, nextId }',
    },
    {
      section: 12,
      name: "the first member keeps on with a round that cannot be completed",
      find:
        "if (this.#round === null || this.#round.asked >= ASKED_PER_ROUND) this.#begin(1, null);",
      replace: "if (this.#round === null) this.#begin(1, null);",
    },
    {
      section: 7,
      name: "a new life goes on with the questions of the one before",
      find: '    this.#answered = "";\n    this.#round = null;\n    this.#pull = null;\n',
      replace: '    this.#answered = "";\n',
    },
    {
      section: 7,
      name: "a question of the leader is asked under a number that was used before",
      find: "const number = this.#options.nextId();\n    const first = round",
      replace: "const number = 1;\n    const first = round",
    },
  ]),
  ...mutationsOf("lib/paxos/recovery.ts", ["tests/paxos/recovery_test.ts"], [
    {
      section: 7,
      name: "half of the others are enough to come back",
      find: "this.#needed = majority(options.members.length - 1);",
      replace: "this.#needed = Math.ceil((options.members.length - 1) / 2);",
    },
    {
      section: 7,
      name: "in an even list it takes more than a majority of the others to come back",
      find: "this.#needed = majority(options.members.length - 1);",
      replace: "this.#needed = majority(options.members.length);",
    },
    {
      section: 7,
      name: "who comes back may keep a life that is below one that it had",
      find: "if (highest < this.#life || (highest === this.#life && this.#announced)) {",
      replace: "if (true) {",
    },
    {
      section: 7,
      name: "who comes back may keep a life that another one has",
      find: "if (highest < this.#life || (highest === this.#life && this.#announced)) {",
      replace: "if (highest <= this.#life) {",
    },
    {
      section: 7,
      name: "who comes back takes the lowest incarnation that is known",
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
      name: "pieces count that were asked for before",
      find: "if (this.#question !== null || transfer?.number !== reply.id) return { ask: [] };",
      replace: "if (transfer === undefined) return { ask: [] };",
    },
    {
      section: 7,
      name: "pieces of two memories make one",
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
      find: "if (header.genesis !== genesis || header.incarnation === null || from === self) {",
      replace: "if (header.incarnation === null || from === self) {",
    },
    {
      section: 7,
      name: "who does not vote helps to come back",
      find: "if (header.genesis !== genesis || header.incarnation === null || from === self) {",
      replace: "if (header.genesis !== genesis || from === self) {",
    },
    {
      section: 7,
      name: "a member counts for its own recovery",
      find: "header.incarnation === null || from === self) {",
      replace: "header.incarnation === null) {",
    },
    {
      section: 7,
      name: "who was replaced goes on to come back",
      find: "if (sender.vector[members.indexOf(self)] > this.#life) {",
      replace: "if (false) {",
    },
    {
      section: 7,
      name: "a recovery that begins again keeps what it knows of lives",
      find:
        "    this.#question = this.#options.nextId();\n    this.#known = this.#tally();\n    this.#copies = this.#tally();\n    this.#transfers.clear();",
      replace: "    this.#copies = this.#tally();\n    this.#transfers.clear();",
    },
    {
      section: 7,
      name: "a recovery that begins again keeps its copies",
      find:
        "    this.#known = this.#tally();\n    this.#copies = this.#tally();\n    this.#transfers.clear();",
      replace: "    this.#known = this.#tally();\n    this.#transfers.clear();",
    },
    {
      section: 7,
      name: "a recovery that begins again keeps half of a copy",
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
      find: "compareBallots(known.accepted.ballot, copy.accepted.ballot) >= 0)",
      replace: "compareBallots(known.accepted.ballot, copy.accepted.ballot) <= 0)",
    },
    {
      section: 7,
      name: "to hold nothing about a register is to have promised nothing",
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
      name: "what one member fenced is not copied",
      find: "fenced: [...new Set(copies.flatMap((copy) => copy.fenced))],",
      replace: "fenced: [...copies[0].fenced],",
    },
    {
      section: 7,
      name: "the crashes that only one member knows of are not copied",
      find: "copy.vector[index] > high ? copy.vector[index] : high",
      replace: 'high > "" ? high : copy.vector[index]',
    },
    {
      section: 7,
      name: "the shortest wait is copied",
      find: "wait: Math.max(...copies.map((copy) => copy.wait)),",
      replace: "wait: Math.min(...copies.map((copy) => copy.wait)),",
    },
    {
      section: 7,
      name: "a helper copies first and takes note of the announcement then",
      find: "  raise(index, request.incarnation);\n",
      replace: "",
    },
    {
      section: 7,
      name: "an announcement in another life's name is taken note of",
      find: 'request.type !== "transfer" || request.incarnation !== header.life) return',
      replace: 'request.type !== "transfer") return',
    },
    {
      section: 7,
      name: "a helper helps who lists other members",
      find: "if (index < 0 || !sameMembers(request.members, members)) return undefined;",
      replace: "if (index < 0) return undefined;",
    },
    {
      section: 7,
      name: "a helper reads what is fenced before the registers",
      find:
        "  const { registers, more } = voter.acceptor.copy(request.after);\n  const last = more ? null : {\n    fenced: voter.sessions.fenced(),\n    floor: voter.acceptor.floor,",
      replace:
        "  const { registers } = voter.acceptor.copy(request.after);\n  const last = {\n    fenced: voter.sessions.fenced(),\n    floor: voter.acceptor.floor,",
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
      find: 'if (reply.type === "record") {',
      replace: "if (false) {",
      tests: ["tests/paxos/giving_up_test.ts", "tests/recovery/majority_loss_test.ts"],
    },
    {
      section: 7,
      name: "a member that is about to adopt the record counts as lost",
      find:
        "if (record.lives[index] === header.life || this.#remembering.has(from)) return nothing;",
      replace: "if (this.#remembering.has(from)) return nothing;",
    },
    {
      section: 7,
      name: "who lists other members counts as lost",
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
      find: "if (members.length - this.#lost.size >= majority(members.length - 1)) return nothing;",
      replace: "if (this.#lost.size === 0) return nothing;",
    },
    {
      section: 7,
      name: "one round is enough to give up",
      find: "if (this.#round === 2) return { ask: [], allIsLost: true };",
      replace: "return { ask: [], allIsLost: true };",
    },
  ]),
  ...mutationsOf("lib/paxos/record_inquiry.ts", ["tests/paxos/record_inquiry_test.ts"], [
    {
      section: 7,
      name: "one member is believed that there is another genesis",
      find: "return agreeing >= majority(count) ? answer : undefined;",
      replace: "return answer;",
    },
    {
      section: 7,
      name: "a stranger is believed that there is another genesis",
      find: "if (!this.#members.includes(from)) return undefined;",
      replace: "",
    },
    {
      section: 7,
      name: "different records count together",
      find: "return a.record.id === b.record.id;",
      replace: "return true;",
    },
  ]),
];
