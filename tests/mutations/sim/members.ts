import { type Mutation, SOON } from "./mutation.ts";

/**
 * Mutations of changes of the members (section 11). The model has more of them, and finds those that need events within
 * one round trip.
 */
export const MEMBER_MUTATIONS: readonly Mutation[] = [
  {
    name: "members: a change is settled without a sweep",
    file: "lib/paxos/member_change.ts",
    find: "this.#toRewrite = new Set(inventory.registers);",
    replace: "",
    seeds: SOON,
    changes: true,
  },
  {
    name: "members: a member serves requests of an older epoch",
    file: "lib/paxos/standing.ts",
    find: 'if (mark.epoch === epoch) return "serve";',
    replace: 'if (mark.epoch <= epoch) return "serve";',
    seeds: SOON,
    changes: true,
  },
  {
    name: "members: an unsettled configuration is replaced",
    file: "lib/paxos/configuration.ts",
    find: "members: [...members, { ...joining, since }], joining: null };",
    replace: "members: [...members, { ...joining, since }], joining: null, settled: true };",
    seeds: SOON,
    changes: true,
  },
  {
    name: "members: a process that was replaced comes back under the next configuration",
    file: "lib/paxos/place.ts",
    find: 'if (this.#standing === "replaced") return;',
    replace: "",
    seeds: 200,
    changes: true,
  },
  {
    name: "members: a configuration that no node knows to be chosen stays unknown",
    file: "lib/node/membership/member_changes.ts",
    find: "void this.#learn();",
    replace: ";",
    seeds: SOON,
    workload: "locks",
    changes: true,
  },
];
