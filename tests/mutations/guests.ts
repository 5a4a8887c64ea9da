import { type Mutation, mutationsOf } from "./mutation.ts";

const RESERVE = ["tests/gateway/reserve_test.ts"];
const TICKETS = ["tests/gateway/tickets_test.ts"];
const HOSTILE = ["tests/gateway/hostile_test.ts"];
const OPERATIONS = ["tests/gateway/operations_test.ts"];
const PURE = ["tests/paxos/tickets_test.ts"];

/** Section 13: what guests may do, and what their gateways must not. The model has more of its own. */
export const GUESTS: readonly Mutation[] = [
  ...mutationsOf("lib/gateway/guest_puts.ts", ["tests/gateway/sent_again_test.ts"], [
    {
      section: 13,
      name: "a gateway answers a put that was sent again without writing",
      find: "mustWrite: origin.again,",
      replace: "",
    },
    {
      section: 4,
      name: "a gateway answers a put that was sent again with a settled value",
      find: "origin.again && bindings.length > 0",
      replace: "false",
    },
    {
      section: 4,
      name: "only a guest ends its session",
      find: "endedByOthers: endedByOthers(bindings, null),",
      replace:
        "endedByOthers: endedByOthers(bindings, ownersOf(bindings).find((one) => one.startsWith(`${name}/`)) ?? null),",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_locks.ts", ["tests/gateway/sent_again_test.ts"], [
    {
      section: 13,
      name: "a gateway answers a request for a lock that was sent again without writing",
      find: "mustWrite: origin.again,",
      replace: "",
    },
    {
      section: 13,
      name: "a guest whose session is over is told that its request was stolen",
      find: 'return { type: "lost" };',
      replace: 'return { type: "stolen" };',
      tests: ["tests/gateway/operations_test.ts"],
    },
  ]),
  ...mutationsOf("lib/gateway/guest_work.ts", ["tests/gateway/wrong_parts_test.ts"], [
    {
      section: 13,
      name: "a guest asks for permits of an exclusive lock",
      find: 'if (permits > 0 && mode !== "shared") return "permits go with the mode shared";',
      replace: "",
    },
    {
      section: 13,
      name: "a guest steals a shared lock",
      find: 'if (steal && mode !== "exclusive") return "steal goes with the mode exclusive";',
      replace: "",
    },
    {
      section: 13,
      name: "a guest starts another singleton than authorize was asked about",
      find: 'return "the register is not one of the spec";',
      replace: "return null;",
    },
  ]),
  ...mutationsOf("lib/paxos/tickets.ts", PURE, [
    {
      section: 13,
      name: "a late gateway goes on",
      find: "return given !== undefined && this.#elapsed(given, at) < this.#ttl * TICKET_SHARE;",
      replace: "return given !== undefined;",
    },
    {
      section: 13,
      name: "a ticket counts by the clock that has moved less",
      find: "return Math.max(to.now - from.now, to.wall - from.wall) + this.#clockError();",
      replace: "return Math.min(to.now - from.now, to.wall - from.wall) + this.#clockError();",
    },
    {
      section: 13,
      name: "a guest waits by the clock that has moved further",
      find: "const elapsed = Math.min(at.now - shown.now, at.wall - shown.wall)",
      replace: "const elapsed = Math.max(at.now - shown.now, at.wall - shown.wall)",
    },
    {
      section: 13,
      name: "a guest does not allow for clocks of different rates",
      find: "this.#ttl * TICKET_SHARE / OWNER_SHARE - elapsed",
      replace: "this.#ttl * TICKET_SHARE - elapsed",
    },
  ]),
  ...mutationsOf("lib/paxos/guest_change.ts", TICKETS, [
    {
      section: 13,
      name: "a gateway looks at the ticket only when an operation comes",
      find: "if (!origin.isOpen()) throw new TicketExpired();",
      replace: "",
      tests: ["tests/paxos/guest_change_test.ts"],
    },
    {
      section: 13,
      name: "an operation that is sent again counts as one that was never sent",
      find: "return again ? since + 1 : undefined;",
      replace: "return undefined;",
    },
    {
      section: 13,
      name: "a gateway proposes below the since of an operation",
      find: "  clock.observe(since);\n",
      replace: "",
      tests: ["tests/paxos/guest_change_test.ts"],
    },
    {
      section: 13,
      name: "a kept promise serves any since",
      find: "return counter > since;",
      replace: "return true;",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_operations.ts", HOSTILE, [
    {
      section: 13,
      name: "an operation begins on an old ticket",
      find: "if (isWriting(operation) && !isOpen()) {",
      replace: "if (false as boolean) {",
      tests: TICKETS,
    },
    {
      section: 13,
      name: "a gateway says of what it has begun that it has not",
      find: 'code: hasBegun ? "late" : "not_begun"',
      replace: 'code: "not_begun"',
      tests: TICKETS,
    },
    {
      section: 13,
      name: "a gateway says of what it has not begun that it may have",
      find: 'code: hasBegun ? "late" : "not_begun"',
      replace: 'code: "late"',
      tests: TICKETS,
    },
    {
      section: 13,
      name: "what a gateway has not begun never runs there",
      find: 'const TOO_LATE: readonly string[] = ["late", "not_begun"];',
      replace: 'const TOO_LATE: readonly string[] = ["late"];',
      tests: TICKETS,
    },
    {
      section: 13,
      name: "the bound of since moves with the clock that guests raise",
      find: "counterBound(record?.floor ?? 0, runtime.wallNow())",
      replace:
        "counterBound(Math.max(record?.floor ?? 0, this.#parts.work.core.clock.counter), runtime.wallNow())",
      tests: TICKETS,
    },
    {
      section: 13,
      name: "an operation that comes twice runs twice",
      find: "if (told !== undefined) send(told);\n      return known.ended;",
      replace:
        "if (told !== undefined) send(told);\n      if (known.result === undefined) return known.ended;",
      tests: TICKETS,
    },
    {
      section: 13,
      name: "a host takes the birth of a guest for one from the future",
      find: "    clock.observe(since);\n",
      replace: "",
      tests: OPERATIONS,
    },
    {
      section: 13,
      name: "authorize is not asked",
      find: "const request = authorize === null ? null : requestOf(operation);",
      replace: "const request = null as ReturnType<typeof requestOf>;",
    },
    {
      section: 13,
      name: "an authorize that throws allows everything",
      find: "      return Promise.resolve().then(check);\n",
      replace: "      return undefined;\n",
    },
    {
      section: 13,
      name: "values have no bound",
      find: "if (valueBytes(operation) > maxValueBytes) {",
      replace: "if (false as boolean) {",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_work.ts", HOSTILE, [
    {
      section: 13,
      name: "a steal is authorized like any lock",
      find: 'type: operation.steal ? "steal" : "lock"',
      replace: 'type: "lock"',
    },
  ]),
  ...mutationsOf("lib/gateway/guest_work.ts", TICKETS, [
    {
      section: 13,
      name: "a call that its gateway has passed on was not begun",
      find: "  begins();\n  const begun",
      replace: "  const begun",
    },
    {
      section: 13,
      name: "a call leaves its gateway, or never began, after the tickets have become too old",
      find: "  if (isStale && !isFirst()) throw new TicketExpired();\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/singletons/outbound.ts", ["tests/singletons/outbound_test.ts"], [
    {
      section: 13,
      name: "a call that comes again and again is never known to have lost its host",
      find: " || !call.isFirst())",
      replace: ")",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_life.ts", HOSTILE, [
    {
      section: 13,
      name: "a quorum is asked for each of a guest's renewals, however many come",
      find: "if (!this.#usage.renewal(this.#heard)) return;",
      replace: "",
    },
    {
      section: 13,
      name: "the operations of a guest have the name of its life alone",
      find: "author: `${this.#name}/${life}`",
      replace: "author: life",
    },
    {
      section: 13,
      name: "the genesis of a frame is not compared",
      find: "(frame.genesis === null || frame.genesis === record.id);",
      replace: "true;",
    },
    {
      section: 13,
      name: "frames for another life of the member are handled",
      find: "const isMeant = isHello || frame.gateway === life;",
      replace: "const isMeant = true;",
    },
    {
      section: 13,
      name: "a session of any length is renewed",
      find: "if (ttl > maxTtl) {",
      replace: "if (false as boolean) {",
    },
    {
      section: 13,
      name: "an earlier life goes on beside a later one at another member",
      find: "    void this.#findSuccessor();\n",
      replace: "",
    },
    {
      section: 13,
      name: "guests are let in under a record without clients",
      find: "if (!record.clients) {",
      replace: "if (false as boolean) {",
    },
    {
      section: 13,
      name: "tickets come with answers only",
      find: "if (this.#isTicketDue()) this.#flushSoon();",
      replace: "",
      tests: TICKETS,
    },
    {
      section: 13,
      name: "later tickets are not looked at",
      find: "    this.#tickets.show(frame.ticket);\n",
      replace: "    if (this.#operations.size === 0) this.#tickets.show(frame.ticket);\n",
      tests: TICKETS,
    },
  ]),
  ...mutationsOf("lib/node/quorum/guest_renewal.ts", OPERATIONS, [
    {
      section: 13,
      name: "one member renews a guest's session",
      find: "const granted = new Tally<true>(members);",
      replace: "const granted = new Tally<true>(members, [{ of: members, needed: 1 }]);",
    },
  ]),
  ...mutationsOf("lib/gateway/gateway.ts", HOSTILE, [
    {
      section: 13,
      name: "a guest may have the id of a member",
      find: "if (core.members.includes(guest.id)) {",
      replace: "if (false as boolean) {",
    },
    {
      section: 13,
      name: "an earlier life of a guest comes back",
      find: "if (known !== undefined && known.life > guest.life) {",
      replace: "if (false as boolean) {",
    },
    {
      section: 13,
      name: "two lives of one guest are served",
      find:
        '      known.end("replaced", "replaced", "a later process has taken the place of this guest");\n',
      replace: "",
    },
  ]),
  ...mutationsOf("lib/gateway/usage.ts", HOSTILE, [
    {
      section: 13,
      name: "locks of a guest have no bound",
      find: 'return this.#locks.size >= limits.locks ? beyond("locks", limits.locks) : undefined;',
      replace: "return undefined;",
    },
    {
      section: 13,
      name: "keys of a guest have no bound",
      find: 'return this.#keys.size >= limits.keys ? beyond("keys", limits.keys) : undefined;',
      replace: "return undefined;",
    },
    {
      section: 13,
      name: "a guest may do anything as often as it likes",
      find: "if (!this.#operations.take(1, now)) {",
      replace: "if (false as boolean) {",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_puts.ts", HOSTILE, [
    {
      section: 13,
      name: "a put is bound to another life of the guest",
      find: "if (node === name) throw new Ended(`pid ${session}#${seq} is of another life`);",
      replace: "",
    },
    {
      section: 13,
      name: "a binding that has ended proves that a put sent again had no effect",
      find: 'return origin.again ? UNKNOWN : { type: "invalid", reason: error.message };',
      replace: 'return { type: "invalid", reason: error.message };',
      tests: TICKETS,
    },
    {
      section: 13,
      name: "a process that has ended proves that a put sent again had no effect",
      find: 'if (origin.again && reply.outcome === "invalid_value") return UNKNOWN;',
      replace: "",
      tests: TICKETS,
    },
    {
      section: 13,
      name: "a put that another gateway has run is taken for that of another node",
      find: "value: there.op === op ? null : there.value",
      replace: "value: there.value",
      tests: TICKETS,
    },
    {
      section: 13,
      name: "a gateway binds a put to a session of its own that was not granted",
      find: "if (await core.session.valid(limits) !== pid.session) {",
      replace: "if (false as boolean) {",
      tests: TICKETS,
    },
    {
      section: 13,
      name: "an undo of a put does not write",
      find: "mustWrite: unsure, reserve: true };",
      replace: "reserve: true };",
      tests: TICKETS,
    },
    {
      section: 8,
      name: "reserve: not used by a guest's release of a key",
      find: "mustWrite: unsure, reserve: true };",
      replace: "mustWrite: unsure };",
      tests: RESERVE,
    },
  ]),
  ...mutationsOf("lib/gateway/guest_locks.ts", TICKETS, [
    {
      section: 13,
      name: "an undo of a lock does not write",
      find: "mustWrite: unsure };",
      replace: "};",
    },
    {
      section: 13,
      name: "a gateway keeps no promise for the release of a lock",
      find: "keepPromise: true,",
      replace: "",
      tests: ["tests/guest/latency_test.ts"],
    },
    {
      section: 8,
      name: "reserve: not used by a guest's release of a lock",
      find: "retryAtOnce: true, reserve: true",
      replace: "retryAtOnce: true",
      tests: RESERVE,
    },
  ]),
  ...mutationsOf("lib/paxos/voter.ts", HOSTILE, [
    {
      section: 13,
      name: "any node ends the sessions of guests",
      find: "if (isGuest(node)) return this.#members.includes(from.node) && from.votes === true;",
      replace: "if (isGuest(node)) return true;",
    },
    {
      section: 13,
      name: "a member that does not vote ends the sessions of guests",
      find: "return this.#members.includes(from.node) && from.votes === true;",
      replace: "return this.#members.includes(from.node);",
    },
  ]),
  ...mutationsOf("lib/singletons/singletons.ts", HOSTILE, [
    {
      section: 13,
      name: "any node calls in the name of a guest",
      find: "      if (!this.#core.members.includes(from)) return;\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/singletons/singletons.ts", OPERATIONS, [
    {
      section: 13,
      name: "calls of a guest are numbered by its gateway",
      find:
        "return this.#host.receive(guest, request.caller, request, tell, { node: from, life });",
      replace: "return this.#host.receive(guest, life, request, tell);",
    },
  ]),
  ...mutationsOf("lib/node/quorum/guest_renewal.ts", OPERATIONS, [
    {
      section: 13,
      name: "members are asked for an old renewal of a guest",
      find: "runtime.now() < lastAsked ? granted.missing() : []",
      replace: "granted.missing()",
    },
    {
      section: 13,
      name: "a renewal that members hold back counts as a round trip",
      find: "    mayBeHeldBack: true,\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_operations.ts", OPERATIONS, [
    {
      section: 12,
      name: "starts that wait for a lock of a guest keep it from giving the lock up",
      find: '"guard", "call", "place"];',
      replace: '"guard", "call"];',
    },
    {
      section: 13,
      name: "the news of a guest's operation are lost with its connection",
      find: "const told = known.result ?? known.news;",
      replace: "const told = known.result;",
    },
    {
      section: 13,
      name: "the pieces of a list for a guest are lost with its connection",
      find: "if (known !== undefined && BEGIN_AGAIN.includes(operation.type)) {",
      replace: "if (known !== undefined && operation.type === 'end') {",
    },
    {
      section: 13,
      name: "a query of a guest passes its earlier requests",
      find: '(operation.type !== "query" || !this.#asking.size)',
      replace: "true",
    },
    {
      section: 13,
      name: "what a guest has cancelled waits on for its authorization",
      find: "this.#before(operation, authorized, limits).then(begin);",
      replace: "this.#before(operation, authorized, { deadline: Infinity }).then(begin);",
    },
  ]),
  ...mutationsOf("lib/singletons/guest_calls.ts", OPERATIONS, [
    {
      section: 13,
      name: "a start goes on that a guest has cancelled",
      find: "this.#core.operation<InstanceLocation>(limits);",
      replace: "this.#core.operation<InstanceLocation>({ deadline: Infinity });",
    },
  ]),
  ...mutationsOf("lib/node/engine/engine.ts", ["tests/guest/handover_test.ts"], [
    {
      section: 13,
      name: "a member tries to reach a guest without a gateway first",
      find: 'reachability: (to) => isGuest(to) ? "none" : way(to),',
      replace: "reachability: way,",
    },
  ]),
  ...mutationsOf("lib/node/engine/personal_requests.ts", ["tests/guest/handover_test.ts"], [
    {
      section: 13,
      name: "a member that has served a guest waits for its answer, wherever it is",
      find: "if ((!isServed || isAgain) && via",
      replace: "if (!isServed && via",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_life.ts", ["tests/guest/handover_test.ts"], [
    {
      section: 13,
      name: "a member hands puts over to a guest that has left it",
      find: "if (this.#line === null) return false;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/gateway/large_turns.ts", ["tests/gateway/large_turns_test.ts"], [
    {
      section: 13,
      name: "large values begin as fast as they come",
      find: "const due = this.#allowance.wait(now);",
      replace: "const due = 0;",
    },
    {
      section: 13,
      name: "large values begin though others are under way",
      find: "this.#free > 0 ? due : ",
      replace: "this.#free > -1e9 ? due : ",
    },
    {
      section: 13,
      name: "large values wait for ever for others that are under way",
      find: "Math.max(due, this.#begun + LONGEST_TURN - now)",
      replace: "1e6",
    },
    {
      section: 13,
      name: "a guest alone may not use the bytes that its limits give it for large values",
      find: "Math.max(LEAST_RATE, bytesPerSecond)",
      replace: "LEAST_RATE",
    },
    {
      section: 13,
      name: "a large value begins before those that wait",
      find: "if (this.#waiting.size === 0 && this.#wait() === 0)",
      replace: "if (this.#wait() === 0)",
    },
    {
      section: 13,
      name: "the timer of a large value that waits no longer is left",
      find: "if (this.#waiting.size === 0) this.#cancel();",
      replace: "",
    },
    {
      section: 13,
      name: "a large value that waits no longer takes a turn",
      find: "this.#waiting.delete(pass);",
      replace: "",
    },
    {
      section: 13,
      name: "large values that wait do not begin when their bytes are due",
      find: "this.#cancel = this.#runtime.setTimer(() => this.#goOn(), this.#wait());",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/gateway/slots.ts", ["tests/gateway/slots_test.ts"], [
    {
      section: 13,
      name: "what takes several places takes one",
      find: "this.#free -= places;\n    else",
      replace: "this.#free--;\n    else",
    },
    {
      section: 13,
      name: "what waits begins though no place is free",
      find: "if (this.#free <= 0) break;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_operations.ts", ["tests/gateway/large_values_test.ts"], [
    {
      section: 13,
      name: "large values of guests do not wait for those of others",
      find: "this.#large.run(() => this.#parts.large.run(run, place, bytes), place, bytes)",
      replace: "this.#large.run(run, place, bytes)",
    },
    {
      section: 13,
      name: "the large values of one guest go before those of others",
      find: "this.#large.run(() => this.#parts.large.run(run, place, bytes), place, bytes)",
      replace: "this.#parts.large.run(run, place, bytes)",
    },
    {
      section: 13,
      name: "short values of guests wait for large ones",
      find: "return bytes < LARGE ? 0 : bytes;",
      replace: "return bytes;",
    },
    {
      section: 13,
      name: "large values take turns also while they are handed over",
      find: "const bytes = isHandedOver ? 0 : valueBytes(operation);",
      replace: "const bytes = valueBytes(operation);\n  void isHandedOver;",
    },
    {
      section: 13,
      name: "any number of large values of a guest may wait",
      find: "this.#largeBytes + bytes > most || ",
      replace: "",
    },
    {
      section: 13,
      name: "any number of large values of all guests may wait",
      find: " || large.held > MAX_LARGE_IN_ALL",
      replace: "",
    },
    {
      section: 13,
      name: "a guest gets no large value where others have many",
      find: "bytes > 0 && this.#largeBytes > 0 && isMuch",
      replace: "bytes > 0 && isMuch",
    },
    {
      section: 13,
      name: "large values that have ended count as those that wait",
      find: "void entry.ended.then(() => this.#hold(-bytes));",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_life.ts", ["tests/gateway/large_values_test.ts"], [
    {
      section: 13,
      name: "a guest is read on however much it has sent",
      find: "return this.#behind;",
      replace: "return undefined;",
    },
    {
      section: 13,
      name: "a guest that has sent much is not read for longer than its session lasts",
      find: "Math.min(this.#read.wait(now), LONGEST_HOLD, ",
      replace: "Math.min(this.#read.wait(now), ",
    },
    {
      section: 13,
      name: "a guest is not read for a time that its session does not have",
      find: "LONGEST_HOLD, this.#ttl / HOLDS_PER_TTL)",
      replace: "LONGEST_HOLD)",
    },
    {
      section: 13,
      name: "a connection that has ended is not read to its end",
      find: "    this.#readOn();\n    this.#operations.close();",
      replace: "    this.#operations.close();",
    },
  ]),
  ...mutationsOf(
    "transports/websocket/guest_user.ts",
    ["tests/transports/websocket/guest_user_test.ts"],
    [
      {
        section: 13,
        name: "the runtime reads on of a guest that has sent much",
        find: "this.#native?.pause?.();",
        replace: "",
      },
      {
        section: 13,
        name: "a guest that has sent much is acknowledged at once",
        find: "return behind.then(() => this.#resume());",
        replace: "void behind.then(() => this.#resume());\n    return undefined;",
      },
      {
        section: 13,
        name: "the end of a connection with a guest that has sent much is not read",
        find: "this.#resume();\n    this.#left(this);",
        replace: "this.#left(this);",
      },
    ],
  ),
  ...mutationsOf("lib/gateway/guest_life.ts", ["tests/gateway/pace_test.ts"], [
    {
      section: 13,
      name: "a guest that may do little may not renew its session in time",
      find: " + KEEPING_PER_SECOND;",
      replace: ";",
    },
  ]),
  ...mutationsOf("lib/gateway/pace.ts", ["tests/gateway/pace_test.ts"], [
    {
      section: 13,
      name: "frames of a guest that take long leave others no turn",
      find: ", this.#work.wait(now));",
      replace: ", 0);",
    },
    {
      section: 13,
      name: "a guest waits for as long as the process was suspended",
      find: "Math.min(LONGEST_WORK, now - begun)",
      replace: "now - begun",
    },
  ]),
  ...mutationsOf("lib/gateway/refusal.ts", ["tests/gateway/refusal_test.ts"], [
    {
      section: 13,
      name: "each refusal has a stack trace",
      find: '  constructor(code: GuestError["code"], message: string) {\n',
      replace:
        '  constructor(code: GuestError["code"], message: string) {\n    Object.setPrototypeOf(this, Error.prototype);\n',
    },
  ]),
];
