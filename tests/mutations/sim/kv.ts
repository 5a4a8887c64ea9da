import { LATE, type Mutation, SOON } from "./mutation.ts";

/**
 * Mutations of Paxos, sessions and the KV.
 *
 * Six rules have no mutation here, because 400 seeds do not find one: the race that the rule prevents needs
 * events within one round trip. `tests/mutations` and the mutations of `tests/model` cover these rules.
 *
 * - Members fence sessions that they renewed, renew sessions that they fenced, or no quorum is asked: a
 *   renewal must arrive between a look at a session and its fence.
 * - A recovered member remembers no promises: an `accept` must be in flight for longer than a crash and a
 *   recovery take.
 * - An exit does not write over unknown outcomes: exactly one member must have the write, must not be among
 *   the members that answer the release, and must not be outvoted before a proposer adopts the write.
 * - A put that lost its session guesses its outcome: its write must be chosen, read and sealed without its
 *   knowledge.
 */
export const KV_MUTATIONS: readonly Mutation[] = [
  {
    name: "an acceptor forgets its promises",
    file: "lib/paxos/acceptor.ts",
    find: "    entry.promised = ballot;\n",
    replace: "",
    seeds: SOON,
  },
  {
    name: "an acceptor accepts below its promise",
    file: "lib/paxos/acceptor.ts",
    find: "if (compareBallots(ballot, promised) < 0) return this.#refuse(request, promised, now);",
    replace: "",
    seeds: SOON,
  },
  {
    name: "an acceptor promises a ballot twice",
    file: "lib/paxos/acceptor.ts",
    find: "if (compareBallots(ballot, promised) <= 0) return",
    replace: "if (compareBallots(ballot, promised) < 0) return",
    seeds: SOON,
  },
  {
    name: "an accept does not promise the next ballot",
    file: "lib/paxos/acceptor.ts",
    find: "next ? after(ballot, heir) : ballot",
    replace: "ballot",
    seeds: SOON,
  },
  {
    name: "an acceptor forgets a register without raising its floor",
    file: "lib/paxos/acceptor.ts",
    find: "this.#floor = Math.max(this.#floor, entry.promised.counter);",
    replace: "",
    seeds: SOON,
  },
  {
    name: "an acceptor forgets a tombstone that others have not accepted",
    file: "lib/paxos/proposer.ts",
    find: "return this.#accepts.size === this.#members.length;",
    replace: "return this.#accepts.reached;",
    seeds: LATE,
  },
  {
    name: "a majority is one member too small",
    file: "lib/paxos/quorum.ts",
    find: "return Math.floor(count / 2) + 1;",
    replace: "return Math.max(1, Math.floor(count / 2));",
    seeds: SOON,
  },
  {
    name: "a proposer takes any accepted state, not the one with the highest ballot",
    file: "lib/paxos/reports.ts",
    find: "return compareBallots(a.ballot, b.ballot) > 0;",
    replace: "return compareBallots(a.ballot, b.ballot) < 0;",
    seeds: SOON,
  },
  {
    name: "an unsure state is reported without being chosen first",
    file: "lib/paxos/reports.ts",
    find: "unanimous: agree && isEnough,",
    replace: "unanimous: true,",
    seeds: SOON,
  },
  {
    name: "a token need not be greater than the one before it",
    file: "lib/paxos/proposer.ts",
    find:
      'if (this.#ballot.counter <= summary.token) {\n      return { do: this.#phase === "fast" ? "retry" : "restart" };\n    }',
    replace: "",
    seeds: LATE,
  },
  {
    name: "a retried put does not recognize its own write",
    file: "lib/paxos/kv_register.ts",
    find: "state.op === put.op",
    replace: "state.op === put.op && false",
    seeds: SOON,
  },
  {
    name: "a put whose write was written over writes again",
    file: "lib/paxos/kv_register.ts",
    find: "put.firstAccept !== undefined && (put.endedByOthers || !mayWrite())",
    replace: "false",
    seeds: SOON,
  },
  {
    name: "a process continues to write after its end",
    file: "lib/paxos/kv_register.ts",
    find: 'if (!mayWrite()) return { draft: null, result: { kind: "lapsed" } };',
    replace: "",
    seeds: LATE,
  },
  {
    name: "a bound value is served as if it were settled",
    file: "lib/node/quorum/settled_values.ts",
    find: "state.bindings.length > 0 || this.#values.get(register) !== undefined",
    replace: "this.#values.get(register) !== undefined",
    seeds: SOON,
  },
  {
    name: "a kept promise is used twice",
    file: "lib/node/quorum/kept_promises.ts",
    find: "if (kept !== undefined) this.#kept.delete(register);",
    replace: "",
    seeds: SOON,
  },
  {
    name: "a session never ends for its owner",
    file: "lib/paxos/lease.ts",
    find: "if (remaining > 0) return remaining;",
    replace: "return this.ttl;",
    seeds: SOON,
  },
  {
    name: "an owner relies on more than its TTL",
    file: "lib/paxos/lease.ts",
    find: "OWNER_SHARE = 0.95",
    replace: "OWNER_SHARE = 1.1",
    seeds: LATE,
  },
  {
    name: "an owner counts from the answer instead of its question",
    file: "lib/paxos/lease.ts",
    find: "this.#granted = pending.sent;",
    replace: "this.#granted = at;",
    seeds: LATE,
  },
  {
    name: "an owner trusts a monotonic clock that stops during sleep",
    file: "lib/paxos/lease.ts",
    find: "return Math.max(to.now - from.now, to.wall - from.wall) +",
    replace: "return to.now - from.now +",
    seeds: SOON,
  },
  {
    name: "a recovered member fences sessions that it may have renewed",
    file: "lib/paxos/sessions.ts",
    find: "this.#allAliveUntil = now + this.#maxTtl + this.#clockError();",
    replace: "",
    seeds: LATE,
  },
  {
    name: "a recovering member needs the memory of only one other member",
    file: "lib/paxos/recovery.ts",
    find: "helpersIn(this.#options.configuration, this.#options.self)",
    replace:
      "helpersIn(this.#options.configuration, this.#options.self).map(({ of }) => ({ of, needed: 1 }))",
    seeds: LATE,
  },
  {
    name: "a value is released before its time",
    file: "lib/node/quorum/liveness.ts",
    find: "this.#runtime.wallNow() >= binding.time",
    replace: "this.#runtime.wallNow() + 500 >= binding.time",
    seeds: SOON,
  },
  {
    name: "a value outlasts the key that it is bound to",
    file: "lib/node/quorum/liveness.ts",
    find: 'if (binding.kind === "key" && await this.#isGone(binding, limits)) return true;',
    replace: "",
    seeds: SOON,
  },
  {
    name: "a value outlasts its owner",
    file: "lib/node/quorum/liveness.ts",
    find: "if (await this.isFenced(session, limits)) return true;",
    replace: "",
    seeds: SOON,
  },
  {
    name: "a watcher goes back to an older state",
    file: "lib/paxos/learner.ts",
    find:
      "  learn(ballot: Ballot): boolean {\n    if (compareBallots(ballot, this.#known) <= 0) return false;",
    replace: "  learn(ballot: Ballot): boolean {",
    seeds: SOON,
  },
  {
    name: "a watcher that misses a message never asks",
    file: "lib/node/quorum/watches.ts",
    find: "    this.read();\n    if (members !== engine.members) return;",
    replace: "    if (members !== engine.members) return;",
    seeds: SOON,
  },
  {
    name: "a request is never sent again",
    file: "lib/node/quorum/register_proposals.ts",
    find: "this.#engine.ask(unanswered.members, { id: this.#requestId, ...unanswered.request });",
    replace: "",
    seeds: SOON,
  },
];
