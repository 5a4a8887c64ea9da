import { type Mutation, mutationsOf } from "./mutation.ts";

/** Section 8: ended values are sealed and forgotten without a request, and capacity is bounded. */
export const HOUSEKEEPING: readonly Mutation[] = [
  ...mutationsOf("lib/node/quorum/round_options.ts", ["tests/housekeeping/reserve_test.ts"], [
    {
      section: 8,
      name: "reserve: used only if all changes of a round may use it",
      find: "return this.#round.some(usesReserve);",
      replace: "return this.#round.every(usesReserve);",
    },
  ]),
  ...mutationsOf("lib/node/quorum/waiting_change.ts", ["tests/node/quorum/no_room_test.ts"], [
    {
      section: 8,
      name: "full: a change that may still take effect ends so",
      find: "if (wrote || full !== undefined) return wrote ? undefined : full;",
      replace: "if (full !== undefined) return full;",
    },
    {
      section: 8,
      name: "full: not reported while another member is away",
      find: "if (shortage === undefined || usesReserve(change)) return undefined;",
      replace: "if (shortage !== null) return undefined;",
    },
    {
      section: 8,
      name: "full: reported for a sweep",
      find: "if (shortage === undefined || usesReserve(change)) return undefined;",
      replace: "if (shortage === undefined || change.options.reserve) return undefined;",
      tests: ["tests/node/quorum/waiting_change_test.ts"],
    },
    {
      section: 8,
      name: "full: a sweep waits for the reserve",
      find: "if (options.sweep === true) return 0;",
      replace: "if (options.sweep === true) return 1;",
      tests: ["tests/node/quorum/waiting_change_test.ts"],
    },
  ]),
  ...mutationsOf("lib/node/quorum/room_waits.ts", ["tests/housekeeping/full_test.ts"], [
    {
      section: 8,
      name: "full is reported while room is being made",
      find: "return tidying\n      ?",
      replace: "return tidying && now < 0\n      ?",
    },
    {
      section: 8,
      name: "full does not name the members that released keys wait for",
      find: "change.full = noRoom(missing);",
      replace: "change.full = noRoom([]);",
    },
    {
      section: 8,
      name: "full: each refusal restarts the wait for room",
      find: "if (isFirst) change.fullSince = now;",
      replace: "change.fullSince = now;",
      tests: ["tests/node/quorum/room_waits_test.ts"],
    },
    {
      section: 8,
      name: "full: where round trips are long, each refusal restarts the wait for room",
      find: "change.full === undefined && now -",
      replace: "now -",
      tests: ["tests/node/quorum/room_waits_test.ts"],
    },
    {
      section: 8,
      name: "full: a silence is part of the wait for room",
      find: "if (isFirst) change.fullSince = now;",
      replace: "change.fullSince ??= now;",
      tests: ["tests/node/quorum/no_room_test.ts"],
    },
  ]),
  ...mutationsOf("lib/paxos/acceptor.ts", ["tests/paxos/acceptor_test.ts"], [
    {
      section: 8,
      name: "a value is accepted without room for its register",
      find: "if (isNew && this.isFull(register, state)) return only(this.#room.full());",
      replace: "",
    },
    {
      section: 8,
      name: "a tombstone is refused for lack of room",
      find: "const isNew = state.present && held",
      replace: "const isNew = held",
    },
    {
      section: 8,
      name: "an update of a held register is refused for lack of room",
      find: "held === undefined && request.sweep !== true;",
      replace: "request.sweep !== true;",
    },
    {
      section: 8,
      name: "a sweep is refused for lack of room",
      find: "held === undefined && request.sweep !== true;",
      replace: "held === undefined;",
    },
    {
      section: 8,
      name: "the bytes of a forgotten register still count",
      find: "    this.#room.tally(register, entry.accepted?.state ?? null, undefined);\n",
      replace: "",
    },
    {
      section: 8,
      name: "the bytes of a copied register do not count",
      find: "      this.#room.tally(register, undefined, accepted?.state ?? null);\n",
      replace: "",
    },
    {
      section: 8,
      name: "a copied register is not tended",
      find: "      this.endings.replace(register, null, accepted?.state ?? null);\n",
      replace: "",
      tests: ["tests/paxos/endings_test.ts"],
    },
    {
      section: 8,
      name: "an accepted register is not tended",
      find: "    this.endings.replace(register, before, state);\n",
      replace: "",
      tests: ["tests/paxos/endings_test.ts"],
    },
  ]),
  ...mutationsOf("lib/paxos/endings.ts", ["tests/paxos/endings_test.ts"], [
    {
      section: 8,
      name: "times are rounded down, so that values end early",
      find: "return Math.ceil(time / UNTIL_GRAIN) * UNTIL_GRAIN;",
      replace: "return Math.floor(time / UNTIL_GRAIN) * UNTIL_GRAIN;",
    },
    {
      section: 8,
      name: "the end of an overwritten value is still awaited",
      find: "    if (before?.present) this.#leave(register, before);\n",
      replace: "",
    },
    {
      section: 8,
      name: "what was found out about a session is forgotten when its only value is written again",
      find:
        "    for (const session of owners) this.#sessions.get(session)?.registers.delete(register);",
      replace: `    for (const session of owners) {
      this.#sessions.get(session)?.registers.delete(register);
      if (this.#sessions.get(session)?.registers.size === 0) this.#sessions.delete(session);
    }`,
      tests: ["tests/paxos/endings_test.ts"],
    },
    {
      section: 8,
      name: "a member that is asked again and again does not find out that a session has ended",
      find:
        "    for (const session of owners) this.#sessions.get(session)?.registers.delete(register);",
      replace: `    for (const session of owners) {
      this.#sessions.get(session)?.registers.delete(register);
      if (this.#sessions.get(session)?.registers.size === 0) this.#sessions.delete(session);
    }`,
      tests: ["tests/kv/polled_claim_test.ts"],
    },
    {
      section: 8,
      name: "a value does not notice that the key it is bound to has gone",
      find:
        "    if (bound !== undefined) { for (const ending of bound.values()) this.#classify(ending); }\n",
      replace: "",
    },
    {
      section: 8,
      name: "a key with another token counts as the same key",
      find: "if (state?.present && state.token === token) {",
      replace: "if (state?.present) {",
    },
    {
      section: 8,
      name: "an earlier time does not move the timer",
      find: "      if (isFirst) this.#listener(false);\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/member_clocks.ts", ["tests/paxos/member_clocks_test.ts"], [
    {
      section: 8,
      name: "one fast clock is enough to end a value",
      find: "return times[majority(this.#members.length) - 1] ?? -Infinity;",
      replace: "return times[0] ?? -Infinity;",
      tests: ["tests/paxos/member_clocks_test.ts", "tests/node/quorum/housekeeper_test.ts"],
    },
    {
      section: 8,
      name: "a majority of the known clocks is enough",
      find: "return times[majority(this.#members.length) - 1] ?? -Infinity;",
      replace: "return times[majority(times.length) - 1] ?? -Infinity;",
    },
    {
      section: 8,
      name: "the clocks of clients count",
      find: "if (this.#members.includes(node)) this.#told",
      replace: "this.#told",
    },
    {
      section: 8,
      name: "the clock of a silent member counts forever",
      find: "now - told.at < told.ttl;",
      replace: "now >= told.at;",
    },
  ]),
  ...mutationsOf("lib/paxos/voter.ts", ["tests/paxos/voter_test.ts"], [
    {
      section: 8,
      name: "a client exceeds the bounds of a member",
      find: "if (request.sweep === true && !this.#members.includes(from.node)) {",
      replace: "if (request.sweep === true && from.node.length === 0) {",
    },
    {
      section: 8,
      name: "the clocks of members are not heard",
      find: "        this.clocks.tell(from.node, request.wall, request.ttl, now);\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/kv_register.ts", ["tests/paxos/kv_register_test.ts"], [
    {
      section: 8,
      name: "a value that ends later is sealed with an ended one",
      find: 'return binding.kind === "until" && binding.time <= cause.time;',
      replace: 'return binding.kind === "until";',
    },
    {
      section: 8,
      name: "a value bound to the next value of a key is sealed with one bound to the last value",
      find: "          binding.token === cause.token;",
      replace: "          binding.token > 0;",
    },
    {
      section: 8,
      name: "a value of another session is sealed with that of an ended one",
      find: '(binding.kind === "node" && binding.session === cause.session) ||',
      replace: '(binding.kind === "node") ||',
    },
  ]),
  ...mutationsOf("lib/node/quorum/housekeeper.ts", ["tests/node/quorum/housekeeper_test.ts"], [
    {
      section: 8,
      name: "a full member does not see what has ended since the last grain",
      find: "acceptor.endings.next - UNTIL_GRAIN < this.#parts",
      replace: "acceptor.endings.next <= this.#parts",
      tests: ["tests/housekeeping/full_test.ts"],
    },
    {
      section: 8,
      name: "members that missed a tombstone are left out",
      find:
        "mustWrite: true, sweep: true };\n    await this.#parts.proposals.change(register, identity,",
      replace: "sweep: true };\n    await this.#parts.proposals.change(register, identity,",
    },
    {
      section: 8,
      name: "a member seals by the clocks of others alone",
      find: "      this.#parts.engine.runtime.wallNow(),\n      this.#voter",
      replace: "      Infinity,\n      this.#voter",
    },
    {
      section: 8,
      name: "a member seals by its own clock alone",
      find: "      this.#voter?.clocks.passed(this.#now) ?? -Infinity,\n",
      replace: "",
    },
    {
      section: 8,
      name: "tombstones are swept while a member is away",
      find: "possible: () => this.#mayForget && voter.clocks.missing(this.#now).length === 0,",
      replace: "possible: () => this.#mayForget,",
    },
    {
      section: 8,
      name: "a value is sealed whose owner a majority does not believe dead",
      find: "if (hasEnded) this.#ended.add(ending);\n    if (hasEnded ||",
      replace: "this.#ended.add(ending);\n    if (true ||",
    },
    {
      section: 8,
      name: "housekeeping gives no head start to the nodes that wait for an end",
      find: "return HEAD_START * this.#parts.slowestMember();",
      replace: "return 0;",
      tests: ["tests/locks/hand_over_test.ts"],
    },
  ]),
  ...mutationsOf(
    "lib/node/quorum/register_tasks.ts",
    ["tests/node/quorum/register_tasks_test.ts"],
    [
      {
        section: 8,
        name: "all members begin with the same registers",
        find: "if (this.#before[hash(register) % this.#before.length] > progress.turn) {",
        replace: "if (progress.turn < 0) {",
      },
      {
        section: 8,
        name: "a member does not take over work that another member leaves undone",
        find: "      progress.turn++;\n",
        replace: "",
      },
      {
        section: 8,
        name: "members that are down keep their share of the work",
        find: "if (isPresent[at]) before++;",
        replace: "before++;",
      },
      {
        section: 8,
        name: "all registers are started in one turn",
        find: "if (begun >= BEGUN_AT_ONCE || looked >= LOOKED_AT_ONCE) return",
        replace: "if (begun >= Infinity) return",
      },
      {
        section: 8,
        name: "the number of registers in work has no bound",
        find: "if (this.#underWay.size >= UNDER_WAY) return;",
        replace: "",
      },
    ],
  ),
  ...mutationsOf("lib/paxos/register.ts", ["tests/paxos/register_test.ts"], [
    {
      section: 8,
      name: "each register of the kind of the configuration always has room",
      find: "return register === CONFIGURATION;",
      replace: 'return register.startsWith("c");',
    },
  ]),
  ...mutationsOf("lib/paxos/room.ts", ["tests/paxos/acceptor_test.ts"], [
    {
      section: 8,
      name: "the configuration is refused for lack of room",
      find: "    if (isConfiguration(register)) return false;\n",
      replace: "",
    },
    {
      section: 8,
      name: "the bytes of values have no bound",
      find: "return !hasRoom(this.#options, keys, used, size, reserve);",
      replace: "return !hasRoom(this.#options, keys, 0, size, reserve);",
    },
    {
      section: 8,
      name: "reserve: a full member has none",
      find: "if (!isHeld && this.isFull(register, null, keys, reserve)) return false;",
      replace: "if (!isHeld && this.isFull(register, null, keys)) return false;",
    },
    {
      section: 8,
      name: "room: a held register grows without bound",
      find: "if (asksFor > 0 && this.#bytes + others > this.#options.maxBytes) return false;",
      replace: "",
      tests: ["tests/housekeeping/growth_test.ts"],
    },
    {
      section: 8,
      name: "room: what is promised is not reserved",
      find: "    this.#reservedBytes += asksFor;\n",
      replace: "    this.#reservedBytes += 0 * asksFor;\n",
      tests: ["tests/paxos/room_test.ts"],
    },
    {
      section: 8,
      name: "room: what is promised to a new register is not reserved",
      find: "    if (before !== undefined) {\n      this.#free(register);\n",
      replace: "    this.#free(register);\n    if (before !== undefined) {\n",
      tests: ["tests/paxos/room_test.ts"],
    },
    {
      section: 8,
      name: "room: a refusal frees what an earlier promise has reserved",
      find: "    const asksFor = reserve ? 0 : grows;\n",
      replace: "    const asksFor = reserve ? 0 : grows;\n    this.#free(register);\n",
      tests: ["tests/paxos/room_test.ts"],
    },
    {
      section: 8,
      name: "room: what was promised long ago is reserved",
      find: "      if (until > now) return;\n      this.#free(register);\n",
      replace: "      if (until > now) return;\n",
      tests: ["tests/paxos/room_test.ts"],
    },
    {
      section: 8,
      name: "room: full is final though what is reserved is free soon",
      find: "tidying: tidying || this.#reservedBytes > 0",
      replace: "tidying",
      tests: ["tests/paxos/room_test.ts"],
    },
  ]),
  ...mutationsOf("lib/paxos/growth.ts", ["tests/housekeeping/growth_test.ts"], [
    {
      section: 8,
      name: "room: a change adds more than it has asked for",
      find: "if (bytes <= this.#room) return undefined;",
      replace: "if (bytes >= 0) return undefined;",
    },
    {
      section: 8,
      name: "room: each kept promise brings new room",
      find: "room: Math.min(SMALL_GROWTH, this.#room - this.#added(before, state))",
      replace: "room: SMALL_GROWTH",
      tests: ["tests/paxos/growth_test.ts"],
    },
    {
      section: 8,
      name: "room: what adds nothing is refused, too",
      find: '    this.#isNext = true;\n    return { do: "restart" };\n',
      replace: "    return full;\n",
    },
    {
      section: 8,
      name: "reserve: members are not told what may use it",
      find: "if (grows === Infinity) return isReserve ? { ...request, reserve: true } : request;",
      replace: "if (grows === Infinity) return request;",
      tests: ["tests/paxos/proposer_test.ts"],
    },
  ]),
  ...mutationsOf("lib/node/quorum/register_proposals.ts", ["tests/node/quorum/no_room_test.ts"], [
    {
      section: 8,
      name: "full: it is told although members have promised room since",
      find: 'if (step.request.type === "accept") this.#room.over(this.#queue.round);',
      replace: "",
    },
    {
      section: 8,
      name: "full: it is told although members do not answer since",
      find: "if (attempt > 0) this.#room.over(this.#queue.round);",
      replace: "",
    },
    {
      section: 8,
      name: "room: a release ends with the growing change of its round",
      find: "this.#room.met(neediest(queue.round), step",
      replace: "this.#room.met(queue.round, step",
    },
    {
      section: 8,
      name: "room: a release waits with the growing change of its round",
      find: "const isLess = queue.lessen();",
      replace: "const isLess = failed.length > 0 && queue.lessen();",
      tests: ["tests/node/quorum/less_room_test.ts"],
    },
    {
      section: 8,
      name: "room: what waits behind a release ends as if it had asked for none",
      find: "part.full ??= noRoom(missing, silent);",
      replace: "part.full ??= undefined;",
      tests: ["tests/node/quorum/less_room_test.ts"],
    },
    {
      section: 8,
      name: "room: what grows is expected to join a round that takes only what does not",
      find: "return isEarly && this.#queue.takesAll;",
      replace: "return isEarly;",
      tests: ["tests/node/quorum/less_room_test.ts"],
    },
  ]),
  ...mutationsOf("lib/node/quorum/change_queue.ts", ["tests/node/quorum/less_room_test.ts"], [
    {
      section: 8,
      name: "room: the next attempt of a release is refused for what grows again",
      find: "if (needOf(change) <= this.#most) this.#move(change);",
      replace: "this.#move(change);",
    },
    {
      section: 8,
      name: "room: what grows is never proposed again after it has let a release pass",
      find: "    this.#round = [];\n    this.#most = MOST_NEED;\n",
      replace: "    this.#round = [];\n",
    },
    {
      section: 8,
      name: "room: what grows joins a release that has let it behind",
      find: "if (needOf(change) > this.#most) continue;\n",
      replace: "",
      tests: ["tests/node/quorum/change_queue_test.ts"],
    },
    {
      section: 8,
      name: "room: a release that is over goes on before what waits behind it",
      find: "(this.takesAll && this.#waiting.size > 0)",
      replace: "(this.#waiting.size > 0)",
      tests: ["tests/node/quorum/change_queue_test.ts"],
    },
    {
      section: 8,
      name: "room: a sweep waits for the reserve that a release of its round needs",
      find: "const most = mostNeed(this.#round) - 1;",
      replace: "const most = MOST_NEED - 1;",
      tests: ["tests/node/quorum/change_queue_test.ts"],
    },
    {
      section: 8,
      name: "room: what has ended makes others wait",
      find: "[...this.#round, ...this.#waiting].filter(isUnderWay);",
      replace: "[...this.#round, ...this.#waiting];",
      tests: ["tests/node/quorum/change_queue_test.ts"],
    },
  ]),
  ...mutationsOf("lib/paxos/capacity.ts", ["tests/paxos/capacity_test.ts"], [
    {
      section: 8,
      name: "reserve: it has no bound in registers",
      find: "(mayUseReserve ? reservedKeys : 0)",
      replace: "(mayUseReserve ? Infinity : 0)",
    },
    {
      section: 8,
      name: "reserve: it has no bound in bytes",
      find: "(mayUseReserve ? reservedBytes : 0)",
      replace: "(mayUseReserve ? Infinity : 0)",
    },
  ]),
  ...mutationsOf("lib/paxos/proposer.ts", ["tests/paxos/proposer_test.ts"], [
    {
      section: 8,
      name: "a member that found room still counts as full",
      find:
        "      this.#fulls.delete(sender.member);\n      if (this.#promises.add(sender, reply)) return this.#decide();",
      replace: "      if (this.#promises.add(sender, reply)) return this.#decide();",
    },
  ]),
  ...mutationsOf("lib/codec/register_messages.ts", ["tests/codec/register_messages_test.ts"], [
    {
      section: 8,
      name: "reserve: it is lost on the way",
      find: "SWEEP + grows : reserve === true;",
      replace: "SWEEP + grows : false;",
    },
    {
      section: 8,
      name: "room: it is not asked for on the way",
      find: "grows > 0 ? SWEEP + grows : reserve",
      replace: "grows < 0 ? SWEEP + grows : reserve",
    },
  ]),
  ...mutationsOf("lib/node/quorum/register_proposals.ts", ["tests/node/quorum/no_room_test.ts"], [
    {
      section: 8,
      name: "a change that was sent again while it waited at the gate is sent again after its end",
      find:
        "    this.#cancelTimer();\n    this.#cancelTimer = runtime.setTimer(() => {\n      const proposer",
      replace: "    this.#cancelTimer = runtime.setTimer(() => {\n      const proposer",
    },
    {
      section: 8,
      name: "reserve: what may use it waits for what may not",
      find: "if (this.#goOnWithLess(shortage)) return;\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/reads.ts", ["tests/housekeeping/full_member_test.ts"], [
    {
      section: 8,
      name: "reserve: not used by reads",
      find: "{ ...limits, reserve: true }",
      replace: "limits",
    },
  ]),
  ...mutationsOf("lib/node/quorum/register_proposals.ts", [
    "tests/housekeeping/full_member_test.ts",
  ], [
    {
      section: 8,
      name: "changes that lack room and a member keep others from the members",
      find: "between two requests other changes pass the gate.\n      this.#leaveGate();\n",
      replace: "between two requests other changes pass the gate.\n",
    },
  ]),
  ...mutationsOf("lib/node/quorum/housekeeper.ts", ["tests/node/quorum/housekeeper_test.ts"], [
    {
      section: 8,
      name: "what cannot be sealed is tried by more and more tasks",
      find: "let task = this.#seals.get(ending);",
      replace: "let task: RegisterTask | undefined;",
    },
  ]),
  ...mutationsOf(
    "lib/node/quorum/register_proposals.ts",
    ["tests/housekeeping/full_gate_test.ts"],
    [
      {
        section: 8,
        name: "changes that wait for room block other changes",
        find:
          "this.#leaveGate();\n    this.#cancelTimer = this.#engine.runtime.setTimer(\n      () => this.#enterGate(",
        replace: "this.#cancelTimer = this.#engine.runtime.setTimer(\n      () => this.#enterGate(",
      },
    ],
  ),
  ...mutationsOf("lib/kv/present_registers.ts", ["tests/kv/present_registers_test.ts"], [
    {
      section: 8,
      name: "keys() lists values of dead owners",
      find: "if (ended.includes(true)) continue;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/locks/lock_table.ts", ["tests/housekeeping/reserve_test.ts"], [
    {
      section: 8,
      name: "reserve: not used for a lock that is read",
      find: "{ ...limits, reserve: true }",
      replace: "limits",
    },
    {
      section: 8,
      name: "reserve: not used for a lock whose owner has ended",
      find: "{ ...this.#core.limits(), reserve: true }",
      replace: "this.#core.limits()",
    },
  ]),
  ...mutationsOf("lib/owners/tidying.ts", ["tests/housekeeping/reserve_test.ts"], [
    {
      section: 8,
      name: "reserve: not used to settle an unknown write",
      find: "mustWrite: true, reserve: true }",
      replace: "mustWrite: true }",
    },
  ]),
  ...mutationsOf("lib/singletons/finder.ts", ["tests/housekeeping/reserve_test.ts"], [
    {
      section: 8,
      name: "reserve: not used for a singleton whose host has ended",
      find: "{ ...limits, reserve: true }",
      replace: "limits",
    },
  ]),
  ...mutationsOf(
    "lib/node/quorum/register_proposals.ts",
    ["tests/housekeeping/reserve_test.ts"],
    [],
  ),
  ...mutationsOf("lib/locks/lock_table.ts", ["tests/locks/snapshot_test.ts"], [
    {
      section: 8,
      name: "query() lists dead owners and waiters",
      find: "return dropEnded(this.#lockOf(register, state), (session) => ended.has(session));",
      replace: "return dropEnded(this.#lockOf(register, state), () => ended.size < 0);",
    },
  ]),
  ...mutationsOf("lib/paxos/proposer.ts", ["tests/paxos/proposer_test.ts"], [
    {
      section: 8,
      name: "an accept without room is awaited forever",
      find: '      if (reply.type === "full") return this.#nack(sender);\n',
      replace: "",
    },
  ]),
];
