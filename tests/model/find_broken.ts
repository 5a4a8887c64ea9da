import { deepScopes } from "./deep_scopes.ts";
import { explore, type Found } from "./explore.ts";
import type { Expected } from "./ingredients.ts";
import type { Mutation } from "./mutations.ts";
import { loadBroken } from "./paxos.ts";
import {
  evenScopes,
  genesisScopes,
  livesScopes,
  recoveryScopes,
  registerScopes,
} from "./scopes.ts";

/** Those that the tests go through. */
export const fastScopes: readonly Expected[] = [
  ...registerScopes,
  ...recoveryScopes,
  ...evenScopes,
  ...livesScopes,
  ...genesisScopes,
];

/** Broken machines may do what makes a search endless. */
const LIMIT = 6_000_000;

/** Searches through the scope of a mutation, with what it breaks. */
export async function findBroken({ edits, scope }: Mutation): Promise<Found> {
  const found = [...fastScopes, ...deepScopes].find((one) => one.scope.name === scope);
  if (found === undefined) throw new Error(`there is no scope "${scope}"`);
  return await explore(found.scope, { machines: await loadBroken(edits), limit: LIMIT });
}
