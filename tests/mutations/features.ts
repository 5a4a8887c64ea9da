import { type Mutation, mutationsOf } from "./mutation.ts";

/** Sections 4, 9 and 10: the features on top. */
export const FEATURES: readonly Mutation[] = [
  ...mutationsOf("lib/kv/puts.ts", ["tests/scripted/puts_test.ts"], [
    {
      section: 7,
      name: "what a put wrote is settled in the cluster of after the put",
      find: "if (chosen.state?.present) settled.note(register, chosen.state, generation);",
      replace:
        "if (chosen.state?.present) settled.note(register, chosen.state, settled.generation);",
    },
    {
      section: 7,
      name: "what a put found is settled in the cluster of after the put",
      find: "          settled.note(register, state, generation);",
      replace: "          settled.note(register, state, settled.generation);",
    },
    {
      section: 4,
      name: "a put of a process that has ended is proposed",
      find: "if (pid !== undefined && owner === undefined) {",
      replace: "if (false) {",
      tests: ["tests/scripted/puts_test.ts"],
    },
    {
      section: 4,
      name: "a put goes on after the end of its process",
      find: "const mayWrite = () => owner?.ended !== true && (",
      replace: "const mayWrite = () => (",
    },
    {
      section: 4,
      name: "a put goes on after the end of its own session",
      find: "(own === undefined || session.isPossible(own));",
      replace: "true;",
    },
    {
      section: 4,
      name: "a put forgets when it was sent first",
      find: "put.firstAccept ??= ballot.counter;",
      replace: "put.firstAccept = ballot.counter;",
    },
    {
      section: 4,
      name: "an owner is not told of what it may have written",
      find: "owner?.writes(register);",
      replace: "",
    },
    {
      section: 4,
      name: "an owner believes that an unknown write was none",
      find: "if (wrote && chosenForSure !== undefined) owner?.knows(register, chosenForSure);",
      replace: "if (wrote) owner?.knows(register, chosenForSure === true);",
    },
    {
      section: 4,
      name: "a put that found no room for another attempt says that it failed",
      find: 'if (full && put.firstAccept !== undefined) return { kind: "unknown" };',
      replace: "",
    },
    {
      section: 4,
      name: "a put that lapsed after it was sent says that it could not last",
      find: 'if (put.firstAccept !== undefined) return { kind: "unknown" };\n          const lost',
      replace: "const lost",
    },
    {
      section: 4,
      name: "what is bound to another node's process is proposed here",
      find: "if (pid !== undefined && pid.node !== this.#core.engine.self) {",
      replace: "if (false) {",
      tests: ["tests/kv/handover_test.ts"],
    },
    {
      section: 4,
      name: "what an earlier life may have run is run again",
      find: "if (parseSession(pid.session).life !== this.#core.engine.life) return LOST;",
      replace: "",
    },
    {
      section: 4,
      name: "a put is handed over to a process that is not meant",
      find: "if (bound === undefined || !samePid(bound, pid)) return REFUSED;",
      replace: "",
    },
    {
      section: 4,
      name: "a put is handed over to a session that is over",
      find: "if (await questions.sessionOf(pid.node, limits) !== pid.session) {",
      replace: "if (false) {",
      tests: ["tests/kv/handover_test.ts"],
    },
  ]),
  ...mutationsOf("lib/kv/handovers.ts", ["tests/kv/handovers_test.ts"], [
    {
      section: 4,
      name: "a put that was handed over twice is run twice",
      find: "if (known !== undefined) return known;",
      replace: "",
    },
    {
      section: 4,
      name: "a put that is forgotten is run again",
      find: "if (sequence <= (this.#forgotten.get(life) ?? 0)) {",
      replace: "if (false) {",
    },
  ]),
  ...mutationsOf("lib/kv/bindings.ts", ["tests/kv/bindings_test.ts"], [
    {
      section: 4,
      name: "a value may be bound to a time that has passed",
      find: "if (runtime.wallNow() >= options.until) {",
      replace: "if (false) {",
      tests: ["tests/kv/bound_until_test.ts"],
    },
    {
      section: 4,
      name: "a value may be bound to a key that is absent",
      find: "if (!state?.present) {",
      replace: "if (false) {",
      tests: ["tests/kv/bound_to_key_test.ts"],
    },
    {
      section: 4,
      name: "a value may be bound to a node without a session",
      find: "if (session === null) return ended(`node ${options.node} has no session`);",
      replace: "",
      tests: ["tests/kv/bound_to_node_test.ts"],
    },
    {
      section: 4,
      name: "a value may be bound to a process of a session that was not granted",
      find: "if (await core.session.valid(limits) !== session) return ended(pidEnded(pid));",
      replace: "",
      tests: ["tests/scripted/puts_test.ts"],
    },
    {
      section: 4,
      name: "a value may be bound to a process that has ended",
      find: "if (processes.owner(pid) === undefined) return ended(pidEnded(pid));",
      replace: "",
      tests: ["tests/scripted/puts_test.ts"],
    },
  ]),
  ...mutationsOf("lib/owners/process_table.ts", ["tests/scripted/puts_test.ts"], [
    {
      section: 4,
      name: "a process that exits does not make sure that unknown writes are gone",
      find: "this.#release(owner, register, unknown > 0)",
      replace: "this.#release(owner, register, false)",
    },
    {
      section: 4,
      name: "a release that failed is not tried again",
      find: "if (engine.isClosed || engine.hopeless !== undefined) return;",
      replace: "return;",
    },
    {
      section: 4,
      name: "a process that has ended is still there",
      find: "    this.#owners.delete(nameOf(owner.pid));\n",
      replace: "",
      tests: ["tests/scripted/puts_test.ts"],
    },
    {
      section: 4,
      name: "a write that is known to have failed is forgotten with one that is not",
      find: "if (!writes.owned && writes.unknown === 0) this.registers.delete(register);",
      replace: "if (!writes.owned) this.registers.delete(register);",
    },
  ]),
  ...mutationsOf("lib/kv/paxos_kv.ts", [
    "tests/kv/no_quorum_test.ts",
    "tests/scripted/puts_test.ts",
  ], [
    {
      section: 4,
      name: "a put with an unknown outcome is made once more",
      find:
        'if (sent) throw new SynodError("outcome_unknown", `${call}: nobody can know its outcome`);',
      replace: "",
      tests: ["tests/recovery/clients_test.ts"],
    },
  ]),
  ...mutationsOf("lib/locks/lock_table.ts", ["tests/scripted/lock_table_test.ts"], [
    {
      section: 9,
      name: "who stops waiting leaves its request behind",
      find: "if (ticket.firstAccept !== undefined) void this.release(ticket, true);",
      replace: "",
    },
    {
      section: 9,
      name: "who stops waiting does not make sure that its request is gone",
      find: "if (ticket.firstAccept !== undefined) void this.release(ticket, true);",
      replace: "if (ticket.firstAccept !== undefined) void this.release(ticket);",
    },
    {
      section: 9,
      name: "who was stolen from does not make sure that it is gone",
      find:
        "    ticket.end(stolen());\n    // An earlier write of it may still be adopted by somebody.\n    void this.release(ticket, true);",
      replace: "    ticket.end(stolen());",
    },
    {
      section: 9,
      name: "a lock is held though its session is over",
      find: "if (!owner.ended && this.#core.session.isValid(owner.pid.session)) return;",
      replace: "return;",
    },
    {
      section: 9,
      name: "a request is made for an owner that has ended",
      find: "if (owner.ended || !this.#core.session.isPossible(owner.pid.session)) {",
      replace: "if (false) {",
    },
    {
      section: 9,
      name: "a holder is dropped that members merely believe gone",
      find:
        "if (session === own || !await this.#core.questions.fence(session, limits)) return false;",
      replace: "if (session === own) return false;",
    },
    {
      section: 9,
      name: "a request whose grant is known is run again",
      find: 'if (chosen.result.kind === "granted" || chosen.stale.length === 0) return chosen;',
      replace: "if (chosen.stale.length === 0) return chosen;",
    },
    {
      section: 9,
      name: "a thief that was sent steals again",
      find: "const sent = ticket.firstAccept !== undefined && since >= ticket.firstAccept;",
      replace: "const sent = false;",
    },
    {
      section: 9,
      name: "a thief whose theft cannot have been gives up",
      find: "const sent = ticket.firstAccept !== undefined && since >= ticket.firstAccept;",
      replace: "const sent = ticket.firstAccept !== undefined;",
    },
    {
      section: 9,
      name: "locks outlive the session",
      find: "      ticket.end(error);\n",
      replace: "",
      tests: ["tests/scripted/lock_table_test.ts"],
    },
  ]),
  ...mutationsOf("lib/locks/room.ts", ["tests/scripted/lock_table_test.ts"], [
    {
      section: 9,
      name: "a state of before a request says that it was stolen",
      find: "ticket.seen !== undefined && compareBallots(ballot, ticket.seen) > 0;",
      replace: "ticket.seen !== undefined;",
    },
    {
      section: 9,
      name: "who was in the queue and is nowhere goes on waiting",
      find: "if (queued.has(waiter) || !isLater(ticket)) continue;",
      replace: "continue;",
    },
    {
      section: 9,
      name: "who lost the lock to a thief is not told",
      find: "if (!held.has(name) && isLater(ticket)) stolen();",
      replace: "",
      tests: ["tests/locks/steal_test.ts"],
    },
    {
      section: 9,
      name: "nobody watches over those who have the lock",
      find: "if (this.#waiting.size > 0) this.#monitor(holders);",
      replace: "",
      tests: ["tests/locks/hand_over_test.ts"],
    },
    {
      section: 9,
      name: "a change that was learned leaves a promise that is outdated",
      find: "      this.#core.proposals.outdated(this.#register, learned.ballot);\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/locks/lock.ts", ["tests/scripted/lock_table_test.ts"], [
    {
      section: 9,
      name: "a lock is held beyond the deadline",
      find: "this.#parts.ticket.holds && this.#parts.isValid();",
      replace: "this.#parts.ticket.holds;",
    },
    {
      section: 9,
      name: "a lock is held while it is released",
      find: "return this.#released === undefined && this.#parts.ticket.holds",
      replace: "return this.#parts.ticket.holds",
      tests: ["tests/locks/process_lock_test.ts"],
    },
  ]),
  ...mutationsOf("lib/node/runtime/checked_signal.ts", ["tests/node/open_signal_test.ts"], [
    {
      section: 6,
      name: "a signal is right only when its timer has run",
      find: "        check();\n",
      replace: "",
      tests: ["tests/scripted/host_test.ts", "tests/node/open_signal_test.ts"],
    },
  ]),
  ...mutationsOf(
    "lib/singletons/singleton_value.ts",
    ["tests/singletons/singleton_value_test.ts"],
    [
      {
        section: 10,
        name: "a host takes the place of a live instance",
        find: "if (value !== null && holder !== null && !hasEnded(holder.session)) {",
        replace: "if (false) {",
      },
      {
        section: 10,
        name: "a host that may not takes the place",
        find: "if (!mayTake()) return { draft: null, result: { pid: null, args: start.args } };",
        replace: "",
      },
      {
        section: 10,
        name: "who leaves frees the place of another one",
        find: "if (value === null || value.pid === null || !isHolder(value.pid)) {",
        replace: "if (value === null || value.pid === null) {",
      },
      {
        section: 10,
        name: "an instance does not depend on the session of its host",
        find: "const owners = pid === null ? [] : [pid.session];",
        replace: "const owners: SessionId[] = [];",
      },
    ],
  ),
  ...mutationsOf("lib/singletons/host.ts", [
    "tests/singletons/start_test.ts",
    "tests/singletons/end_test.ts",
  ], [
    {
      section: 10,
      name: "an instance runs for a host that did not win",
      find: "if (!samePid(result.pid, pid)) {",
      replace: "if (false) {",
      tests: ["tests/scripted/host_test.ts"],
    },
    {
      section: 10,
      name: "an instance starts though its session is over",
      find: "      if (!mayTake()) throw lost();\n",
      replace: "",
      tests: ["tests/scripted/host_test.ts"],
    },
    {
      section: 10,
      name: "a start that ends unknown leaves what may yet appear",
      find: "void this.#leave(register, pid, false, true);",
      replace: "",
      tests: ["tests/scripted/host_test.ts"],
    },
    {
      section: 10,
      name: "a start that ends unknown does not make sure",
      find: "void this.#leave(register, pid, false, true);",
      replace: "void this.#leave(register, pid, false, false);",
      tests: ["tests/scripted/host_test.ts"],
    },
    {
      section: 10,
      name: "a start that ends unknown leaves its process",
      find: "      void process.exit();\n      throw error;",
      replace: "      throw error;",
      tests: ["tests/scripted/host_test.ts"],
    },
    {
      section: 10,
      name: "another instance than the one that is meant runs a call",
      find: "running !== undefined && running.instance.token === call.token &&",
      replace: "running !== undefined &&",
      tests: ["tests/scripted/host_test.ts"],
    },
    {
      section: 10,
      name: "another life says of a call that it never started",
      find:
        'if (question.type !== "call" || parseSession(question.session).life !== engine.life) return;',
      replace: 'if (question.type !== "call") return;',
      tests: ["tests/scripted/host_test.ts"],
    },
    {
      section: 10,
      name: "a host of a new life remembers the calls of the one before",
      find: "if (this.#life !== engine.life) {",
      replace: "if (false) {",
      tests: ["tests/scripted/host_test.ts"],
    },
    {
      section: 10,
      name: "the entry of an instance that has ended is not sealed",
      find: "    await this.#leave(register, pid, byItself, false);\n",
      replace: "",
      tests: ["tests/scripted/host_test.ts"],
    },
  ]),
  ...mutationsOf("lib/singletons/instance.ts", ["tests/singletons/instance_test.ts"], [
    {
      section: 10,
      name: "a call starts past the deadline",
      find: "if (!this.#parts.isOpen()) {",
      replace: "if (false) {",
    },
    {
      section: 10,
      name: "calls overlap",
      find: "(this.#parts.concurrent || this.#running === 0)",
      replace: "true",
    },
    {
      section: 10,
      name: "calls that wait at the end of an instance are forgotten",
      find: '{ answering } of this.#waiting.splice(0)) answering({ type: "refused" });',
      replace: "{ answering } of this.#waiting.splice(0)) answering.name;",
    },
  ]),
  ...mutationsOf("lib/singletons/inbox.ts", ["tests/singletons/inbox_test.ts"], [
    {
      section: 10,
      name: "a call that comes twice runs twice",
      find: "if (known !== undefined) {\n      known.tell = tell;",
      replace: "if (known !== undefined && known.answer !== undefined) {\n      known.tell = tell;",
    },
    {
      section: 10,
      name: "a call that is done for its caller runs when it comes late",
      find: "} else if (sequence > caller.handed) {",
      replace: "} else {",
    },
    {
      section: 10,
      name: "a call that was refused as busy runs later",
      find: '} else if (caller.busy.has(sequence)) {\n      tell({ type: "busy" });',
      replace: "} else if (false) {\n",
    },
    {
      section: 10,
      name: "an attempt has two answers",
      find: "if (attempt.answer !== undefined) return;",
      replace: "",
    },
    {
      section: 10,
      name: "calls run in the order in which they come",
      find: "const next = caller.handed + 1;",
      replace:
        "const next = [...caller.attempts].find(([, { call }]) => call !== undefined)?.[0] ?? caller.handed + 1;",
    },
    {
      section: 10,
      name: "two lives of one caller are one",
      find: "#caller(node: string, life: Life): Caller {",
      replace: "#caller(node: string, _life: Life): Caller {\n    const life = node;",
    },
  ]),
  ...mutationsOf("lib/singletons/outbound.ts", [
    "tests/singletons/call_test.ts",
    "tests/singletons/failover_test.ts",
  ], [
    {
      section: 10,
      name: "a call goes on in the name of another life of its caller",
      find: "isLost: () => engine.life !== life,",
      replace: "isLost: () => false,",
      tests: ["tests/scripted/outbound_test.ts"],
    },
    {
      section: 10,
      name: "a call has another number each time that it is sent",
      find: "return toQuestion(attempt, channel, sequence, named);",
      replace: "return toQuestion(attempt, channel, isFirst ? sequence : ++channel.last, named);",
      tests: ["tests/scripted/outbound_test.ts"],
    },
  ]),
];
