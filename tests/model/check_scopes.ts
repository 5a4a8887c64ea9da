import { assertEquals } from "@std/assert";
import { it } from "@std/testing/bdd";
import { explore } from "./explore.ts";
import type { Expected } from "./ingredients.ts";

/**
 * A test for each scope: nothing is wrong in any state, there are exactly as many as there were, and the hard
 * cases are among them. Where a machine was changed on purpose, the new numbers are those that
 * `deno task model` prints.
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
