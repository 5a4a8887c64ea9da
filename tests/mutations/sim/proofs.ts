import { type Mutation, SOON } from "./mutation.ts";

/** Mutations of proofs that a process has ended, and of the nodes that give them. */
export const PROOF_MUTATIONS: readonly Mutation[] = [
  {
    name: "a process is reported before its end",
    file: "tests/sim/exit_reports.ts",
    find: "const { life } = station.node;",
    replace: "const { life } = this.#random.pick(this.#cluster.up).node!;",
    seeds: SOON,
    workload: "locks",
  },
  {
    name: "the process that took the place of another one is reported in its stead",
    file: "tests/sim/exit_reports.ts",
    find: "reporter.node!.reportExit(life)",
    replace:
      'reporter.node!.reportExit(up.find((one) => one !== reporter && one.id === name.replaceAll("\'", ""))?.node?.life ?? life)',
    seeds: SOON,
    workload: "locks",
  },
  {
    name: "a proof ends the sessions of all lives",
    file: "lib/paxos/ended_lives.ts",
    find: "return this.#lives.size > 0 && this.#lives.has(lifeOf(session));",
    replace: "return this.#lives.size > 0;",
    seeds: SOON,
    workload: "locks",
  },
];
