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
      name: "sessions are granted while clients may believe in older ones",
      find: "if (ttl > this.#maxTtl || now < this.#grantsFrom) return undefined;",
      replace: "if (ttl > this.#maxTtl) return undefined;",
    },
    {
      section: 6,
      name: "a session that was fenced is renewed",
      find: "if (this.#fenced.has(session)) {\n      this.#fenced.set(session, now);",
      replace: "if (false) {\n      this.#fenced.set(session, now);",
    },
    {
      section: 6,
      name: "a session that was renewed is fenced",
      find: "if (!this.#fenced.has(session) && remaining > 0)",
      replace: "if (false)",
    },
    {
      section: 6,
      name: "a session is fenced before its whole time to live",
      find: "renewal.renewed + renewal.ttl - now;",
      replace: "renewal.renewed + renewal.ttl * 0.95 - now;",
    },
    {
      section: 6,
      name: "an older renewal counts, not the latest",
      find: "this.#renewals.set(session, { renewed: now, ttl, hosts });",
      replace:
        "if (!this.#renewals.has(session)) this.#renewals.set(session, { renewed: now, ttl, hosts });",
    },
    {
      section: 6,
      name: "who came back fences at once",
      find: 'if (this.#allAliveUntil > now) return { type: "alive", session, remaining };',
      replace: "",
    },
    {
      section: 6,
      name: "who came back waits less than the longest time to live",
      find: "this.#allAliveUntil = now + this.#maxTtl;",
      replace: "this.#allAliveUntil = now + this.#maxTtl / 2;",
    },
    {
      section: 6,
      name: "who came back renews what others fenced",
      find: "for (const session of fenced) this.#fenced.set(session, now);",
      replace: "",
    },
    {
      section: 6,
      name: "who came back believes sessions expired",
      find: "    if (this.#allAliveUntil > now) return false;\n",
      replace: "",
    },
    {
      section: 7,
      name: "a shorter wait takes the place of a longer one",
      find: "this.#grantsFrom = Math.max(this.#grantsFrom, time);",
      replace: "this.#grantsFrom = time;",
    },
    {
      section: 7,
      name: "nobody is told how long is still to be waited",
      find: "return Math.max(0, this.#grantsFrom - now);",
      replace: "return 0;",
    },
    {
      section: 6,
      name: "a session that its node ended is not fenced",
      find: "    this.#sweep(now);\n    return this.#fence(session, now);",
      replace: '    this.#sweep(now);\n    return { type: "fenced", session };',
    },
    {
      section: 6,
      name: "what is fenced is not remembered",
      find: "    this.#fenced.set(session, now);\n    this.#renewals.delete(session);",
      replace: "    this.#renewals.delete(session);",
    },
    {
      section: 6,
      name: "names of sessions that nobody has fill the memory",
      find:
        "if (this.#fenced.size >= MAX_SESSIONS && !this.#fenced.has(session)) return undefined;",
      replace: "",
    },
    {
      section: 6,
      name: "the newest session may be one that has expired",
      find: "if (now - renewed >= ttl || this.#fenced.has(session)) continue;\n      if (!session",
      replace: "if (this.#fenced.has(session)) continue;\n      if (!session",
    },
    {
      section: 6,
      name: "the newest session may be one of another node",
      find: "if (!session.startsWith(`${node}/`)) continue;",
      replace: "if (!session.startsWith(node)) continue;",
    },
    {
      section: 6,
      name: "the newest session is the oldest",
      find: "compareSessions(session, newest) > 0) newest",
      replace: "compareSessions(session, newest) < 0) newest",
    },
    {
      section: 2,
      name: "sessions of different lives are in the order of their numbers",
      find: "if (first.life !== second.life) return first.life < second.life ? -1 : 1;",
      replace: "",
    },
    {
      section: 6,
      name: "what is fenced is forgotten too soon",
      find: "if (now - asked >= 10 * this.#maxTtl)",
      replace: "if (now - asked >= this.#maxTtl)",
    },
    {
      section: 6,
      name: "what is fenced is never forgotten",
      find: "if (now - asked >= 10 * this.#maxTtl) this.#fenced.delete(session);",
      replace: "",
    },
    {
      section: 6,
      name: "to ask for a fenced session does not keep it fenced",
      find: '      this.#fenced.set(session, now);\n      return { type: "refused", session };',
      replace: '      return { type: "refused", session };',
    },
    {
      section: 6,
      name: "a renewal is forgotten before it has expired",
      find: "if (now - renewed >= ttl) this.#renewals.delete(session);",
      replace: "this.#renewals.delete(session);",
    },
  ]),
  ...mutationsOf("lib/paxos/lease.ts", ["tests/paxos/lease_test.ts"], [
    {
      section: 6,
      name: "an owner counts on its whole time to live",
      find: "OWNER_SHARE = 0.95",
      replace: "OWNER_SHARE = 1",
    },
    {
      section: 6,
      name: "an owner counts from the answer, not from its question",
      find: "this.#granted = pending.sent;",
      replace: "this.#granted = at;",
    },
    {
      section: 6,
      name: "an owner trusts a clock that stands still in sleep",
      find: "return Math.max(to.now - from.now, to.wall - from.wall);",
      replace: "return to.now - from.now;",
    },
    {
      section: 6,
      name: "an owner trusts a clock that is set back",
      find: "return Math.max(to.now - from.now, to.wall - from.wall);",
      replace: "return to.wall - from.wall;",
    },
    {
      section: 6,
      name: "a session that is over is granted again",
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
      name: "a session whose deadline has passed comes back",
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
      name: "fences count however long ago they were asked for",
      find:
        "    this.#fenced = new Tally(this.#members);\n    this.#alive = new Tally(this.#members);\n    return false;",
      replace: "    this.#alive = new Tally(this.#members);\n    return false;",
    },
    {
      section: 6,
      name: "fences count that were not asked for within one time to live",
      find: "if (now - this.#asked < MIN_TTL) return true;",
      replace: "if (now - this.#asked < 10 * MIN_TTL) return true;",
    },
    {
      section: 6,
      name: "one fence ends a session",
      find: 'if (reply.type === "fenced" && this.#fenced.add(sender, true)) return "ended";',
      replace:
        'if (reply.type === "fenced") {\n this.#fenced.add(sender, true);\n return "ended"; }',
    },
    {
      section: 6,
      name: "one answer says that a session is alive",
      find: "if (this.#alive.replies.length > count - majority(count)) return",
      replace: "if (this.#alive.replies.length > 0) return",
    },
  ]),
  ...mutationsOf("lib/paxos/voter.ts", ["tests/paxos/voter_test.ts"], [
    {
      section: 6,
      name: "another node renews a session",
      find:
        "        if (!isOwn(request.session, from)) return undefined;\n        return this.sessions.renew(",
      replace: "        return this.sessions.renew(",
    },
    {
      section: 6,
      name: "another node ends a session",
      find:
        "        if (!isOwn(request.session, from)) return undefined;\n        return this.sessions.end(",
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
      name: "who came back does not know that it forgot renewals",
      find: "    voter.sessions.recover(now, memory.fenced);\n",
      replace: "",
    },
    {
      section: 7,
      name: "who came back does not wait as long as the others",
      find: "    voter.sessions.grantFrom(now + memory.wait);\n",
      replace: "",
    },
    {
      section: 7,
      name: "who came back has nothing of what it copied",
      find: "    voter.acceptor.adopt(memory.registers, memory.floor, now);\n",
      replace: "",
    },
    {
      section: 7,
      name: "the floor of the genesis is not heeded",
      find: "floor: record.floor,",
      replace: "floor: 0,",
    },
  ]),
];
