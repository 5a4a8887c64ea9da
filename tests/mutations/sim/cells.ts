import { type Mutation, SOON } from "./mutation.ts";

const workload = "cells";

/** Mutations of cells. */
export const CELL_MUTATIONS: readonly Mutation[] = [
  {
    name: "an operation on a cell takes effect again, as if it did not know its own write",
    file: "lib/paxos/cell_register.ts",
    find: "if (own !== undefined) return unchanged(wroteAt(own.token, operation));",
    replace: "",
    seeds: SOON,
    workload,
  },
  {
    name: "an operation on a cell takes effect again, since it forgets that it was sent",
    file: "lib/cells/paxos_cells.ts",
    find: "operation.firstAccept ??= counter;",
    replace: "",
    seeds: SOON,
    workload,
  },
  {
    name: "a comparison of a cell does not compare",
    file: "lib/paxos/cell_register.ts",
    find: "command.token !== (cell === null ? 0 : token)",
    replace: "command.token < 0",
    seeds: SOON,
    workload,
  },
];
