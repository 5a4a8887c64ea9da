import { type Mutation, mutationsOf } from "./mutation.ts";

const TICKETS = ["tests/gateway/tickets_test.ts"];
const HOSTILE = ["tests/gateway/hostile_test.ts"];
const OPERATIONS = ["tests/gateway/operations_test.ts"];
const PURE = ["tests/paxos/tickets_test.ts"];

/** Section 13: what guests may do, and what their gateways must not. The model has more of its own. */
export const GUESTS: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/tickets.ts", PURE, [
    {
      section: 13,
      name: "a late gateway goes on",
      find: "return given !== undefined && this.#elapsed(given, at) < this.#ttl * TICKET_SHARE;",
      replace: "return given !== undefined;",
      tests: ["tests/gateway/search_test.ts"],
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
      find:
        'if (isWriting(operation) && !isOpen()) return new GuestError("late", "The ticket is too old");',
      replace: "",
      tests: TICKETS,
    },
    {
      section: 13,
      name: "the bound of since moves with the clock that guests raise",
      find: "counterBound(record?.floor ?? 0, runtime.wallNow())",
      replace:
        "counterBound(Math.max(record?.floor ?? 0, engine.clock.counter), runtime.wallNow())",
      tests: TICKETS,
    },
    {
      section: 13,
      name: "an operation that comes twice runs twice",
      find: "if (known !== undefined) return known.ended;",
      replace: "if (known !== undefined && known.result === undefined) return known.ended;",
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
      find: 'if (operation.type === "put" && operation.value.length > maxValueBytes) {',
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
  ...mutationsOf("lib/gateway/guest_life.ts", HOSTILE, [
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
  ...mutationsOf("lib/gateway/renewal.ts", OPERATIONS, [
    {
      section: 13,
      name: "one member renews a guest's session",
      find: "const granted = new Tally<true>(members);",
      replace: "const granted = new Tally<true>(members, 1);",
    },
  ]),
  ...mutationsOf("lib/gateway/gateway.ts", HOSTILE, [
    {
      section: 13,
      name: "a guest may have the id of a member",
      find: "if (engine.members.includes(guest.id)) {",
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
      name: "an undo of a put does not write",
      find: "mustWrite: unsure, reserve: true };",
      replace: "reserve: true };",
      tests: TICKETS,
    },
  ]),
  ...mutationsOf("lib/gateway/guest_locks.ts", TICKETS, [
    {
      section: 13,
      name: "an undo of a lock does not write",
      find: "mustWrite: unsure };",
      replace: "};",
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
      find: "return this.#host.receive(guest, request.caller, request, tell);",
      replace: "return this.#host.receive(guest, life, request, tell);",
    },
  ]),
];
