import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ORDER_MUTATIONS } from "../mutations/model/orders.ts";
import { orderScopes } from "./orders/scopes.ts";
import { OrdersWorld } from "./orders/world.ts";
import { load, loadBroken } from "./paxos.ts";

/** The limit of states: with broken machines a search may be endless. */
const LIMIT = 100_000;

describe("requests that are handed to the node of a lock's holder: section 9 holds", () => {
  for (const { scope, states, transitions, edits } of orderScopes) {
    it(`in every state of: ${scope.name}`, async () => {
      const machines = await (edits === undefined ? load() : loadBroken(edits));
      const found = new OrdersWorld(scope, machines).search();
      assertEquals(found.violation, null, `\n${found.violation}`);
      assertEquals([found.states, found.transitions], [states, transitions]);
    });
  }
});

describe("a scope of orders turns red when", () => {
  for (const { name, edits, broken, scope, why } of ORDER_MUTATIONS) {
    it(name, async () => {
      const found = orderScopes.find((one) => one.scope.name === scope)!;
      const machines = await loadBroken([...found.edits ?? [], ...edits]);
      const { violation } = new OrdersWorld({ ...found.scope, broken }, machines).search(LIMIT);
      assertStringIncludes(violation?.split("\n").at(-1) ?? "nothing is wrong", why);
    });
  }
});
