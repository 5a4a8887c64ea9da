import { assertEquals } from "@std/assert";
import { it } from "@std/testing/bdd";
import { explore } from "./explore.ts";
import type { Expected } from "./ingredients.ts";

/**
 * A test for each scope: no state has a violation, the numbers of states and transitions are exactly as
 * expected, and the hard cases occur. After an intended change of a machine, take the new numbers from
 * `deno task model`.
 */
export function testScopes(scopes: readonly Expected[]): void {
  for (const { scope, states, transitions, sees } of scopes) {
    it(`hold in every state of: ${scope.name}`, async () => {
      const found = await explore(scope);
      assertEquals(found.violation, null, `\n${found.violation}`);
      assertEquals([found.states, found.transitions], [states, transitions]);
      assertEquals(sees.filter((sight) => !found.sights.has(sight)), []);
    });
  }
}
