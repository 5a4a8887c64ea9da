import { type Mutation, mutationsOf } from "./mutation.ts";

/** Section 6: sessions. */
export const SESSIONS: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/sessions.ts", ["tests/paxos/sessions_test.ts"], [
    {
      section: 6,
      name: "a session may last longer than the cluster allows",
      find: "if (ttl > this.#maxTtl || now < this.#grantsFrom) return undefined;",
      replace: "if (now < this.#grantsFrom) return undefined;",
    },
    {
      section: 7,
      name: "sessions are granted while clients may still hold older ones",
      find: "if (ttl > this.#maxTtl || now < this.#grantsFrom) return undefined;",
      replace: "if (ttl > this.#maxTtl) return undefined;",
    },
    {
      section: 6,
      name: "a fenced session is renewed",
      find: "if (this.#isFenced(session)) {\n      this.#askedFor(session, now);",
      replace: "if (false) {\n      this.#askedFor(session, now);",
    },
    {
      section: 6,
      name: "a renewed session is fenced",
      find: "if (!this.#fenced.has(session) && remaining > 0)",
      replace: "if (false)",
    },
    {
      section: 6,
      name: "a session is fenced before its whole TTL has passed",
      find: "renewal.renewed + renewal.ttl + this.#clockError() - now;",
      replace: "renewal.renewed + renewal.ttl * 0.95 + this.#clockError() - now;",
    },
    {
      section: 6,
      name: "an older renewal counts instead of the latest",
      find: "this.#renewals.set(session, { renewed: now, ttl, hosts });",
      replace:
        "if (!this.#renewals.has(session)) this.#renewals.set(session, { renewed: now, ttl, hosts });",
    },
    {
      section: 6,
      name: "a recovered member fences at once",
      find: 'if (this.#allAliveUntil > now) return { type: "alive", session, remaining };',
      replace: "",
    },
    {
      section: 6,
      name: "a recovered member waits less than the longest TTL",
      find: "this.#allAliveUntil = now + this.#maxTtl + this.#clockError();",
      replace: "this.#allAliveUntil = now + this.#maxTtl / 2 + this.#clockError();",
    },
    {
      section: 6,
      name: "a recovered member renews a session that others fenced",
      find: "for (const session of fenced) this.#fenced.set(session, now);",
      replace: "",
    },
    {
      section: 6,
      name: "a recovered member believes sessions expired",
      find: "    if (this.#allAliveUntil > now) return false;\n",
      replace: "",
    },
    {
      section: 7,
      name: "a shorter wait replaces a longer one",
      find: "this.#grantsFrom = Math.max(this.#grantsFrom, time + this.#clockError());",
      replace: "this.#grantsFrom = time + this.#clockError();",
    },
    {
      section: 7,
      name: "the remaining wait is not reported",
      find: "return Math.max(0, this.#grantsFrom - now);",
      replace: "return 0;",
    },
    {
      section: 6,
      name: "a session that its own node ended is not fenced",
      find: "    this.#ended.set(session, now);\n    this.#renewals.delete(session);",
      replace: "    this.#renewals.delete(session);",
    },
    {
      section: 6,
      name: "a fenced session is not remembered",
      find: "    this.#askedFor(session, now);\n    this.#renewals.delete(session);",
      replace: "    this.#renewals.delete(session);",
    },
    {
      section: 6,
      name: "fences of invented sessions fill the memory",
      find: "if (!this.#fenced.has(session) && !this.#hasRoom()) return undefined;",
      replace: "",
    },
    {
      section: 6,
      name: "ended sessions prevent fences of others",
      find: "    return dropped > 0;",
      replace: "    return false;",
    },
    {
      section: 6,
      name: "a fence is evicted before its time",
      find: "    return dropped > 0;",
      replace:
        "    if (dropped === 0) for (const one of this.#fenced.keys()) return this.#fenced.delete(one);\n    return true;",
    },
    {
      section: 6,
      name: "a full table of fences is not cleaned up",
      find: "(isFull ? MIN_TTL : this.#maxTtl / CLEANUPS_PER_TTL)",
      replace: "(this.#maxTtl / CLEANUPS_PER_TTL)",
    },
    {
      section: 6,
      name: "a recovered member takes a copied fence for its own",
      find: "for (const session of fenced) this.#fenced.set(session, now);",
      replace: "for (const session of fenced) this.#ended.set(session, now);",
      tests: ["tests/paxos/sessions_test.ts", "tests/paxos/fencing_search_test.ts"],
    },
    {
      section: 6,
      name: "a recovered member waits for a session that its own node ended",
      find: 'if (this.#isOver(session)) return { type: "fenced", session };',
      replace: "",
    },
    {
      section: 6,
      name: "a recovered member does not believe expired a session that its own node ended",
      find: "if (this.#isOver(session)) return true;",
      replace: "",
    },
    {
      section: 6,
      name: "a recovered member forgets which sessions their own nodes ended",
      find: "      this.#ended.set(session, now);\n    }",
      replace: "      this.#fenced.set(session, now);\n    }",
    },
    {
      section: 6,
      name: "a recovered member reports that there is no session",
      find: "remaining: Math.max(this.#allAliveUntil - now, 0) };",
      replace: "remaining: 0 };",
    },
    {
      section: 6,
      name: "a look at a session reports that it can be fenced when it cannot",
      find: "const remaining = this.isStale(session, now) ? 0 : this.#remaining(session, now);",
      replace: "const remaining = 0;",
    },
    {
      section: 6,
      name: "a look at a fenced session reports that it cannot be fenced",
      find: "const remaining = this.isStale(session, now) ? 0 : this.#remaining(session, now);",
      replace: "const remaining = this.#remaining(session, now) || 1;",
    },
    {
      section: 6,
      name: "a coarse clock lets a session be fenced too soon",
      find: "renewal.renewed + renewal.ttl + this.#clockError() - now;",
      replace: "renewal.renewed + renewal.ttl - now;",
    },
    {
      section: 6,
      name: "a coarse clock lets a renewal be forgotten too soon",
      find: "if (now - renewed >= ttl + this.#clockError()) this.#renewals.delete(session);",
      replace: "if (now - renewed >= ttl) this.#renewals.delete(session);",
    },
    {
      section: 6,
      name: "a coarse clock ends the wait of a recovered member too soon",
      find: "this.#allAliveUntil = now + this.#maxTtl + this.#clockError();",
      replace: "this.#allAliveUntil = now + this.#maxTtl;",
    },
    {
      section: 7,
      name: "a coarse clock ends the wait for grants too soon",
      find: "this.#grantsFrom = Math.max(this.#grantsFrom, time + this.#clockError());",
      replace: "this.#grantsFrom = Math.max(this.#grantsFrom, time);",
    },
    {
      section: 6,
      name: "the newest session may be one that has expired",
      find: "now - renewal.renewed < renewal.ttl && ",
      replace: "",
    },
    {
      section: 13,
      name: "one node takes the room for all sessions",
      find: "return own.size < MAX_NODE_SESSIONS;",
      replace: "return true;",
    },
    {
      section: 6,
      name: "the newest session is the oldest",
      find: "compareSessions(session, newest) > 0) newest",
      replace: "compareSessions(session, newest) < 0) newest",
    },
    {
      section: 2,
      name: "sessions of different lives are ordered by their numbers",
      find: "if (first.life !== second.life) return first.life < second.life ? -1 : 1;",
      replace: "",
    },
    {
      section: 6,
      name: "a fence is forgotten too soon",
      find: "now - FENCED_KEPT * this.#maxTtl - this.#clockError());",
      replace: "now - this.#maxTtl - this.#clockError());",
      tests: ["tests/paxos/sessions_test.ts", "tests/paxos/fencing_search_test.ts"],
    },
    {
      section: 6,
      name: "a coarse clock lets a fence be forgotten too soon",
      find: "now - FENCED_KEPT * this.#maxTtl - this.#clockError());",
      replace: "now - FENCED_KEPT * this.#maxTtl);",
    },
    {
      section: 6,
      name: "a fence is never forgotten",
      find:
        "this.#dropOldest(this.#fenced, now - FENCED_KEPT * this.#maxTtl - this.#clockError());",
      replace: "",
    },
    {
      section: 6,
      name: "a session that its own node ended is forgotten at once",
      find: "this.#dropOldest(this.#ended, now - this.#maxTtl);",
      replace: "this.#dropOldest(this.#ended, now);",
    },
    {
      section: 6,
      name: "a session that its own node ended is kept as long as a fence",
      find: "this.#dropOldest(this.#ended, now - this.#maxTtl);",
      replace: "this.#dropOldest(this.#ended, now - FENCED_KEPT * this.#maxTtl);",
    },
    {
      section: 6,
      name: "a request for a fenced session does not keep it fenced",
      find: "    this.#fenced.delete(session);\n    this.#fenced.set(session, now);",
      replace: "    if (!this.#fenced.has(session)) this.#fenced.set(session, now);",
    },
    {
      section: 6,
      name: "fences that were requested again block the removal of older ones",
      find: "    this.#fenced.delete(session);\n    this.#fenced.set(session, now);",
      replace: "    this.#fenced.set(session, now);",
    },
    {
      section: 6,
      name: "a renewal is forgotten before it has expired",
      find: "if (now - renewed >= ttl + this.#clockError()) this.#renewals.delete(session);",
      replace: "this.#renewals.delete(session);",
    },
  ]),
  ...mutationsOf("lib/paxos/lease.ts", ["tests/paxos/lease_test.ts"], [
    {
      section: 6,
      name: "an owner relies on its whole TTL",
      find: "OWNER_SHARE = 0.95",
      replace: "OWNER_SHARE = 1",
    },
    {
      section: 6,
      name: "an owner counts from the answer instead of its question",
      find: "this.#granted = pending.sent;",
      replace: "this.#granted = at;",
    },
    {
      section: 6,
      name: "an owner trusts a clock that stops during sleep",
      find: "return Math.max(to.now - from.now, to.wall - from.wall) +",
      replace: "return (to.now - from.now) +",
    },
    {
      section: 6,
      name: "an owner trusts a clock that is set back",
      find: "return Math.max(to.now - from.now, to.wall - from.wall) +",
      replace: "return (to.wall - from.wall) +",
    },
    {
      section: 6,
      name: "an owner trusts a coarse clock",
      find: " + this.#options.clockError();",
      replace: ";",
    },
    {
      section: 6,
      name: "a session without a grant may be granted after members have forgotten its end",
      find: "this.#dead = this.#elapsed(this.#first, at) >= this.#options.grantWithin;",
      replace: "",
      tests: ["tests/paxos/lease_test.ts", "tests/paxos/fencing_search_test.ts"],
    },
    {
      section: 6,
      name: "the time for the first grant counts from the latest renewal",
      find: "this.#first ??= at;",
      replace: "this.#first = at;",
    },
    {
      section: 6,
      name: "an ended session is granted again",
      find: "if (pending === undefined || this.isDead(at)) return false;",
      replace: "if (pending === undefined) return false;",
    },
    {
      section: 6,
      name: "an answer after the deadline counts",
      find:
        "if (this.#elapsed(pending.sent, at) >= this.ttl * OWNER_SHARE) return false;\n    if (!pending",
      replace: "if (!pending",
    },
    {
      section: 6,
      name: "one member is enough to grant a session",
      find: "if (!pending.tally.add(sender, true)) return false;",
      replace: "pending.tally.add(sender, true);",
    },
    {
      section: 6,
      name: "a session continues after its deadline",
      find: "    this.#dead = true;\n    return 0;",
      replace: "    return 0;",
    },
    {
      section: 6,
      name: "an older renewal moves the deadline back",
      find: "if (number <= renewal) this.#renewals.delete(number);",
      replace: "if (number === renewal) this.#renewals.delete(number);",
    },
  ]),
  ...mutationsOf("lib/paxos/fencing.ts", ["tests/paxos/fencing_test.ts"], [
    {
      section: 6,
      name: "fences count at any age",
      find: "if (now - asked < this.#openFor) return;",
      replace: "return;",
    },
    {
      section: 6,
      name: "a fence closes the question before it",
      find: "    this.#counts.set(++this.#last, {",
      replace: "    this.#counts.clear();\n    this.#counts.set(++this.#last, {",
      tests: ["tests/paxos/fencing_test.ts", "tests/node/quorum/queries_test.ts"],
    },
    {
      section: 6,
      name: "fences count that were not requested within one TTL",
      find: "now - newest.asked < MIN_TTL) return",
      replace: "now - newest.asked < 10 * MIN_TTL) return",
    },
    {
      section: 6,
      name: "one fence ends a session",
      find: 'if (reply.type === "fenced" && count.fenced.add(sender, true)) return "ended";',
      replace:
        'if (reply.type === "fenced") {\n count.fenced.add(sender, true);\n return "ended"; }',
    },
    {
      section: 6,
      name: "one answer is enough to show that a session is alive",
      find: "if (count.alive.replies.length > size - majority(size)) return",
      replace: "if (count.alive.replies.length > 0) return",
    },
  ]),
  ...mutationsOf("lib/paxos/recovery.ts", ["tests/paxos/recovery_test.ts"], [
    {
      section: 6,
      name: "a recovering member does not learn which sessions their own nodes ended",
      find: "ended: [...new Set(copies.flatMap((copy) => copy.ended))],",
      replace: "ended: copies[0].ended,",
    },
  ]),
  ...mutationsOf("lib/paxos/voter.ts", ["tests/paxos/voter_test.ts"], [
    {
      section: 6,
      name: "a recovered member ignores which sessions their own nodes ended",
      find: "memory.fenced, memory.ended, memory.over);",
      replace: "memory.fenced, [], memory.over);",
    },
    {
      section: 6,
      name: "an acceptor does not know how coarse its clock is",
      find: "new SessionTable(record.maxTtl, clockError);",
      replace: "new SessionTable(record.maxTtl);",
    },
    {
      section: 6,
      name: "another node renews a session",
      find:
        "        if (!this.#isOwn(request.session, from)) return undefined;\n        this.clocks.tell(",
      replace: "        this.clocks.tell(",
    },
    {
      section: 6,
      name: "another node ends a session",
      find:
        "        if (!this.#isOwn(request.session, from)) return undefined;\n        return this.sessions.end(",
      replace: "        return this.sessions.end(",
    },
    {
      section: 6,
      name: "another life ends a session",
      find: "return node === from.node && life === from.life;",
      replace: "return node === from.node;",
    },
    {
      section: 6,
      name: "a recovered member does not know that it forgot renewals",
      find: "    voter.sessions.recover(now, memory.fenced, memory.ended, memory.over);\n",
      replace: "",
    },
    {
      section: 7,
      name: "a recovered member does not wait as long as the others",
      find: "    voter.sessions.grantFrom(now + memory.wait);\n",
      replace: "",
    },
    {
      section: 7,
      name: "a recovered member does not use its copy",
      find: "    voter.acceptor.adopt(memory.registers, memory.floor, now);\n",
      replace: "",
    },
    {
      section: 7,
      name: "the floor of the genesis is ignored",
      find: "floor: record.floor,",
      replace: "floor: 0,",
    },
  ]),
  ...mutationsOf("lib/singletons/outbound.ts", ["tests/cluster/slow_network_test.ts"], [
    {
      section: 10,
      name: "a host counts as gone before a slow answer can come",
      find: "Math.max(SILENT_HOST, SILENT_ROUND_TRIPS * pacing.roundTrip)",
      replace: "SILENT_HOST + 0 * pacing.roundTrip",
    },
  ]),
  ...mutationsOf("lib/node/runtime/clock_error.ts", ["tests/node/runtime/clock_error_test.ts"], [
    {
      section: 6,
      name: "a clock without an observed step counts as fine",
      find: "#step = COARSEST_STEP;",
      replace: "#step = 0;",
    },
    {
      section: 6,
      name: "a clock that rounds up is not expected",
      find: "return Math.max(WALL_ERROR, 2 * this.#step);",
      replace: "return Math.max(WALL_ERROR, this.#step);",
    },
    {
      section: 6,
      name: "the largest step of a clock counts, not the smallest",
      find: "if (step < this.#step) this.#step = step;",
      replace: "this.#step = step;",
    },
  ]),
  ...mutationsOf("lib/node/core.ts", ["tests/cluster/slow_network_test.ts"], [
    {
      section: 9,
      name: "a release gives up before a slow answer can come",
      find: "Math.max(settings.timeout, this.session.remaining + 1)",
      replace: "this.session.remaining + 1 + 0 * settings.timeout",
    },
  ]),
  ...mutationsOf("lib/node/quorum/tombstone_collector.ts", [
    "tests/node/quorum/tombstone_collector_test.ts",
  ], [
    {
      section: 8,
      name: "the last answer to a release has to come within a second",
      find: "if (this.#longWatches >= MAX_LONG_WATCHES) return stop();",
      replace: "return stop();",
    },
  ]),
  ...mutationsOf("lib/paxos/bare_promises.ts", ["tests/cluster/slow_network_test.ts"], [
    {
      section: 3,
      name: "a promise is dropped before a slow accept can come",
      find: "export const PROMISE_TTL = 30_000;",
      replace: "export const PROMISE_TTL = 10_000;",
    },
  ]),
  ...mutationsOf(
    "lib/node/membership/giving_up_counts.ts",
    ["tests/cluster/slow_network_test.ts"],
    [
      {
        section: 7,
        name: "a count of lost members is over before a slow answer can come",
        find: "if (this.#counts.length > MAX_COUNTS) this.#counts.shift();",
        replace: "while (this.#counts.length > 1) this.#counts.shift();",
      },
    ],
  ),
];
