import { type Mutation, mutationsOf } from "./mutation.ts";

/**
 * Section 7: every quorum is crash-consistent. Each of these mutations counts, for one kind of question,
 * answers from before a crash together with answers that know of the crash. (Questions that only determine a
 * wait may get wrong answers: whether a session lasts, and for how long.)
 */
export const CRASHES: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/proposer.ts", [
    "tests/paxos/proposer_crash_test.ts",
    "tests/paxos/proposer_kept_test.ts",
    "tests/paxos/proposer_short_way_test.ts",
    "tests/paxos/proposer_test.ts",
  ], [
    {
      section: 7,
      name: "promises from before a crash count with replies that know of it",
      find: "if (this.#promises.add(sender, reply)) return this.#decide();",
      replace: "if (this.#promises.add({ ...sender, vector: [] }, reply)) return this.#decide();",
    },
    {
      section: 7,
      name: "accepts from before a crash count with replies that know of it",
      find: "return this.#accepts.add(sender, true) ?",
      replace: "return this.#accepts.add({ ...sender, vector: [] }, true) ?",
    },
    {
      section: 7,
      name: "promises of a fallback from before a crash count with replies that know of it",
      find: "if (!this.#promises.add(sender, reply)) return this.#unlessSplit();",
      replace:
        "if (!this.#promises.add({ ...sender, vector: [] }, reply)) return this.#unlessSplit();",
    },
    {
      section: 7,
      name: "a tombstone is forgotten that a member has only copied since its crash",
      find: "if (this.#hasAccepted(reply)) this.#accepts.add(sender, true);",
      replace: "if (this.#hasAccepted(reply)) this.#accepts.add({ ...sender, vector: [] }, true);",
    },
  ]),
  ...mutationsOf("lib/paxos/quorum_read.ts", ["tests/paxos/quorum_read_test.ts"], [
    {
      section: 7,
      name: "a read counts answers from before a crash with answers that know of it",
      find: "if (!this.#tally.add(sender, reply)) return undefined;",
      replace: "if (!this.#tally.add({ ...sender, vector: [] }, reply)) return undefined;",
    },
  ]),
  ...mutationsOf("lib/paxos/learner.ts", ["tests/paxos/learner_test.ts"], [
    {
      section: 7,
      name: "a learner counts pushes from before a crash with pushes that know of it",
      find: "if (!counted.tally.add(sender, { kind, heir })) return undefined;",
      replace:
        "if (!counted.tally.add({ ...sender, vector: [] }, { kind, heir })) return undefined;",
    },
  ]),
  ...mutationsOf("lib/paxos/fencing.ts", [
    "tests/paxos/fencing_test.ts",
    "tests/node/quorum/queries_test.ts",
  ], [
    {
      section: 7,
      name: "fences from before a crash count with replies that know of it",
      find: "count.fenced.add(sender, true)",
      replace: "count.fenced.add({ ...sender, vector: [] }, true)",
    },
  ]),
  ...mutationsOf("lib/paxos/lease.ts", ["tests/paxos/lease_test.ts"], [
    {
      section: 7,
      name: "renewals from before a crash count with replies that know of it",
      find: "if (!pending.tally.add(sender, true)) return false;",
      replace: "if (!pending.tally.add({ ...sender, vector: [] }, true)) return false;",
    },
  ]),
  ...mutationsOf("lib/paxos/recovery.ts", ["tests/paxos/recovery_test.ts"], [
    {
      section: 7,
      name: "lives reported before a crash count with replies that know of it",
      find: "!this.#known.add(sender, reply.incarnation)",
      replace: "!this.#known.add({ ...sender, vector: [] }, reply.incarnation)",
    },
    {
      section: 7,
      name: "copies from before a crash count with copies that know of it",
      find: "this.#copies.add({ ...sender, vector }, copy)",
      replace: "this.#copies.add({ ...sender, vector: [] }, copy)",
    },
  ]),
  ...mutationsOf("lib/node/quorum/queries.ts", ["tests/node/quorum/queries_test.ts"], [
    {
      section: 7,
      name: "reports of the newest session from before a crash count with replies that know of it",
      find: "all.add(sender, isUnsure",
      replace: "all.add({ ...sender, vector: [] }, isUnsure",
    },
    {
      section: 7,
      name: "reports of hosts from before a crash count with replies that know of it",
      find: "!tally.add(sender, reply.nodes)",
      replace: "!tally.add({ ...sender, vector: [] }, reply.nodes)",
    },
    {
      section: 7,
      name: "the end of a session reported before a crash counts with replies that know of it",
      find: 'if (reply.type === "fenced") tally.add(sender, true);',
      replace: 'if (reply.type === "fenced") tally.add({ ...sender, vector: [] }, true);',
    },
  ]),
];
