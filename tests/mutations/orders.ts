import { type Mutation, mutationsOf } from "./mutation.ts";

/** Section 9, requests that are handed over, and rivals of section 3. The model has more: see `model/orders.ts`. */
export const ORDERS: readonly Mutation[] = [
  ...mutationsOf("lib/node/quorum/round_options.ts", ["tests/node/quorum/proposals_test.ts"], [
    {
      section: 3,
      name: "a change joins a round and is reported without a write",
      find: "|| part.wrote || part.joined",
      replace: "|| part.wrote",
    },
  ]),
  ...mutationsOf("lib/locks/sent_orders.ts", ["tests/locks/sent_orders_test.ts"], [
    {
      section: 9,
      name: "a request that was handed over counts as one that was not",
      find: "      this.#handedOver.add(ordered);\n",
      replace: "",
    },
    {
      section: 9,
      name: "a request that was handed over counts as not sent",
      find: "      ordered.firstAccept ??= core.clock.counter;\n",
      replace: "",
    },
    {
      section: 9,
      name: "an order without an answer is waited for",
      find: "      this.#do(desk, desk.orders.proposeAll());\n    }, longestOrder(core.pacing));",
      replace: "    }, longestOrder(core.pacing));",
    },
    {
      section: 9,
      name: "a node that keeps an order counts as silent",
      find: "    }, longestOrder(core.pacing));",
      replace: "    }, core.pacing.resend(0));",
    },
    {
      section: 6,
      name: "what waits behind an order is handed over when its session or node ends",
      find: "send !== null && !this.#isOver(send.requests[0].session)",
      replace: "send !== null",
    },
    {
      section: 9,
      name: "each request waits for a node that is silent",
      find: "      if (!isAnswered) this.#notHeard(to);\n",
      replace: "",
    },
    {
      section: 9,
      name: "a node that refuses an order counts as silent",
      find: "if (!isAnswered) this.#notHeard(to);",
      replace: "this.#notHeard(to);",
    },
    {
      section: 9,
      name: "a node that answers again counts as silent for longer and longer",
      find: "    if (step.found !== undefined) this.#silent.delete(to);\n",
      replace: "",
    },
    {
      section: 9,
      name: "a request with ifAvailable is handed over",
      find: "mayWait ? orders.add(id, latest(register)) : orders.addAtOnce(id)",
      replace: "orders.add(id, latest(register))",
    },
    {
      section: 9,
      name: "a request that has ended stays in the order of those to come",
      find: "      desk.waiting?.delete(request.number);\n      over();\n",
      replace: "      desk.waiting?.delete(request.number);\n",
    },
  ]),
  ...mutationsOf("lib/locks/taken_orders.ts", ["tests/locks/taken_orders_test.ts"], [
    {
      section: 9,
      name: "a node takes orders in the name of another one",
      find: "owner.node !== from ||",
      replace: "",
    },
    {
      section: 9,
      name: "a node takes orders of another life",
      find: "owner.life !== life ||",
      replace: "",
    },
    {
      section: 9,
      name: "an order is taken for a guest",
      find: " || isGuest(from)",
      replace: "",
    },
    {
      section: 9,
      name: "an order is proposed for what is no lock",
      find: "    if (kindOf(register) !== REGISTER_KINDS.lock) return;\n",
      replace: "",
    },
    {
      section: 9,
      name: "a node that does not hold a lock takes orders for it",
      find: "    if (!keeps && !this.#proposesFor(register)) return refuse(true);\n",
      replace: "",
    },
    {
      section: 9,
      name: "a void order has no answer",
      find: '        if (result.kind !== "queued") refuse(false);\n',
      replace: "",
    },
    {
      section: 9,
      name: "an order is taken behind the round of the release",
      find: "this.#parts.core.proposals.canJoin(register)",
      replace: "true",
    },
  ]),
  ...mutationsOf("lib/locks/lock_table.ts", ["tests/locks/sent_orders_test.ts"], [
    {
      section: 9,
      name: "a node that releases a lock takes no orders for it",
      find: "this.taken.count(register, 0, 1);",
      replace: "this.taken.count(register, 0, 0);",
      tests: ["tests/locks/taken_orders_test.ts"],
    },
    {
      section: 9,
      name: "the removal of an order leaves no trace",
      find: "request: number, ordered });",
      replace: "request: number });",
    },
    {
      section: 9,
      name: "a request that full members refuse is handed over again and again",
      find: "request.firstAccept !== undefined && !this.#sent.wasHandedOver(request);",
      replace: "request.firstAccept !== undefined;",
    },
    {
      section: 9,
      name: "a steal is handed over",
      find: "const mayWait = !ifAvailable && !steal;",
      replace: "const mayWait = !ifAvailable;",
    },
  ]),
  ...mutationsOf("lib/paxos/lock_register.ts", ["tests/locks/sent_orders_test.ts"], [
    {
      section: 9,
      name: "an order with a request that has left is not void",
      find: "|| fresh.some(hasLeft);",
      replace: ";",
    },
    {
      section: 9,
      name: "an order of an ended session is taken",
      find: "|| entries.some(({ pid }) => hasEnded(pid.session))",
      replace: "",
      tests: ["tests/paxos/lock_register_test.ts"],
    },
    {
      section: 9,
      name: "a part of an order is applied to a queue that is nearly full",
      find: "if (value.queue.length + fresh.length > MAX_QUEUE) {",
      replace: "if (value.queue.length > MAX_QUEUE) {",
      tests: ["tests/paxos/lock_register_test.ts"],
    },
    {
      section: 9,
      name: "a lock that drops the requests of a session keeps its term",
      find: "before.holders.length === 0 || live !== before",
      replace: "before.holders.length === 0",
      tests: ["tests/paxos/lock_register_test.ts"],
    },
    {
      section: 9,
      name: "a request of an ended session is put into the lock",
      find: 'if (command.type === "request" && hasEnded(command.entry.pid.session)) {',
      replace: "if (false) {",
      tests: ["tests/paxos/lock_register_test.ts"],
    },
  ]),
  ...mutationsOf("lib/paxos/lock_orders.ts", ["tests/paxos/lock_orders_test.ts"], [
    {
      section: 9,
      name: "an order is sent to the next holder again and again",
      find: "this.#tries < MAX_TRIES;",
      replace: "true;",
    },
    {
      section: 9,
      name: "an order has requests of two sessions",
      find: "other < 0 ? MAX_ORDERED",
      replace: "true ? MAX_ORDERED",
    },
  ]),
  ...mutationsOf("lib/codec/node_messages.ts", ["tests/codec/node_messages_test.ts"], [
    {
      section: 9,
      name: "an order may have a request twice",
      find: "request > requests[at - 1].request",
      replace: "request >= requests[at - 1].request",
    },
  ]),
  ...mutationsOf("lib/codec/request.ts", ["tests/codec/request_test.ts"], [
    {
      section: 9,
      name: "an order is relayed",
      find: 'if (kind?.handler !== "node") refuse("not to be relayed");',
      replace:
        'if (kind?.handler !== "node" && kind?.handler !== "link") refuse("not to be relayed");',
    },
  ]),
  ...mutationsOf("lib/locks/lock_value.ts", ["tests/locks/lock_value_test.ts"], [
    {
      section: 9,
      name: "a change within a round sees the value of another lock",
      find: "sketch !== undefined && decoded.get(sketch) === value",
      replace: "sketch !== undefined",
    },
    {
      section: 9,
      name: "a lock may name more sessions that left than there can be",
      find: " || left.length > 2 * MAX_LEFT",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/change_queue.ts", ["tests/node/quorum/proposals_test.ts"], [
    {
      section: 3,
      name: "a change that does not join is passed by one that does",
      find: "if (change.options.joins !== true || this.#round.length >= MAX_COMBINED) break;",
      replace: "if (change.options.joins !== true || this.#round.length >= MAX_COMBINED) continue;",
    },
    {
      section: 3,
      name: "a change that does not join is part of a round that has begun",
      find: "change.options.joins !== true || this.#round",
      replace: "this.#round",
    },
  ]),
  ...mutationsOf("lib/node/quorum/register_proposals.ts", ["tests/node/quorum/proposals_test.ts"], [
    {
      section: 3,
      name: "a rival is refused by one kept promise after the other",
      find: "this.#isContended || this.#kept.hasInherited(this.#register);",
      replace: "this.#kept.hasInherited(this.#register);",
    },
  ]),
  ...mutationsOf("lib/node/quorum/retries.ts", ["tests/node/quorum/retries_test.ts"], [
    {
      section: 3,
      name: "a proposer that was refused leaves out no counters",
      find: "clock.observe(clock.counter + Math.min(this.#attempt, MOST_SKIPPED));",
      replace: "",
    },
    {
      section: 3,
      name: "a proposer whose clock was behind waits once more",
      find: "const isBehind = this.#hasWaited && unprepared;",
      replace: "const isBehind = false;",
    },
    {
      section: 3,
      name: "a proposer tries again at once as often as it is refused",
      find: "const isBehind = this.#hasWaited && unprepared;",
      replace: "const isBehind = unprepared;",
    },
    {
      section: 3,
      name: "a change that is retried at once never waits for others",
      find: "(isUrgent && this.#attempt === 0)",
      replace: "isUrgent",
    },
    {
      section: 3,
      name: "a proposer whose state others may have adopted waits for longer and longer",
      find: "unprepared ? this.#attempt : Math.min(this.#attempt, MOST_DOUBLINGS)",
      replace: "this.#attempt",
    },
  ]),
  ...mutationsOf("lib/node/quorum/rival.ts", ["tests/node/quorum/rival_test.ts"], [
    {
      section: 3,
      name: "a promise that came with an accept counts as a rival's attempt",
      find: "return promised.life !== ballot.life || promised.counter !== ballot.counter + 1;",
      replace: "return true;",
    },
  ]),
  ...mutationsOf("lib/node/quorum/register_proposals.ts", ["tests/sim/starvation_test.ts"], [
    {
      section: 3,
      name: "no proposer lets a rival finish",
      find: "if (!isBehind) return this.#start(kept, isFirst);",
      replace: "if (true) return this.#start(kept, isFirst);",
    },
  ]),
  ...mutationsOf("lib/paxos/proposer.ts", ["tests/node/quorum/proposals_test.ts"], [
    {
      section: 3,
      name: "the promise of the next ballot is not kept for a change that will be this life's",
      find: "(heir !== undefined || this.#options",
      replace: "(this.#options",
    },
    {
      section: 3,
      name: "the promise of the next ballot is kept where another life will make the next change",
      find: "const isOwn = next && (heir ?? life) === life;",
      replace: "const isOwn = next;",
    },
    {
      section: 3,
      name: "the promise of the next ballot is not handed on",
      find: "next && !isOwn ? { ...request, heir } : request;",
      replace: "request;",
      tests: ["tests/locks/hot_test.ts"],
    },
  ]),
  ...mutationsOf("lib/locks/lock_value.ts", ["tests/locks/hand_over_test.ts"], [
    {
      section: 9,
      name: "nothing is known of who will release a lock",
      find: "result, merges: true, heir };",
      replace: "result, merges: true };",
    },
  ]),
  ...mutationsOf("lib/node/quorum/kept_promises.ts", ["tests/node/quorum/kept_promises_test.ts"], [
    {
      section: 3,
      name: "a promise is used that its own member has broken",
      find: "return isOld ? undefined : kept;",
      replace: "return kept;",
    },
  ]),
  ...mutationsOf("lib/paxos/inheritance.ts", ["tests/paxos/inheritance_test.ts"], [
    {
      section: 3,
      name: "a promise is taken that was handed on to another life",
      find: "heir !== life ||",
      replace: "heir === undefined ||",
    },
    {
      section: 3,
      name: "a promise is taken of a ballot that this life has used",
      find: "    if (next.counter <= this.#used) return undefined;\n",
      replace: "",
    },
    {
      section: 3,
      name: "what was used before the watch began counts for nothing",
      find: "this.#used = clock.counter;",
      replace: "this.#used = 0;",
    },
    {
      section: 3,
      name: "a ballot that is handed on is not above the clock",
      find: "    this.#clock.observe(next.counter);\n",
      replace: "",
    },
    {
      section: 8,
      name: "each promise that is handed on has room of its own",
      find: "const hasAsked = !isKept && added > 0;",
      replace: "const hasAsked = true;",
    },
    {
      section: 8,
      name: "with a release there is room again for what comes on promises that are handed on",
      find: "const hasAsked = !isKept && added > 0;",
      replace: "const hasAsked = !isKept;",
    },
    {
      section: 8,
      name: "room that was asked for since counts for nothing",
      find: "const hasAsked = !isKept && added > 0;",
      replace: "const hasAsked = this.#size === 0;",
    },
    {
      section: 3,
      name: "a fallback counts as no ballot that was used",
      find: "request.fallback ?? 0",
      replace: "0",
    },
    {
      section: 3,
      name: "the ballot that a fast round promises counts as not used",
      find: 'if (request.type === "fast") counter++;',
      replace: "",
    },
    {
      section: 3,
      name: "promises count as handed on although others hand on nothing any more",
      find: "    if (heir === undefined && ballot.life !== life) this.#hasTaken = false;\n",
      replace: "",
    },
    {
      section: 3,
      name: "the promise that an accept asks for itself counts as not used",
      find: "if (request.next && request.heir === undefined) counter++;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/kept_promises.ts", ["tests/node/quorum/kept_promises_test.ts"], [
    {
      section: 3,
      name: "what this node sends counts as no ballot that was used",
      find: "this.#inheritances.get(register)?.of.sends(request);",
      replace: "",
    },
    {
      section: 3,
      name: "what may be inherited is forgotten with the first caller that leaves",
      find: "if (--inheritance.callers === 0)",
      replace: "if (--inheritance.callers >= 0)",
    },
    {
      section: 3,
      name: "a promise that is handed on takes the place of a higher one",
      find: "if (kept !== undefined && isHigher)",
      replace: "if (kept !== undefined)",
    },
  ]),
  ...mutationsOf("lib/paxos/acceptor.ts", ["tests/paxos/acceptor_test.ts"], [
    {
      section: 3,
      name: "no heir is told that a rival has taken its promise",
      find: "this.#watchers.losing(register, entry.keeper, ballot, now)",
      replace: "this.#watchers.losing(register, undefined, ballot, now)",
      tests: ["tests/locks/hot_test.ts"],
    },
    {
      section: 3,
      name: "an heir is told that its prepare is outdated",
      find: "this.#watchers.losing(register, entry.keeper, ballot, now)",
      replace: "this.#watchers.losing(register, promised.life, ballot, now)",
    },
    {
      section: 3,
      name: "an acceptor does not know to whom it has handed on a promise",
      find: "this.#watchers.written(register, ballot.life, heir);",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/held_register.ts", ["tests/paxos/held_register_test.ts"], [
    {
      section: 3,
      name: "what a prepare was promised counts as kept",
      find: "return counter - 1 === this.#accepted?.ballot.counter ? life : undefined;",
      replace: "return life;",
    },
  ]),
  ...mutationsOf("lib/paxos/watchers.ts", ["tests/paxos/acceptor_test.ts"], [
    {
      section: 3,
      name: "all who watch are told that an heir has lost its promise",
      find: "one.isHeir && one.life === keeper &&",
      replace: "one.isHeir &&",
    },
    {
      section: 3,
      name: "a node is told that a promise is lost that it asked for itself",
      find: "one.isHeir && one.life === keeper",
      replace: "one.life === keeper",
    },
    {
      section: 3,
      name: "a member is told of a promise that it has made itself",
      find: "one.life === keeper && !one.votes",
      replace: "one.life === keeper",
    },
    {
      section: 3,
      name: "an heir is told of its own attempt",
      find: "if (keeper === undefined || keeper === promised.life) return [];",
      replace: "if (keeper === undefined) return [];",
    },
    {
      section: 3,
      name: "a prepare looks for heirs although no life keeps a promise",
      find: "if (keeper === undefined || keeper",
      replace: "if (keeper",
      tests: ["tests/paxos/watchers_test.ts"],
    },
    {
      section: 3,
      name: "an heir stays one although others hand on nothing any more",
      find: "else if (heir === undefined && watcher.life !== writer) watcher.isHeir = false;",
      replace: "",
    },
    {
      section: 3,
      name: "an heir is one no more after its own write",
      find: "heir === undefined && watcher.life !== writer",
      replace: "heir === undefined",
    },
    {
      section: 3,
      name: "an heir that asks again to watch is one no more",
      find: "{ ...watchers.get(key), ...watcher, expires",
      replace: "{ ...watcher, expires",
    },
  ]),
  ...mutationsOf("lib/node/quorum/watches.ts", ["tests/node/quorum/watches_test.ts"], [
    {
      section: 3,
      name: "a promise counts as lost when a node says so whose answers do not count",
      find: "if (sender === undefined) return;\n      if (reply.type",
      replace: 'if (sender === undefined && reply.type !== "nack") return;\n      if (reply.type',
    },
  ]),
  ...mutationsOf("lib/cluster/wiring.ts", ["tests/locks/hot_test.ts"], [
    {
      section: 3,
      name: "a promise is used of which a member says that a rival has taken it",
      find: "proposals.outdated(register, ballot),",
      replace: "void [proposals, register, ballot],",
    },
  ]),
  ...mutationsOf("lib/node/quorum/kept_promises.ts", ["tests/node/quorum/proposals_test.ts"], [
    {
      section: 3,
      name: "a promise counts as taken by a rival although it is above that of the rival",
      find: "if (kept !== undefined && compareBallots(ballot, kept.ballot) >= 0)",
      replace: "if (kept !== undefined)",
    },
  ]),
  ...mutationsOf("lib/node/engine/dispatcher.ts", ["tests/node/engine/dispatcher_test.ts"], [
    {
      section: 3,
      name: "each member tells an heir that its promise is lost",
      find: 'pushed.type !== "nack" || teller === view.self',
      replace: "teller === view.self || true",
    },
    {
      section: 3,
      name: "no member tells an heir of its loss while the first one is down",
      find: "one === view.self || routes.reaches(one)",
      replace: "true",
    },
  ]),
  ...mutationsOf("lib/paxos/lock_route.ts", ["tests/paxos/lock_route_test.ts"], [
    {
      section: 9,
      name: "requests chase a lock that is passed on quickly",
      find: "(!isOwn && pace <= BRIEF)",
      replace: "false",
    },
    {
      section: 9,
      name: "requests for a lock that is held for long go to the next owner",
      find: "(!isOwn && pace <= BRIEF)",
      replace: "!isOwn",
    },
    {
      section: 9,
      name: "a request waits so long for a write of its node that others pass it",
      find: "const SOON = 3;",
      replace: "const SOON = 6;",
    },
    {
      section: 9,
      name: "one request that waits makes a lock crowded",
      find: "const CROWD = 2;",
      replace: "const CROWD = 1;",
    },
    {
      section: 9,
      name: "a request goes to a holder that this node is releasing",
      find: "const isOver = hasLeft ||",
      replace: "const isOver =",
    },
  ]),
  ...mutationsOf("lib/locks/lock_value.ts", ["tests/locks/hot_test.ts"], [
    {
      section: 3,
      name: "the promise for a lock that few want is handed on",
      find: "return isNext && !isSoon(0, pace()) ? heir : undefined;",
      replace: "return heir;",
    },
    {
      section: 3,
      name: "the promise for a lock that is passed on quickly is handed to its holder",
      find: "isNext && !isSoon(0, pace())",
      replace: "isNext",
    },
  ]),
  ...mutationsOf("lib/locks/lock_value.ts", ["tests/locks/lock_value_test.ts"], [
    {
      section: 3,
      name: "a node that shares a lock hands its promise on",
      find: " && !value.holders.some(shares)",
      replace: "",
    },
    {
      section: 3,
      name: "a node that has just got a lock counts as one that has held it for a while",
      find: "isRequest(first, pid.session, request);",
      replace: "isRequest(first, pid.session, request) || true;",
    },
  ]),
  ...mutationsOf("lib/locks/lock_value.ts", ["tests/cluster/round_trips_test.ts"], [
    {
      section: 3,
      name: "who waits for a lock hands no promise to its holder",
      find: "isNext && !isSoon(0, pace())",
      replace: "false",
    },
  ]),
  ...mutationsOf("lib/locks/lock_waiters.ts", ["tests/locks/hand_over_test.ts"], [
    {
      section: 9,
      name: "a node is told of a lock that it has released and that few want",
      find: "value.holders.length === 0 || !isOfUse",
      replace: "value.holders.length === 0",
    },
    {
      section: 9,
      name: "the first holder of a lock that many want does not know where its next request goes",
      find: "this.pace < Infinity || isCrowded(value);",
      replace: "this.pace < Infinity;",
    },
  ]),
  ...mutationsOf("lib/locks/unwatched_locks.ts", ["tests/cluster/round_trips_test.ts"], [
    {
      section: 3,
      name: "a lock that another node wants is not watched by its holder",
      find: "    for (const begin of this.#locks.get(register) ?? []) begin(LONG_HELD);\n",
      replace: "",
    },
    {
      section: 3,
      name: "a busy node takes no promise for a lock that it holds",
      find: "const disinherit = proposals.inherit(register);",
      replace: "const disinherit = () => {};",
    },
    {
      section: 3,
      name: "a holder reads the lock that another node is writing",
      find: "begin(LONG_HELD);",
      replace: "begin(0);",
    },
  ]),
  ...mutationsOf("lib/node/engine/dispatcher.ts", ["tests/node/engine/dispatcher_test.ts"], [
    {
      section: 3,
      name: "a node's own requests count as those of another one that wants the register",
      find: "from !== view.self && (brings",
      replace: "(brings",
    },
  ]),
  ...mutationsOf("lib/locks/lock_table.ts", ["tests/locks/hot_test.ts"], [
    {
      section: 9,
      name: "a release takes no requests of its own node with it",
      find: "      this.#sent.turn(register);\n",
      replace: "",
    },
    {
      section: 9,
      name: "a release takes no orders with it",
      find: "      this.taken.turn(register);\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/register_proposals.ts", ["tests/locks/hot_test.ts"], [
    {
      section: 3,
      name: "fallbacks use up the counters of promises that are handed on",
      find: "this.#isContended || this.#kept.hasInherited(this.#register);",
      replace: "this.#isContended;",
    },
  ]),
];
