import { type Mutation, mutationsOf } from "./mutation.ts";

/** Section 6: proofs that the processes of lives run no more. */
export const PROOFS: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/sessions.ts", ["tests/paxos/sessions_over_test.ts"], [
    {
      section: 6,
      name: "a member that just came back does not answer at once that a life is over",
      find: 'if (this.#isOver(session)) return { type: "fenced", session };',
      replace: 'if (this.#ended.has(session)) return { type: "fenced", session };',
    },
    {
      section: 6,
      name: "a session of a life that is over is renewed",
      find: "return this.#fenced.has(session) || this.#isOver(session);",
      replace: "return this.#fenced.has(session) || this.#ended.has(session);",
    },
    {
      section: 6,
      name: "a session of a life that is over is not stale at once",
      find: "if (this.#isOver(session)) return true;",
      replace: "if (this.#ended.has(session)) return true;",
    },
    {
      section: 6,
      name: "a recovered member does not keep the copied proofs",
      find: "for (const life of over) this.#lives.add(life, now);",
      replace: "",
    },
    {
      section: 6,
      name: "a proof is forgotten while a renewal of its life may count",
      find: "this.#lives.dropUntil(now - this.#maxTtl);",
      replace: "this.#lives.dropUntil(now - this.#maxTtl / 2);",
    },
    {
      section: 6,
      name: "requests keep the fences of a life that is over",
      find: "if (this.#isOver(session)) return;\n    // Deleted",
      replace: "if (this.#ended.has(session)) return;\n    // Deleted",
    },
  ]),
  ...mutationsOf("lib/paxos/ended_lives.ts", ["tests/paxos/sessions_over_test.ts"], [
    {
      section: 6,
      name: "a proof ends the sessions of other lives",
      find: "return this.#lives.size > 0 && this.#lives.has(lifeOf(session));",
      replace: "return this.#lives.size > 0;",
    },
    {
      section: 6,
      name: "the life of a session is taken to be its node",
      find: 'session.slice(session.indexOf("/") + 1, session.lastIndexOf("/"))',
      replace: 'session.slice(0, session.indexOf("/"))',
    },
    {
      section: 6,
      name: "the number of lives that are over is not bounded",
      find: "if (this.#lives.size >= MAX_ENDED_LIVES) this.#drop(DROPPED_AT_ONCE, now);",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/recovery.ts", ["tests/paxos/recovery_test.ts"], [
    {
      section: 7,
      name: "a recovering member takes the proofs of one sender",
      find: "over: [...new Set(copies.flatMap((copy) => copy.over))],",
      replace: "over: copies[0].over,",
    },
    {
      section: 7,
      name: "a member does not hand on its proofs",
      find: "over: voter?.sessions.endedLives() ?? [],",
      replace: "over: [],",
    },
  ]),
  ...mutationsOf("lib/paxos/voter.ts", ["tests/paxos/voter_test.ts"], [
    {
      section: 7,
      name: "a recovered member ignores which lives are over",
      find: "memory.fenced, memory.ended, memory.over);",
      replace: "memory.fenced, memory.ended);",
    },
    {
      section: 6,
      name: "nodes that wait for the end of a life are not told of the proof",
      find: "const pushes = this.#lives.of(life, now)",
      replace: "const pushes = this.#lives.of(`not ${life}`, now)",
    },
    {
      section: 6,
      name: "a node that begins to wait after the proof is not told of it",
      find: "const isOver = this.sessions.isLifeOver(life);",
      replace: "const isOver = false;",
    },
  ]),
  ...mutationsOf("lib/node/quorum/proofs.ts", ["tests/node/quorum/proofs_test.ts"], [
    {
      section: 6,
      name: "a node gives a proof for its own life",
      find: "if (life === engine.life) throw",
      replace: "if (false) throw",
    },
    {
      section: 6,
      name: "a proof is given again after a frame of that life",
      find: "missing: () => wanted(tally.missing()),",
      replace: "missing: () => tally.missing(),",
    },
    {
      section: 6,
      name: "a frame of any life revokes a proof",
      find: "const underWay = this.#underWay.get(life);",
      replace: "const underWay = [...this.#underWay.values()][0];",
    },
    {
      section: 6,
      name: "a new proof is taken for one that a frame has revoked",
      find: "if (before !== undefined && !before.proof.contradicted)",
      replace: "if (before !== undefined)",
    },
    {
      section: 6,
      name: "the answer of one member is enough for a proof",
      find: "return tally.add(sender, true) || undefined;",
      replace: "return tally.add(sender, true) || true;",
    },
  ]),
  ...mutationsOf("lib/node/engine/dispatcher.ts", ["tests/node/engine/engine_test.ts"], [
    {
      section: 6,
      name: "frames do not show that their sender runs",
      find: "this.#parts.handlers.heard(frame.header.life);",
      replace: "",
    },
    {
      section: 6,
      name: "relayed messages do not show that their sender runs",
      find: "handlers.heard(life);\n    routes",
      replace: "routes",
    },
  ]),
  ...mutationsOf("lib/node/engine/admission.ts", ["tests/node/engine/admission_test.ts"], [
    {
      section: 6,
      name: "an outsider gives a proof",
      find: 'over: "client",',
      replace: 'over: "outsider",',
    },
  ]),
  ...mutationsOf(
    "lib/node/membership/node_session.ts",
    ["tests/node/membership/node_session_test.ts"],
    [
      {
        section: 6,
        name: "a node whose life is said to be over asks for sessions without a pause",
        find: "if (this.#refusedSessions++ === 0) this.#renew(0);",
        replace: "if (this.#refusedSessions++ >= 0) this.#renew(0);",
      },
    ],
  ),
  ...mutationsOf("lib/owners/session_monitor.ts", ["tests/cluster/report_exit_test.ts"], [
    {
      section: 6,
      name: "a node that waits for the end of a session does not hear of proofs",
      find: "if (lifeOf(watched.session) !== life) continue;",
      replace: "continue;",
    },
  ]),
  ...mutationsOf("lib/node/quorum/life_watch.ts", ["tests/owners/session_monitor_test.ts"], [
    {
      section: 6,
      name: "a node believes one member that a life is over",
      find: "if (!watched.told.add(sender, true)) return;",
      replace: "",
      tests: ["tests/owners/session_monitor_test.ts"],
    },
    {
      section: 6,
      name: "a proof counts which its member may keep no longer",
      find: "if (now - watched.since >= (record?.maxTtl ?? 0)) this.#forget(watched, now);",
      replace: "if (watched.since === -Infinity) this.#forget(watched, now);",
      tests: ["tests/node/quorum/life_watch_test.ts"],
    },
    {
      section: 6,
      name: "a life is watched no more when one of several watches of it ends",
      find: "watched === undefined || --watched.users > 0",
      replace: "watched === undefined",
      tests: ["tests/node/quorum/life_watch_test.ts"],
    },
    {
      section: 6,
      name: "a node goes on asking about lives that it does not watch any more",
      find:
        "    if (this.#watched.size > 0 || this.#question === undefined) return;\n    this.#engine.pendingReplies.close(this.#question);\n",
      replace: "    if (this.#watched.size > 0 || this.#question === undefined) return;\n",
      tests: ["tests/node/quorum/life_watch_test.ts"],
    },
  ]),
  ...mutationsOf("lib/node/quorum/housekeeper.ts", ["tests/cluster/report_exit_test.ts"], [
    {
      section: 8,
      name: "members clean up after a proof only at their next look",
      find: "this.#sessionsAt = Math.min(this.#sessionsAt, this.#now + this.#headStart);",
      replace: "",
    },
  ]),
  ...mutationsOf("transports/life_locks.ts", ["tests/transports/life_locks_test.ts"], [
    {
      section: 6,
      name: "a node says that it holds its lock before it is granted",
      find: "return this.#held === life ? life : undefined;",
      replace: "return life;",
    },
    {
      section: 6,
      name: "a node waits for its own lock",
      find: "if (!this.#waits || this.#isOver || life === this.#user.life()) return;",
      replace: "if (!this.#waits || this.#isOver) return;",
    },
    {
      section: 6,
      name: "a node that is no member waits for locks",
      find: "if (!this.#waits || this.#isOver || life",
      replace: "if (this.#isOver || life",
    },
    {
      section: 6,
      name: "a lock that is tried counts as granted while it is held",
      find: "if (lock !== null) this.#end(life, aborter);",
      replace: "this.#end(life, aborter);",
    },
    {
      section: 6,
      name: "the lock is released while the node is open",
      find: "if (this.#user.isClosed()) this.#letGo();",
      replace: "this.#letGo();",
    },
    {
      section: 6,
      name: "the lock of an earlier life is released before that of the new life is held",
      find: "    this.#asked = life;\n",
      replace: "    this.#asked = life;\n    this.#letGo();\n",
    },
    {
      section: 6,
      name: "the lock of an earlier life is kept",
      find: "this.#letGo();\n      this.#held = life;",
      replace: "this.#held = life;",
    },
    {
      section: 6,
      name: "a node whose lock is stolen goes on",
      find: "this.#held = undefined;\n      this.#user.ended(life);",
      replace: "this.#held = undefined;",
    },
    {
      section: 6,
      name: "a node whose platform refuses it a lock closes",
      find: "if (this.#held !== life) return;",
      replace: "",
    },
    {
      section: 6,
      name: "any number of lives is waited for",
      find: "if (this.#awaited.size >= MAX_AWAITED) return;",
      replace: "",
    },
    {
      section: 6,
      name: "only the first lives are tried",
      find: "this.#awaited.delete(life);\n      this.#awaited.set(life, aborter);",
      replace: "",
    },
  ]),
  ...mutationsOf("transports/broadcast_channel.ts", ["tests/transports/web_locks_test.ts"], [
    {
      section: 6,
      name: "nodes do not say that they hold their locks",
      find: "if (life !== undefined) packet.holds(life);",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/cluster/lifecycle.ts", ["tests/transports/web_locks_test.ts"], [
    {
      section: 6,
      name: "a node whose lock is stolen goes on owning",
      find: "if (life === engine.life) {",
      replace: "if (life === engine.life) return;\n    if (false) {",
    },
  ]),
  ...mutationsOf("lib/cluster/cluster_node.ts", ["tests/cluster/report_exit_test.ts"], [
    {
      section: 6,
      name: "reportExit() takes anything for a life",
      find: "!LIFE_PATTERN.test(life)",
      replace: "false",
    },
  ]),
];
