import { type Mutation, mutationsOf } from "./mutation.ts";

const PLACE = ["tests/paxos/place_test.ts"];
const CHANGED = ["tests/node/quorum/changed_members_test.ts"];
const DISPATCHER = ["tests/node/engine/dispatcher_test.ts"];
const CODEC = ["tests/codec/configuration_messages_test.ts"];
const CHANGE = ["tests/paxos/member_change_test.ts"];

/** Section 11: changes of the members. The model has more: see `tests/mutations/model/members.ts`. */
export const MEMBERS: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/standing.ts", PLACE, [
    {
      section: 11,
      name: "a member votes without its memory",
      find: 'if (incarnation === null) return "recovers";',
      replace: "",
    },
    {
      section: 11,
      name: "a member votes with the memory of an earlier admission",
      find: 'return incarnation < member.life ? "replaced" : "votes";',
      replace: 'return "votes";',
    },
    {
      section: 11,
      name: "a node joins in another life than the one that was let in",
      find: "if (joining?.id === self && joining.life === life)",
      replace: "if (joining?.id === self)",
    },
    {
      section: 11,
      name: "a removed member forgets at once what others may need to recover",
      find: 'return "helps";',
      replace: 'return "outside";',
    },
    {
      section: 11,
      name: "a frame of a sender that does not know it to be settled settles a configuration",
      find: "if (epoch !== own || unsettled === true || settled",
      replace: "if (epoch !== own || settled",
    },
    {
      section: 11,
      name: "a node goes back to an older configuration",
      find: "if (!isNewer(configuration, this.#configuration)) return false;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/place.ts", PLACE, [
    {
      section: 7,
      name: "the crashes that a copy tells of are taken in the order of another configuration",
      find: "this.incarnations.raiseAll(known);\n    this.incarnations.raise(this.#self",
      replace:
        "this.incarnations.merge(known.map(([, life]) => life));\n    this.incarnations.raise(this.#self",
    },
    {
      section: 11,
      name: "a node that joins votes with its copy",
      find: 'return this.#standing === "votes" ? this.#memory : null;',
      replace: "return this.#memory;",
    },
    {
      section: 11,
      name: "a member keeps its copy when it takes another life",
      find: "    this.#life = life;\n    this.#memory = null;\n",
      replace: "    this.#life = life;\n",
    },
    {
      section: 11,
      name: "crash vectors of another epoch are read in the wrong order",
      find: "if (header.epoch !== this.configuration.epoch) return undefined;",
      replace: "",
    },
    {
      section: 7,
      name: "a member goes on that has heard of a later incarnation of itself",
      find: "return this.#isSucceeded(this.incarnation) ? this.#replaced() : undefined;",
      replace: "return undefined;",
    },
    {
      section: 7,
      name: "a process that was replaced goes on as a client when its successor is removed",
      find: "if (this.#isSucceeded(this.#memory?.incarnation ?? null)) return this.#replaced();",
      replace: "",
    },
    {
      section: 7,
      name:
        "a process that was replaced recovers under the next configuration, and replaces its successor",
      find: 'if (this.#standing === "replaced") return;',
      replace: "",
    },
    {
      section: 11,
      name: "an older process of a member follows a configuration that came with its successor",
      find: "if (this.#known.learn(configuration)) return this.#follow(incarnations);",
      replace: `if (this.#known.learn(configuration)) {
      const event = this.#follow();
      this.incarnations.raiseAll(incarnations);
      return event;
    }`,
    },
    {
      section: 11,
      name: "an older process goes on that is told of its successor with what it knows",
      find: "this.incarnations.raiseAll(incarnations);\n    return this.#ifReplaced();",
      replace: "return undefined;",
    },
    {
      section: 11,
      name: "a node does not know what came with its first configuration",
      find: "this.incarnations.follow(configuration, incarnations);\n    this.#standing",
      replace: "this.incarnations.follow(configuration);\n    this.#standing",
    },
    {
      section: 11,
      name: "a member tells its configuration without the incarnations that it knows",
      find: "incarnations: this.incarnations.all };",
      replace: "incarnations: [] };",
    },
    {
      section: 11,
      name: "the incarnations of former members are not copied",
      find: "this.incarnations.raiseAll(known);\n    this.incarnations.raise(this.#self",
      replace:
        "this.incarnations.raiseAll(known.slice(0, this.configuration.members.length));\n    this.incarnations.raise(this.#self",
    },
  ]),
  ...mutationsOf("lib/paxos/incarnations.ts", ["tests/paxos/incarnations_test.ts"], [
    {
      section: 11,
      name: "of a former member that is not known by itself any more nothing is known",
      find: "return this.#lives.get(id) ?? this.#others;",
      replace: 'return this.#lives.get(id) ?? "";',
    },
    {
      section: 11,
      name: "former members are known one by one for ever",
      find: "if (former.length > MAX_FORMER) {",
      replace: "if (false) {",
    },
    {
      section: 11,
      name: "what stands for all other nodes counts for the members, too",
      find: '?? (isVoice ? "" : this.#others);',
      replace: "?? this.#others;",
    },
    {
      section: 11,
      name:
        "what stands for all other nodes does not count for those that were known by themselves",
      find: "for (const [id, life] of former) if (life <= this.#others) this.#lives.delete(id);",
      replace: "",
    },
    {
      section: 11,
      name: "a disk is not told of a later incarnation of a former member",
      find: "if (isNews) this.#changed();",
      replace: "",
    },
    {
      section: 11,
      name: "what stands for all other nodes is not told",
      find: 'return this.#others === "" ? known : [...known, ["", this.#others]];',
      replace: "return known;",
    },
  ]),
  ...mutationsOf("lib/paxos/change_answers.ts", PLACE, [
    {
      section: 11,
      name: "a member stands for being added",
      find: 'if (place.standing !== "outside") return undefined;',
      replace: "",
    },
    {
      section: 11,
      name: "a node stands in a life that may be an earlier one",
      find: 'return life > request.above ? { type: "standing" } : "changeLife";',
      replace: 'return { type: "standing" };',
    },
    {
      section: 11,
      name: "a node that knows a newer configuration says that it follows an older one",
      find:
        'if (place.judge(header) === "tell") return { type: "newerConfiguration", ...place.news };',
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/voter.ts", PLACE, [{
    section: 11,
    name: "a member forgets registers while the members change",
    find: "if (!this.#isSettled) return { reply: undefined, pushes: [] };",
    replace: "",
  }]),
  ...mutationsOf("lib/paxos/acceptor.ts", ["tests/paxos/inventory_test.ts"], [{
    section: 11,
    name: "registers that are only promised are not swept",
    find: 'return namesPiece(this.#index.after("", after));',
    replace:
      'return namesPiece([...this.#index.after("", after)].filter((id) => this.#entries.get(id)?.accepted));',
  }]),
  ...mutationsOf("lib/paxos/acceptor.ts", PLACE, [{
    section: 11,
    name: "the sweep lowers a floor",
    find: "if (floor > this.#floor) this.#floor = floor;",
    replace: "this.#floor = floor;",
  }]),
  ...mutationsOf("lib/paxos/member_change.ts", CHANGE, [
    {
      section: 11,
      name: "a new member may live in a life that others know",
      find: 'reply.type !== "standing" || incarnation !== null || life <= this.#above',
      replace: 'reply.type !== "standing" || incarnation !== null',
    },
    {
      section: 11,
      name: "a node with a memory is added",
      find: 'reply.type !== "standing" || incarnation !== null || life <= this.#above',
      replace: 'reply.type !== "standing" || life <= this.#above',
    },
    {
      section: 11,
      name: "a member is admitted before it has copied",
      find: 'if (reply.type !== "configured" || !reply.copied || header.epoch !== epoch) return;',
      replace: 'if (reply.type !== "configured" || header.epoch !== epoch) return;',
    },
    {
      section: 11,
      name: "a copy under another configuration admits a member",
      find: 'if (reply.type !== "configured" || !reply.copied || header.epoch !== epoch) return;',
      replace: 'if (reply.type !== "configured" || !reply.copied) return;',
    },
    {
      section: 11,
      name: "a member is admitted in another life",
      find: "if (header.life !== joining.life) return this.abandon();",
      replace: "",
    },
    {
      section: 11,
      name: "a member is removed though those that stay are too few",
      find: "return voters.filter((id) => id !== change.remove);",
      replace: "return voters;",
    },
    {
      section: 11,
      name: "a change is settled before all registers are rewritten",
      find: 'if (this.#phase !== "rewriting" || this.#toRewrite.size > 0) return;',
      replace: 'if (this.#phase !== "rewriting") return;',
    },
    {
      section: 11,
      name: "a change goes on from a configuration that it has not made",
      find: 'if (!isNext) return this.#end("overtaken");',
      replace: "",
    },
    {
      section: 11,
      name: "a change is overtaken by another node that settles it",
      find: "return own.joining === null ? [settledOf(own)]",
      replace: "return own.joining === null ? []",
    },
    {
      section: 11,
      name: "a change of a cluster that has as many members as it may have begins",
      find: 'if (change !== null && "add" in change && isFull) this.#end("tooMany");',
      replace: "",
    },
    {
      section: 11,
      name: "a change is settled by a clock that is behind",
      find: "if (now - this.#spreadAt < maxTtl / OWNER_SHARE + clockError()) return;",
      replace: "if (now - this.#spreadAt < maxTtl / OWNER_SHARE) return;",
    },
    {
      section: 11,
      name: "a change spreads a configuration without the incarnations that it knows",
      find: "const incarnations = this.#options.incarnations();",
      replace: "const incarnations: [] = [];",
    },
    {
      section: 11,
      name: "a change begins before the last one is settled",
      find: "configuration.settled === (change !== null),",
      replace: "true,",
    },
  ]),
  ...mutationsOf("lib/codec/frame.ts", ["tests/codec/frame_test.ts"], [{
    section: 11,
    name: "a frame does not say that its sender's configuration is not settled",
    find: "2 * epoch + (unsettled === true ? 1 : 0),",
    replace: "2 * epoch,",
  }]),
  ...mutationsOf("lib/codec/genesis.ts", ["tests/codec/genesis_test.ts"], [{
    section: 11,
    name: "a full cluster that a node joins understands no frame",
    find: "from.list(field, MAX_VOICES,",
    replace: "from.list(field, MAX_MEMBERS,",
  }]),
  ...mutationsOf("lib/codec/configuration_messages.ts", CODEC, [
    {
      section: 11,
      name: "a configuration without members is believed",
      find: 'if (configuration.members.length === 0) refuse("a configuration without members");',
      replace: "",
    },
    {
      section: 11,
      name: "frames with configurations may become too long",
      find: "return MESSAGE_BYTES * (configuration.members.length + 2 + incarnations.length);",
      replace: "return MESSAGE_BYTES * (configuration.members.length + 2);",
    },
  ]),
  ...mutationsOf("lib/node/engine/admission.ts", ["tests/node/engine/admission_test.ts"], [{
    section: 11,
    name: "a node that is not in the list yet cannot be added",
    find: '  ...["configured", "newerConfiguration", "unknownEpoch", "standing"] as const,',
    replace: "",
  }]),
  ...mutationsOf("lib/paxos/inventory.ts", CHANGE, [{
    section: 11,
    name: "pieces from two incarnations make one list",
    find: "if (listing.incarnation !== null && listing.incarnation !== sender.incarnation) {",
    replace: "if (false) {",
  }]),
  ...mutationsOf("lib/paxos/recovery.ts", ["tests/paxos/recovery_test.ts"], [
    {
      section: 11,
      name: "answers of another epoch count for a recovery",
      find: "if (header.epoch !== configuration.epoch) return { ask: [] };",
      replace: "",
    },
    {
      section: 11,
      name: "one of two members comes back while a third may have decided with it",
      find: "if (!this.#isCovered(memory))",
      replace: "if (false)",
    },
    {
      section: 11,
      name: "a node that joins waits for its turn, and takes another life",
      find: "this.#announced = options.configuration.joining?.id === options.self;",
      replace: "this.#announced = false;",
    },
    {
      section: 11,
      name: "one that was alone in the list before waits for that list, though it counts no more",
      find: "this.#isSwept ? shares.slice(0, 1) : shares",
      replace: "shares",
    },
    {
      section: 11,
      name: "a member is not asked again whether the list is settled",
      find: "this.#maySettle || !this.#known.has(member)",
      replace: "!this.#known.has(member)",
    },
    {
      section: 11,
      name: "a member tells that the list is settled, and has not accepted that",
      find: "return settles(readConfiguration(accepted), configuration);",
      replace: "return true;",
    },
    {
      section: 11,
      name: "copies that may lack what a disk has are waited for without a word",
      find: "return UNCOVERED;",
      replace: "return { ask: [] };",
    },
    {
      section: 11,
      name: "a disk is taken though a node of a later list may remember more",
      find: "if (this.#witnesses(memory)!.of.length > 0) return { ask: [] };",
      replace: "",
    },
    {
      section: 11,
      name: "a node that joins answers from its disk, and another process of it does",
      find: "reply.last !== null && header.genesis === null",
      replace: "reply.last !== null",
    },
    {
      section: 11,
      name: "an earlier process of a node that joins says that it has lost its memory",
      find: "header.life > joining.life",
      replace: "header.life !== joining.life",
    },
    {
      section: 11,
      name: "a node that joins says under another configuration that it has lost its memory",
      find: "header.genesis === genesis && header.epoch === epoch;",
      replace: "true;",
    },
    {
      section: 11,
      name: "a disk is taken before the others have told what they remember",
      find: "isLost && this.#copies.reached ?",
      replace: "isLost ?",
    },
  ]),
  ...mutationsOf("lib/paxos/giving_up.ts", ["tests/paxos/giving_up_test.ts"], [
    {
      section: 11,
      name: "a member gives up by one of two lists only",
      find: "listsIn(configuration).some(",
      replace: "listsIn(configuration).slice(0, 1).some(",
    },
  ]),
  ...mutationsOf("lib/paxos/configuration.ts", ["tests/paxos/recovery_test.ts"], [
    {
      section: 11,
      name: "an accept of another epoch says that the list is settled",
      find: "sameConfiguration(accepted, settledOf(configuration))",
      replace:
        "sameConfiguration({ ...accepted, epoch: configuration.epoch }, settledOf(configuration))",
    },
    {
      section: 11,
      name: "an accept of an unsettled list says that it is settled",
      find: "sameConfiguration(accepted, settledOf(configuration))",
      replace: "sameConfiguration({ ...accepted, settled: true }, settledOf(configuration))",
    },
    {
      section: 11,
      name: "an accept that an admission is undone says that it is settled",
      find: "sameConfiguration(accepted, settledOf(configuration))",
      replace: "accepted.settled && accepted.epoch === configuration.epoch",
    },
  ]),
  ...mutationsOf("lib/node/membership/giving_up_watch.ts", [
    "tests/members/first_of_two_test.ts",
  ], [
    {
      section: 11,
      name: "the second of two gives up what only the list before cannot give back",
      find: "hasSettled(engine.voter, known, readConfiguration) ? settledOf(known) : known",
      replace: "known",
    },
    {
      section: 11,
      name:
        "the second of two gives up by a count that it began before it accepted that it is settled",
      find: "lost === undefined || sameConfiguration(lost.configuration, this.#counted)",
      replace: "true",
    },
  ]),
  ...mutationsOf("lib/paxos/configuration.ts", ["tests/paxos/configuration_test.ts"], [
    {
      section: 11,
      name: "a configuration that names another node counts as the same",
      find: "sameNames(listOf(a.joining), listOf(b.joining)) &&",
      replace: "",
    },
    {
      section: 11,
      name: "more members are added than a vector has entries for",
      find:
        "assertInvariant(before.members.length < MAX_MEMBERS, `a cluster has at most ${MAX_MEMBERS} members`);",
      replace: "",
    },
    {
      section: 11,
      name: "replies of another epoch count",
      find: "incarnation === null || header.epoch !== configuration.epoch",
      replace: "incarnation === null",
    },
    {
      section: 11,
      name: "a recovery needs the members of one list only",
      find: "if (!configuration.settled) lists.push(votersBefore(configuration));",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/proposals.ts", CHANGED, [
    {
      section: 11,
      name: "a promise of the members of before is used",
      find: "engine.attempts.bind(() => this.#kept.clear());",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/watches.ts", CHANGED, [
    {
      section: 3,
      name: "a promise that is handed on in one epoch is taken in another",
      find:
        "const sender = this.#engine.sender(from, header);\n      if (sender === undefined) return;",
      replace:
        "const { epoch } = this.#engine.configuration;\n      const sender = this.#engine.sender(from, { ...header, epoch });\n      if (sender === undefined) return;",
    },
  ]),
  ...mutationsOf("lib/node/quorum/round_options.ts", CHANGED, [
    {
      section: 3,
      name: "a proposal goes on in the life in which it began",
      find: "return this.#node.life;",
      replace: "return (this as unknown as { first?: Life }).first ??= this.#node.life;",
    },
  ]),
  ...mutationsOf("lib/node/quorum/register_proposals.ts", CHANGED, [
    {
      section: 3,
      name: "a new life uses a promise that was made to the one before",
      find: "usable(last, this.#engine.life, held)",
      replace: "last",
    },
    {
      section: 11,
      name: "a proposal goes on with the members of before",
      find: "proposer.follow(this.#engine.members);",
      replace: "",
    },
    {
      section: 11,
      name: "a proposal counts promises of two configurations",
      find: "    this.#stopAsking();\n    this.#start();\n  };",
      replace: "  };",
    },
    {
      section: 11,
      name: "a change of the configuration is made for another one than its own",
      find: "if (isConfiguration(this.#register)) return this.#overtaken();",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/poll.ts", CHANGED, [
    {
      section: 11,
      name: "answers of two configurations count together",
      find: "    options = question(engine.members);\n    if (isAsked)",
      replace: "    if (isAsked)",
    },
    {
      section: 11,
      name: "a question does not reach members that are new",
      find: "    if (isAsked) ask(0);\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/queries.ts", CHANGED, [
    {
      section: 11,
      name: "lists of two configurations count together",
      find: "          resolve(null);\n          aborter.abort(LISTED);\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/node_session.ts", CHANGED, [
    {
      section: 11,
      name: "a session is not renewed at new members",
      find: "engine.attempts.bind(() => this.#follow());",
      replace: "",
    },
    {
      section: 11,
      name: "renewals count members that are none",
      find: "tally: () => new Tally<true>(this.#engine.members),",
      replace: "tally: () => new Tally<true>(this.#engine.settings.members),",
    },
  ]),
  ...mutationsOf("lib/node/quorum/watches.ts", CHANGED, [
    {
      section: 11,
      name: "a watch does not follow the members",
      find: "for (const watched of this.#watched.values()) watched.follow();",
      replace: "",
    },
    {
      section: 11,
      name: "a watch goes back when the members change",
      find: "this.#learner.learn(this.#last.ballot);",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/life_watch.ts", CHANGED, [
    {
      section: 11,
      name: "lives are watched at members of before",
      find: "engine.attempts.bind(() => this.#follow());",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/tombstone_collector.ts", CHANGED, [
    {
      section: 11,
      name: "a release that the members of before have accepted is forgotten",
      find: "engine.attempts.bind(() => this.#abandon());",
      replace: "",
    },
    {
      section: 11,
      name: "a release is forgotten while the members change",
      find: "if (this.#stopped || !configuration.settled) return",
      replace: "if (this.#stopped) return",
    },
  ]),
  ...mutationsOf("lib/node/engine/engine.ts", CHANGED, [
    {
      section: 11,
      name: "a request of one epoch leaves under the header of another",
      find: "if (isNews) this.#outbox.leave();",
      replace: "",
    },
    {
      section: 11,
      name: "what was asked under the list that a node was given goes on under that list",
      find: "if (this.#view.binding !== before) this.attempts.beginAgain();",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/engine/dispatcher.ts", DISPATCHER, [
    {
      section: 11,
      name: "a member serves requests of another epoch",
      find: '        return true;\n      case "membership":',
      replace: '        return false;\n      case "membership":',
    },
    {
      section: 11,
      name: "each request of a frame is answered with the configuration",
      find: "if (!isTold) this.#tellEpoch(from, header, request);",
      replace: "this.#tellEpoch(from, header, request);",
    },
    {
      section: 11,
      name: "a node does not follow the configuration that it is told",
      find: 'if (reply.type === "newerConfiguration") learn(reply);',
      replace: "",
    },
    {
      section: 11,
      name: "a node that does not know an epoch is not told",
      find: 'if (reply.type !== "unknownEpoch" || view.place === null) return;',
      replace: "return;",
    },
    {
      section: 11,
      name: "the configuration of another cluster is followed",
      find: "if (header.genesis === view.record?.id) this.#followEpoch(from, reply);",
      replace: "this.#followEpoch(from, reply);",
    },
    {
      section: 11,
      name: "a configuration of another cluster is taken from a request",
      find:
        'if (!sameGenesis || view.record === null) return;\n        if (request.type === "configure")',
      replace: 'if (request.type === "configure")',
    },
  ]),
  ...mutationsOf("lib/node/engine/dispatcher.ts", ["tests/members/closing_test.ts"], [
    {
      section: 11,
      name: "a member that closes answers when it is about to be the only one",
      find: "        if (this.#wouldBeLost(request)) return;\n",
      replace: "",
    },
    {
      section: 11,
      name: "a member that closes votes for being the only one",
      find: " || this.#wouldBeLost(request)) return;",
      replace: ") return;",
    },
    {
      section: 11,
      name: "a member that does not close refuses to be the only one",
      find: "if (handlers.isClosing?.() !== true || place === null) return false;",
      replace: "if (place === null) return false;",
    },
  ]),
  ...mutationsOf("lib/cluster/lifecycle.ts", ["tests/members/closing_test.ts"], [
    {
      section: 11,
      name: "a member closes only once its last operations have ended",
      find: "    return this.#closed !== undefined;\n",
      replace: "    return this.closing.aborted;\n",
    },
  ]),
  ...mutationsOf("lib/node/engine/last_member.ts", ["tests/members/closing_test.ts"], [
    {
      section: 11,
      name: "a member that closes is in the way of a node that is added",
      find: "return voters.includes(request.node);",
      replace: "return true;",
    },
    {
      section: 11,
      name: "a member that closes does not settle that it is the only one",
      find: "if (voters.length !== 2) return false;",
      replace: "if (voters.length > 2) return false;",
    },
    {
      section: 11,
      name: "a member that closes is in the way of each removal",
      find: "if (voters.length !== 2) return false;",
      replace: "if (voters.length === 1) return false;",
    },
    {
      section: 11,
      name: "a member that closes votes for no list of members",
      find: "next !== null && votersOf(next).every((id) => id === self)",
      replace: "next !== null",
    },
  ]),
  ...mutationsOf("lib/node/engine/dispatcher.ts", CHANGED, [
    {
      section: 11,
      name: "what a member did not serve is not asked again behind the configuration",
      find: "handlers.behind?.();",
      replace: "",
    },
    {
      section: 11,
      name: "a member that asks for a configuration again and again has all asked again each time",
      find: "if (members.has(from)) return;",
      replace: "",
    },
    {
      section: 11,
      name: "a member that has asked for one configuration is not asked again behind the next",
      find: "if (this.#told?.configuration !== configuration) {",
      replace: "if (this.#told === null) {",
    },
  ]),
  ...mutationsOf("lib/cluster/wiring.ts", ["tests/cluster/changing_members_test.ts"], [
    {
      section: 11,
      name: "a node does not ask again behind the configuration",
      find: "behind: () => core.askAgain(),",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/proposer.ts", CHANGED, [
    {
      section: 3,
      name: "a state is decided in an earlier life of the node",
      find: 'if (this.#ballot.life !== this.#options.life) return { do: "restart" };',
      replace: "",
    },
    {
      section: 3,
      name: "a ballot of an earlier life of the node is that of a rival",
      find: "if (compareBallots(promised, this.#ballot) === 0) {",
      replace:
        "if (compareBallots(promised, { ...this.#ballot, life: this.#options.life }) === 0) {",
    },
  ]),
  ...mutationsOf("lib/node/engine/cluster_view.ts", DISPATCHER, [
    {
      section: 11,
      name: "a client does not tell that a configuration is settled",
      find: "const isVoice = this.isVoice(from);",
      replace: "const isVoice = this.isVoice(from);\n    if (!isVoice) return;",
    },
  ]),
  ...mutationsOf("lib/paxos/genesis.ts", ["tests/paxos/genesis_test.ts"], [
    {
      section: 11,
      name: "a node that is in no list counts as blank",
      find: 'return this.#state !== "blank" && this.#state !== "recovering";',
      replace: 'return this.#state === "operational";',
    },
    {
      section: 11,
      name: "a blank member adopts a later configuration",
      find: "if (present.epoch === 0 && lifeIn(present, self) === life && !isOver) {",
      replace: "if (lifeIn(present, self) === life && !isOver) {",
    },
    {
      section: 11,
      name: "a member that recovers compares its list",
      find: 'if (this.#state === "recovering") return {};',
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/giving_up.ts", ["tests/paxos/giving_up_test.ts"], [
    {
      section: 11,
      name: "a member that remembers another list counts as lost",
      find: 'if (type === "record" || (type',
      replace: 'if ((type === "record" && sameMembers(reply.members, members)) || (type',
    },
  ]),
  ...mutationsOf("lib/paxos/record_query.ts", ["tests/paxos/record_query_test.ts"], [
    {
      section: 11,
      name: "a client believes the members of an old list",
      find: "if (isNewer(other.configuration, configuration)) ({ configuration } = other);",
      replace: "",
    },
    {
      section: 11,
      name: "a client does not ask the members that it is told of",
      find: "for (const voter of voters) this.#askable.add(voter);",
      replace: "",
    },
    {
      section: 11,
      name: "a member without a memory waits for its own answer",
      find: "const others = list.filter((id) => id !== this.#without);",
      replace: "const others = list;",
    },
  ]),
  ...mutationsOf("lib/node/membership/running_change.ts", [
    "tests/node/membership/member_changes_test.ts",
  ], [
    {
      section: 11,
      name: "a node that joins is waited for without end",
      find: "if (this.#isJoiningLost(now)) change.abandon();",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/list_mismatch.ts", [
    "tests/node/membership/list_mismatch_test.ts",
  ], [
    {
      section: 7,
      name: "another list that was told once ends a start much later",
      find: "if (now - this.#latest >= FORGOTTEN) this.#since = null;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/member_changes.ts", [
    "tests/node/membership/member_changes_test.ts",
  ], [
    {
      section: 11,
      name: "a member looks for a configuration that it has not learned of several times at once",
      find: "if (lasts && !this.#isLearning)",
      replace: "if (lasts)",
    },
  ]),
  ...mutationsOf("lib/node/membership/member_changes.ts", ["tests/members/new_genesis_test.ts"], [
    {
      section: 11,
      name: "a change that was begun goes on under the next genesis",
      find:
        "for (const running of [...this.#running]) running.stop();\n    this.#unlearned = null;",
      replace: "this.#unlearned = null;",
    },
  ]),
  ...mutationsOf("lib/node/membership/member_answers.ts", ["tests/members/never_copies_test.ts"], [
    {
      section: 11,
      name: "a node that joins and never copies is waited for without end",
      find: 'if (place.standing === "joins" && !place.hasCopied && comeback.isStuck) return;',
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/membership.ts", ["tests/cluster/outsiders_test.ts"], [
    {
      section: 11,
      name: "a node that is no member replaces the configuration",
      find: "header.genesis === record?.id && !isOutsider) {",
      replace: "header.genesis === record?.id) {",
    },
  ]),
  ...mutationsOf("lib/node/engine/engine.ts", ["tests/recovery/other_genesis_test.ts"], [
    {
      section: 7,
      name: "what was decided under one genesis leaves in frames of the next",
      find: "    this.#outbox.leave();\n    this.#view.enter(...told);",
      replace: "    this.#view.enter(...told);",
    },
  ]),
  ...mutationsOf("lib/node/membership/running_change.ts", [
    "tests/cluster/changing_members_test.ts",
  ], [
    {
      section: 11,
      name: "the configuration is written without a comparison",
      find: "const next = current && replaceConfiguration(current, from, to);",
      replace: "const next = current && to;",
      tests: ["tests/node/membership/running_change_test.ts"],
    },
    {
      section: 11,
      name: "a change counts as overtaken by one of its own node that was made with it",
      find: "if (sameConfiguration(result, this.#change.configuration)) return;",
      replace: "",
      tests: ["tests/node/membership/running_change_test.ts"],
    },
    {
      section: 11,
      name: "a change waits without end for members that do not answer",
      find: "return now - this.#progressAt >= this.#patience;",
      replace: "return false;",
    },
  ]),
  ...mutationsOf("lib/node/membership/member_changes.ts", [
    "tests/node/membership/member_changes_test.ts",
  ], [
    {
      section: 11,
      name: "no node finishes what a caller has left half-way",
      find: "      () => this.#finish(),\n",
      replace: "      () => {},\n",
    },
  ]),
  ...mutationsOf("lib/node/membership/member_answers.ts", [
    "tests/members/coming_back_test.ts",
  ], [
    {
      section: 11,
      name: "a member that is added again keeps what it owned in another life",
      find: "    events.reborn();\n",
      replace: "",
    },
    {
      section: 11,
      name: "a node that closes takes a life to be added",
      find: 'if (request.type === "stand" && storage.isStopped) return;',
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/membership.ts", ["tests/members/coming_back_test.ts"], [
    {
      section: 11,
      name: "a node that joins copies nothing",
      find: '    if (standing === "recovers" || standing === "joins") {',
      replace: '    if (standing === "recovers") {',
    },
  ]),
  ...mutationsOf("lib/gateway/gateway.ts", ["tests/members/guests_test.ts"], [
    {
      section: 11,
      name: "a guest is not told that the members have changed",
      find: "for (const guest of this.#guests.values()) guest.membersChanged();",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/giving_up_watch.ts", ["tests/members/coming_back_test.ts"], [
    {
      section: 11,
      name: "members tell former members nothing of the cluster",
      find: "if (voter !== null) voting();",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/engine/cluster_view.ts", ["tests/members/growing_test.ts"], [
    {
      section: 11,
      name: "a node that joins is not let copy",
      find: "return this.#voices.includes(node);",
      replace: "return this.#members.includes(node);",
    },
  ]),
  ...mutationsOf("lib/cluster/changing_members.ts", ["tests/cluster/changing_members_test.ts"], [
    {
      section: 11,
      name: "two callers change the members to and fro",
      find: "      this.#refuseOthers(configuration);\n",
      replace: "",
    },
    {
      section: 11,
      name: "nodes to be added are asked one after the other",
      find: "      if (isFirst) await this.#checkNewcomers();\n",
      replace: "",
    },
    {
      section: 11,
      name: "the members change though no clients are let in",
      find: "if (core.record?.clients === false) {",
      replace: "if (false) {",
    },
  ]),
  ...mutationsOf("lib/cluster/changing_members.ts", ["tests/members/unknown_genesis_test.ts"], [
    {
      section: 11,
      name: "a caller takes the list that it knows for the one that it has read",
      find: "      if (chosen !== null) core.engine.learn(chosen);\n",
      replace: "",
    },
    {
      section: 11,
      name: "a caller that leaves its genesis takes the list of its options for the present one",
      find: "if (found === undefined || core.record === null || this.#operation.ended) continue;",
      replace: "if (found === undefined || this.#operation.ended) continue;",
    },
    {
      section: 11,
      name: "a caller follows the list of one genesis under the next one",
      find: "if (found === undefined || core.record === null || this.#operation.ended) continue;",
      replace: "if (found === undefined || core.record === null) continue;",
    },
  ]),
  ...mutationsOf("lib/cluster/changing_members.ts", [
    "tests/node/membership/member_changes_test.ts",
  ], [
    {
      section: 11,
      name: "members that do not answer are removed last",
      find: "      if (silent !== undefined) return { remove: silent.id };\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/cluster/lifecycle.ts", ["tests/members/coming_back_test.ts"], [
    {
      section: 11,
      name: "a node that waits to be added acts as a client",
      find: "if (!this.hasToBeMember) this.#parts.core.session.begin();",
      replace: "this.#parts.core.session.begin();",
    },
    {
      section: 11,
      name: "a member that was removed waits to be added",
      find: "return this.#parts.membership.founds && !this.#wasMember;",
      replace: "return this.#parts.membership.founds;",
      tests: ["tests/cluster/status_test.ts"],
    },
  ]),
  ...mutationsOf("lib/paxos/voter.ts", ["tests/paxos/voter_test.ts"], [
    {
      section: 11,
      name: "a client has full members promise more by its sweep",
      find: '      case "prepare":\n      case "accept":\n        if',
      replace: '      case "accept":\n        if',
    },
  ]),
  ...mutationsOf("lib/paxos/room.ts", ["tests/paxos/voter_test.ts"], [
    {
      section: 11,
      name: "a full member takes no part in a sweep",
      find: "    if (sweep) return true;\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/housekeeper.ts", ["tests/node/quorum/housekeeper_test.ts"], [
    {
      section: 11,
      name: "releases are swept while the members change",
      find: "return this.#parts.engine.configuration.settled;",
      replace: "return true;",
    },
  ]),
];
