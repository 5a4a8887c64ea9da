import { type Mutation, mutationsOf } from "./mutation.ts";

const WHOLE = ["tests/cluster/invariant_test.ts"];
const MACHINES = ["tests/paxos/invariant_test.ts"];

/** Sections 3, 6, 7 and 9: what is asserted, and the end of a node whose invariant fails. */
export const INVARIANTS: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/invariant.ts", MACHINES, [
    {
      section: 3,
      name: "nothing is asserted",
      find: "  if (condition) return;\n",
      replace: "  return;\n",
    },
    {
      section: 3,
      name: "a simulator hears nothing of a failed invariant",
      find: "  for (const listener of listeners) listener(error);\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/engine/engine.ts", WHOLE, [
    {
      section: 3,
      name: "a member whose invariant failed goes on voting",
      find: "    this.#view.abstain();\n",
      replace: "",
    },
    {
      section: 3,
      name: "a node whose invariant failed sends what it had prepared",
      find: "    this.#outbox.close();\n    this.#operations.fail",
      replace: "    this.#operations.fail",
    },
    {
      section: 3,
      name: "operations go on in a node whose invariant failed",
      find: "    this.#operations.fail(broken);\n",
      replace: "",
      tests: ["tests/node/engine/engine_test.ts"],
    },
    {
      section: 3,
      name: "a node whose invariant failed does not close",
      find: "    this.#handlers.broken(broken);\n",
      replace: "",
    },
    {
      section: 3,
      name: "an invariant that failed in a frame costs that frame only",
      find: "      if (this.contain(error) === error) this.#handlers.failed(error);\n",
      replace: "      this.#handlers.failed(error);\n",
    },
  ]),
  ...mutationsOf("lib/node/runtime/guarded_runtime.ts", [
    "tests/node/runtime/guarded_runtime_test.ts",
  ], [
    {
      section: 3,
      name: "an invariant that failed in a timer does not stop the node",
      find: "runtime.setTimer(guarded(callback), delay)",
      replace: "runtime.setTimer(callback, delay)",
    },
    {
      section: 3,
      name: "an invariant that failed at the end of a turn does not stop the node",
      find: "runtime.defer(guarded(callback))",
      replace: "runtime.defer(callback)",
    },
  ]),
  ...mutationsOf("lib/node/quorum/combine.ts", WHOLE, [
    {
      section: 3,
      name: "an invariant that failed in a change ends only that change",
      find: "      if (error instanceof InvariantError) throw error;\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/register_proposals.ts", WHOLE, [
    {
      section: 3,
      name: "an invariant that failed in a proposer ends only its changes",
      find: "const reason = this.#engine.contain(error);",
      replace: "const reason = error;",
    },
  ]),
  ...mutationsOf("lib/node/quorum/queries.ts", WHOLE, [
    {
      section: 3,
      name: "an invariant that failed as lists were counted ends only that operation",
      find: ".catch((error) => reject(this.#engine.contain(error)))",
      replace: ".catch(reject)",
    },
  ]),
  ...mutationsOf("lib/node/membership/node_session.ts", WHOLE, [
    {
      section: 6,
      name: "an invariant of the lease that failed is thrown at a user",
      find: "if (this.#engine.contain(error) === error) throw error;",
      replace: "throw error;",
    },
  ]),
  ...mutationsOf("lib/cluster/lifecycle.ts", WHOLE, [
    {
      section: 6,
      name: "a node whose invariant failed still counts as an owner",
      find: "    session.stop();\n    void this.#close(error);\n",
      replace: "    void this.#close(error);\n",
    },
    {
      section: 3,
      name: "a node whose invariant failed closes without a word",
      find: '    this.#tellLost(granted);\n    this.#emit("error", { error });\n',
      replace: "    this.#tellLost(granted);\n",
    },
  ]),
  ...mutationsOf("lib/paxos/proposer.ts", MACHINES, [
    {
      section: 3,
      name: "a kept promise may be above the clock",
      find: '    assertInvariant(ballot.counter <= clock.counter, "no other attempt',
      replace: '    assertInvariant(true, "no other attempt',
    },
    {
      section: 3,
      name: "a ballot may be used for two states",
      find: "      compareBallots(this.#ballot, this.#proposed) > 0,\n",
      replace: "      true,\n",
    },
    {
      section: 3,
      name: "a token may shrink",
      find: "      draft === null || this.#ballot.counter > token,\n",
      replace: "      true,\n",
    },
  ]),
  ...mutationsOf("lib/paxos/proposer.ts", ["tests/paxos/proposer_kept_test.ts"], [
    {
      section: 3,
      name: "a promise is kept for a counter beyond the last one",
      find: "written.present && !isOfAnother && counter + 1 < MAX_COUNTER &&",
      replace: "written.present &&",
    },
  ]),
  ...mutationsOf("lib/paxos/recovery.ts", MACHINES, [
    {
      section: 7,
      name: "a copy may be sent before the announcement is noted",
      find: "    incarnations.of(from) >= request.incarnation,\n",
      replace: "    true,\n",
    },
  ]),
  ...mutationsOf("lib/paxos/quorum.ts", MACHINES, [
    {
      section: 7,
      name: "a node that is no member may have an incarnation",
      find: "assertInvariant(index >= 0 && index < this.#entries.length,",
      replace: "assertInvariant(true,",
    },
    {
      section: 7,
      name: "a quorum may have no members",
      find: "shares.length > 0 && shares.every(({ needed }) => needed >= 1),",
      replace: "true,",
    },
  ]),
  ...mutationsOf("lib/paxos/lock_register.ts", MACHINES, [
    {
      section: 9,
      name: "a lock that another node wrote with two owners closes this node",
      find: "    holdersShare(value) || !holdersShare(before),\n",
      replace: "    holdersShare(value),\n",
    },
    {
      section: 9,
      name: "a lock that another node wrote with a request twice closes this node",
      find: "hasDoubles(before, Infinity)",
      replace: "hasDoubles(before, SEARCHED)",
    },
  ]),
  ...mutationsOf("lib/codec/copies.ts", ["tests/codec/membership_messages_test.ts"], [
    {
      section: 7,
      name: "a copy may name an accepted ballot above the promise",
      find: "compareBallots(copy.accepted.ballot, copy.promised) > 0",
      replace: "false",
    },
  ]),
];
