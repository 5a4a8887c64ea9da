import { type Mutation, mutationsOf } from "./mutation.ts";

const GENESIS = ["tests/paxos/genesis_reload_test.ts"];
const MEMBERSHIP = ["tests/node/membership/membership_reload_test.ts"];
const RELOAD = ["tests/recovery/reload_test.ts"];

/** Section 7: several processes of one member, and members that recover at the same time. */
export const RELOADS: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/genesis.ts", GENESIS, [
    {
      section: 7,
      name: "a genesis continues although a process remembers",
      find: "if (isFresh || this.#isOfRound(reply.id) || reply.id === UNASKED) this.#round = null;",
      replace: "",
    },
    {
      section: 7,
      name: "a record does not void the round that it answers",
      find: "if (isFresh || this.#isOfRound(reply.id) || reply.id === UNASKED) this.#round = null;",
      replace: "if (isFresh || reply.id === UNASKED) this.#round = null;",
    },
    {
      section: 7,
      name: "a record in answer to the question for the record voids no round",
      find: "if (isFresh || this.#isOfRound(reply.id) || reply.id === UNASKED) this.#round = null;",
      replace: "if (this.#isOfRound(reply.id) || reply.id === UNASKED) this.#round = null;",
    },
    {
      section: 7,
      name: "a late record in answer to the first round does not void the second",
      find: "const first = round === 2 ? this.#round?.number ?? null : null;",
      replace: "const first = null;",
    },
    {
      section: 7,
      name: "a record voids rounds that began after its question",
      find: "if (isFresh || this.#isOfRound(reply.id) || reply.id === UNASKED) this.#round = null;",
      replace: "this.#round = null;",
    },
    {
      section: 11,
      name: "a blank member does not listen to a living cluster that it does not ask",
      find: "if (isFresh || this.#isOfRound(reply.id) || reply.id === UNASKED) this.#round = null;",
      replace: "if (isFresh || this.#isOfRound(reply.id)) this.#round = null;",
    },
    {
      section: 7,
      name: "a genesis continues although a process that votes was heard",
      find: "  heardVote(): void {\n    this.#round = null;",
      replace: "  heardVote(): void {",
    },
    {
      section: 7,
      name: "the leader does not ask other processes of its own id",
      find: ".filter(({ to }) => to === self || !round.answers.has(to));",
      replace: ".filter(({ to }) => !round.answers.has(to));",
    },
    {
      section: 7,
      name: "an older process stays when a later one asks",
      find: 'if (isLater) return { event: { type: "replaced" } };',
      replace: "",
    },
    {
      section: 7,
      name: "a process whose clock is behind yields to the older one that votes",
      find: "header.life > this.#life && header.incarnation === null",
      replace: "header.life > this.#life",
    },
    {
      section: 7,
      name: "a later process yields to an older one",
      find: 'if (isLater) return { event: { type: "replaced" } };',
      replace: 'return { event: { type: "replaced" } };',
    },
    {
      section: 7,
      name: "the second round of an older process of the leader counts for the later one",
      find: "    if (from === self) {\n      // A later",
      replace: "    if (false) {\n      // A later",
    },
  ]),
  ...mutationsOf("lib/node/membership/membership.ts", ["tests/cluster/vote_heard_test.ts"], [
    {
      section: 7,
      name: "a process that does not vote voids a round of the genesis",
      find: "    if (header.incarnation === null) return;\n",
      replace: "",
    },
    {
      section: 7,
      name: "the genesis does not hear of a process that votes",
      find: "hears(header)) this.#timer.now();\n    this.#founding.heardVote();",
      replace: "hears(header)) this.#timer.now();",
    },
  ]),
  ...mutationsOf("lib/node/membership/membership.ts", ["tests/members/coming_back_test.ts"], [
    {
      section: 11,
      name: "a node without a cluster does not ask those that vote under another list",
      find: "this.#strangers.hears(from);",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/cluster/wiring.ts", ["tests/cluster/vote_heard_test.ts"], [
    {
      section: 7,
      name: "a node does not tell its genesis that a process votes",
      find: "membership.heard(from, header);",
      replace: "",
    },
  ]),
  ...mutationsOf("transports/packet.ts", ["tests/transports/packet_test.ts"], [
    {
      section: 7,
      name: "processes of one member do not hear each other over a channel",
      find: "if (first < 0 || isName(bytes, sender, ALL)) return null;",
      replace:
        "if (first < 0 || isName(bytes, sender, self) || isName(bytes, sender, ALL)) return null;",
    },
  ]),
  ...mutationsOf("lib/paxos/giving_up.ts", ["tests/paxos/giving_up_test.ts"], [
    {
      section: 7,
      name: "a member of which a process remembers counts as lost afterwards",
      find: " || this.#remembering.has(from)) return nothing;",
      replace: ") return nothing;",
    },
    {
      section: 7,
      name: "a record does not void earlier answers of that member",
      find: "if (!this.#lost.has(member) && !this.#before.has(member)) return;",
      replace: "return;",
    },
    {
      section: 7,
      name: "a record in the second round leaves the first one valid",
      find: "if (!this.#lost.has(member) && !this.#before.has(member)) return;",
      replace: "if (!this.#lost.has(member)) return;",
    },
    {
      section: 7,
      name: "a late record in answer to the first round of giving up is ignored",
      find: "if (reply.id === this.#number || reply.id === this.#first) this.#remembers(from);",
      replace: "if (reply.id === this.#number) this.#remembers(from);",
    },
    {
      section: 7,
      name: "a record that answers any question voids a round of giving up",
      find: "if (reply.id === this.#number || reply.id === this.#first) this.#remembers(from);",
      replace: "this.#remembers(from);",
    },
    {
      section: 7,
      name: "a member that is known to remember delays the others' giving up",
      find: "if (!this.#lost.has(member) && !this.#before.has(member)) return;",
      replace: "",
    },
    {
      section: 7,
      name: "a member of two gives up while it could help the other one recover",
      find: "isShort(list, helpersNeeded(list.length))",
      replace: "isShort(list, majority(list.length))",
    },
    {
      section: 7,
      name: "any other process under its id counts as its successor",
      find: "this.#isSucceeded ||= isAsked && header.life > life;",
      replace: "this.#isSucceeded = true;",
    },
    {
      section: 7,
      name: "a successor is not noticed if it answers the first round late",
      find: "const isAsked = reply.id === this.#number || reply.id === this.#first;",
      replace: "const isAsked = reply.id === this.#number;",
    },
    {
      section: 7,
      name: "an answer to any question tells of a successor",
      find: "const isAsked = reply.id === this.#number || reply.id === this.#first;",
      replace: "const isAsked = true;",
    },
  ]),
  ...mutationsOf("lib/paxos/recovery.ts", ["tests/paxos/recovery_test.ts"], [
    {
      section: 7,
      name: "a member announces its life out of turn",
      find: "if (!this.#announced && !this.#options.isItsTurn()) return [];",
      replace: "",
    },
    {
      section: 7,
      name: "a member that has announced its life waits for its turn once more",
      find: "if (!this.#announced && !this.#options.isItsTurn()) return [];",
      replace: "if (!this.#options.isItsTurn()) return [];",
    },
  ]),
  ...mutationsOf("lib/paxos/turns.ts", ["tests/paxos/turns_test.ts"], [
    {
      section: 7,
      name: "a member waits for later members in the list, too",
      find:
        "const isEarlier = members.indexOf(from) >= 0 && members.indexOf(from) < members.indexOf(self);",
      replace: "const isEarlier = members.includes(from);",
    },
    {
      section: 7,
      name: "a member waits forever for its turn",
      find: "return now - since >= longest || this.#isFirst(now);",
      replace: "return this.#isFirst(now);",
    },
    {
      section: 7,
      name: "a member that recovered once is always awaited",
      find: "if (now - at < TURN_TIME) return false;",
      replace: "if (now >= at) return false;",
    },
    {
      section: 7,
      name: "an older process that votes ends the turn of the later one",
      find: "this.#comingBack.get(from)?.life === header.life",
      replace: "true",
    },
    {
      section: 7,
      name: "a member that votes counts as recovering when it asks",
      find: 'request.type === "enquire" && header.incarnation === null',
      replace: 'request.type === "enquire"',
    },
  ]),
  ...mutationsOf("lib/node/membership/comeback.ts", ["tests/node/membership/comeback_test.ts"], [
    {
      section: 7,
      name: "genesis is not told of the life that a recovery takes",
      find: "      founding.changeLife(life);\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/member_answers.ts", MEMBERSHIP, [
    {
      section: 7,
      name: "questions of recovering members are not noted",
      find: "comeback.turns.asked(from, header, request, engine.runtime.now());",
      replace: "",
      tests: ["tests/node/membership/comeback_test.ts"],
    },
    {
      section: 7,
      name: "a replaced process says that its member remembers",
      find:
        'if (engine.place?.standing === "replaced" || (told.votes && engine.voter === null)) return;',
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/membership.ts", MEMBERSHIP, [
    {
      section: 7,
      name: "a new life continues the recovery of the previous one",
      find: "if (this.#comeback.isUnderWay) this.#comeback.begin();",
      replace: "",
      tests: ["tests/node/membership/founding_test.ts"],
    },
    {
      section: 7,
      name: "answers of recovering members are not noted",
      find: "this.#comeback.turns.answered(from, header, reply, now);",
      replace: "",
      tests: ["tests/node/membership/comeback_test.ts"],
    },
    {
      section: 7,
      name: "an older process recovers with a later life than its successor",
      find: "if (lost.isSucceeded) return this.#events.replaced();",
      replace: "",
    },
    {
      section: 7,
      name: "a node asks itself instead of other processes under its id",
      find: "if (to === this.#engine.self) this.#engine.askOwnId(request);",
      replace: "if (false) this.#engine.askOwnId(request);",
    },
  ]),
  ...mutationsOf("lib/node/engine/engine.ts", MEMBERSHIP, [
    {
      section: 7,
      name: "a node answers itself instead of another process under its id",
      find: "if (to !== this.self || life === this.life) return",
      replace: "if (true) return",
    },
  ]),
  ...mutationsOf("lib/paxos/genesis.ts", RELOAD, [
    {
      section: 12,
      name: "a reload of all members forms a new cluster beside the older processes",
      // Four places void a round, and for whole nodes each of them is enough: no round is void here.
      find: "#round: Round | null = null;",
      replace:
        "#kept: Round | null = null;\n  get #round(): Round | null {\n    return this.#kept;\n  }\n  set #round(round: Round | null) {\n    this.#kept = round ?? this.#kept;\n  }",
    },
  ]),
  ...mutationsOf("lib/paxos/recovery.ts", RELOAD, [
    {
      section: 12,
      name: "a reload of all members discards every memory at once",
      find: "if (!this.#announced && !this.#options.isItsTurn()) return [];",
      replace: "if (false) return [];",
    },
  ]),
  ...mutationsOf("lib/node/membership/giving_up_watch.ts", MEMBERSHIP, [
    {
      section: 7,
      name: "a member that must wait keeps the place of its successor",
      find: 'if (settings.afterMajorityLoss === "wait" && !this.#isSucceeded) return;',
      replace: 'if (settings.afterMajorityLoss === "wait") return;',
    },
    {
      section: 7,
      name: "a member that must wait counts lost members without a successor",
      find: 'if (settings.afterMajorityLoss === "wait" && !this.#isSucceeded) return;',
      replace: "",
    },
  ]),
];
