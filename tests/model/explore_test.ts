import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Actions } from "./actions.ts";
import { explore } from "./explore.ts";
import { load, loadBroken } from "./paxos.ts";
import { PLAIN, type Scope } from "./scope.ts";
import { Symmetry } from "./symmetry.ts";
import { World } from "./world.ts";

const SYMMETRIES = [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

const SMALL: Scope = {
  ...PLAIN,
  name: "small",
  clients: [
    { name: "p", operations: [{ kind: "put", letter: "a" }], attempts: 1 },
    { name: "q", operations: [{ kind: "put", letter: "b" }], attempts: 1 },
  ],
};

const CRASH: Scope = { ...SMALL, name: "crash", restarts: 1, clients: SMALL.clients.slice(0, 1) };

const GENESIS: Scope = { ...PLAIN, name: "genesis", begins: "blank", genesis: true };

/** All states, without a table and without symmetry. */
async function allStates(
  scope: Scope,
  oneByOne = false,
): Promise<{ world: World; rows: Uint32Array[] }> {
  const world = new World(scope, await load());
  const actions = new Actions(world, oneByOne);
  const rows = [world.initial()];
  const seen = new Set(rows.map((row) => row.join()));
  for (const row of rows) { // grows during the iteration
    actions.forEach(row, (after) => {
      const text = after.join();
      if (seen.has(text)) return;
      seen.add(text);
      rows.push(after.slice());
    });
  }
  return { world, rows };
}

/** All combinations of past, votes, requests, and the records of voting processes. */
async function pasts(scope: Scope, oneByOne: boolean): Promise<Set<string>> {
  const { world, rows } = await allStates(scope, oneByOne);
  const { layout, parts: { messages, outboxes } } = world;
  const texts = (numbers: readonly number[]) =>
    numbers.map((number) => JSON.stringify(messages.value(number))).sort();
  return new Set(rows.map((row) => {
    const processes = Array.from({ length: layout.processes }, (_, process) => {
      const { state, life, record } = world.process(row, process);
      return [state, life, record?.id, texts(outboxes.get(row[layout.outbox(process)]).votes)];
    });
    const clients = Array.from(
      { length: layout.clients },
      (_, client) => texts(outboxes.get(row[layout.sent(client)]).asks),
    );
    return JSON.stringify([world.past(row), processes, clients]);
  }));
}

describe("explore()", () => {
  it("finds the same number of states as a naive search", async () => {
    const { rows } = await allStates(SMALL);
    assertEquals((await explore(SMALL)).states, rows.length);
  });

  it("finds one state of each orbit if members are symmetric", async () => {
    const { rows, world } = await allStates({ ...SMALL, symmetries: SYMMETRIES });
    const symmetry = new Symmetry(world);
    let orbits = 0;
    for (const row of rows) orbits += 1 / symmetry.orbit(row);
    const { states } = await explore({ ...SMALL, symmetries: SYMMETRIES });
    assertEquals(states, Math.round(orbits));
    assert(states < rows.length / 3);
  });

  for (const scope of [CRASH, GENESIS]) {
    it(`finds the same as a search in which each answer is its own step: ${scope.name}`, async () => {
      const together = await pasts(scope, false);
      const alone = await pasts(scope, true);
      assertEquals([...alone].filter((past) => !together.has(past)), []);
      assertEquals(together.size, alone.size);
      assert(together.size > (scope.genesis ? 4 : 100), `${together.size}`);
    });
  }

  it("rarely runs the machines themselves", async () => {
    const { world, transitions } = await explore(SMALL);
    assert(world.parts.process.transitions * 100 < transitions);
  });

  it("returns a shortest path to a violation", async () => {
    const machines = await loadBroken([{
      module: "quorum",
      find: "return Math.floor(count / 2) + 1;",
      replace: "return 1;",
    }]);
    const { violation } = await explore(SMALL, { machines });
    const lines = violation?.split("\n") ?? [];
    assertEquals(lines[0], "1. p calls put a; asks prepare 1p");
    assertStringIncludes(lines.at(-1)!, "VIOLATION: ");
    assertEquals(lines.length, 6);
  });

  it("throws above its limit of states", async () => {
    await assertRejects(() => explore(SMALL, { limit: 1_000 }), RangeError, "1000 states");
  });
});
