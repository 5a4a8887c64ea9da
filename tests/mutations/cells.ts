import { type Mutation, mutationsOf } from "./mutation.ts";

/** Section 10: cells. */
export const CELLS: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/cell_register.ts", ["tests/paxos/cell_register_test.ts"], [
    {
      section: 10,
      name: "an operation on a cell that was never chosen is not tried again",
      find: "firstAccept !== undefined && writers[0].token >= firstAccept",
      replace: "firstAccept !== undefined",
    },
    {
      section: 10,
      name: "an operation on a cell guesses its outcome",
      find: 'return unchanged({ kind: "unknown" });',
      replace: 'return unchanged({ kind: "conflict" });',
    },
    {
      section: 10,
      name: "a cell keeps the writers before a gap",
      find: "[...writers, { op, token: ballot.counter }].slice(-limit)",
      replace: "[...writers.slice(0, limit - 1), { op, token: ballot.counter }]",
    },
    {
      section: 10,
      name: "a cell keeps all its writers",
      find: ".slice(-limit)",
      replace: "",
    },
    {
      section: 10,
      name: "a cell does not keep the absence before its first value",
      find: "const writers = cell?.writers ?? noted ?? [{ op: null, token }];",
      replace: "const writers = cell?.writers ?? noted ?? [];",
    },
    {
      section: 10,
      name: "what is set in the round of a delete does not know the writers before",
      find: "return { draft: { present: false }, result, note };",
      replace: "void note;\n      return { draft: { present: false }, result };",
      tests: ["tests/paxos/cell_attempts_test.ts"],
    },
    {
      section: 10,
      name: "a delete of a cell without a value cannot know its outcome",
      find: 'if (cell === null && command.type === "delete") {',
      replace: 'if (firstAccept === undefined && cell === null && command.type === "delete") {',
    },
    {
      section: 10,
      name: "an update of a cell returns what it would write now, not what it wrote",
      find: 'command.type === "update" ? written.get(token) : valueOf(command, null)',
      replace: "valueOf(command, null)",
    },
    {
      section: 10,
      name: "an update of a cell keeps all that it tried to write",
      find: "if (written.size <= MAX_WRITTEN) return;",
      replace: "return;",
    },
  ]),
  ...mutationsOf("lib/cells/cell_value.ts", ["tests/cells/cell_value_test.ts"], [
    {
      section: 10,
      name: "the state of a cell may have any number of writers",
      find: " || rows.length > ROW * MAX_WRITERS",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/codec/register_use.ts", ["tests/codec/register_use_test.ts"], [
    {
      section: 10,
      name: "a client writes cells of any size",
      find: "value.length <= maxValueBytes + MAX_WRITERS_BYTES",
      replace: "true",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_operations.ts", ["tests/gateway/guest_cells_test.ts"], [
    {
      section: 13,
      name: "a guest sets a cell to a value of any size",
      find: 'operation.type === "put" || operation.type === "cell"',
      replace: 'operation.type === "put"',
    },
  ]),
  ...mutationsOf("lib/gateway/guest_work.ts", ["tests/gateway/guest_cells_test.ts"], [
    {
      section: 13,
      name: "a guest that may get a key may get the cell of this name",
      find: 'type: isCell(register) ? "getCell" : "get"',
      replace: 'type: "get"',
    },
    {
      section: 13,
      name: "a guest that may watch a key may watch the cell of this name",
      find: 'type: isCell(register) ? "watchCell" : "watch"',
      replace: 'type: "watch"',
    },
    {
      section: 13,
      name: "a guest that may list keys may read all values",
      find: 'operation.values ? "entries" : "keys"',
      replace: '"keys"',
    },
    {
      section: 13,
      name: "a gateway changes a cell without a ticket",
      find: '  "cell",\n  "release",',
      replace: '  "release",',
    },
  ]),
  ...mutationsOf("lib/cells/paxos_cells.ts", ["tests/gateway/sent_again_test.ts"], [
    {
      section: 13,
      name: "a gateway answers a change of a cell that was sent again without writing",
      find: "mustWrite: origin?.again,",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/gateway/guest_cells.ts", ["tests/gateway/guest_cells_test.ts"], [
    {
      section: 13,
      name: "a gateway takes a change of a cell that was sent again for a first one",
      find: "firstAccept: beginFor(core.clock, origin),",
      replace: "firstAccept: beginFor(core.clock, { ...origin, again: false }),",
    },
  ]),
  ...mutationsOf("lib/cells/paxos_cells.ts", ["tests/cells/paxos_cells_test.ts"], [
    {
      section: 10,
      name: "an operation on a cell counts from its latest accept",
      find: "operation.firstAccept ??= counter;",
      replace: "operation.firstAccept = counter;",
    },
    {
      section: 10,
      name: "an operation on a cell keeps a promise",
      find: "ignoreKeptPromise: true,",
      replace: "keepPromise: true,",
    },
  ]),
  ...mutationsOf("lib/cells/paxos_cells.ts", ["tests/gateway/guest_cells_test.ts"], [
    {
      section: 13,
      name: "a gateway changes a cell on a ticket that is too old",
      find: "origin === undefined ? change : guestChange(change, origin)",
      replace: "change",
    },
  ]),
];
