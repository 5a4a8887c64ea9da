import { deepScopes } from "./deep_scopes.ts";
import { explore, type Found } from "./explore.ts";
import { fastRoundScopes } from "./fast_scopes.ts";
import { heirScopes } from "./heir_scopes.ts";
import type { Expected } from "./ingredients.ts";
import type { Mutation } from "../mutations/model/list.ts";
import { loadBroken } from "./paxos.ts";
import {
  cellScopes,
  evenScopes,
  genesisScopes,
  livesScopes,
  recoveryScopes,
  registerScopes,
} from "./scopes.ts";

/** The scopes of the test task. */
export const fastScopes: readonly Expected[] = [
  ...registerScopes,
  ...cellScopes,
  ...fastRoundScopes,
  ...heirScopes,
  ...recoveryScopes,
  ...evenScopes,
  ...livesScopes,
  ...genesisScopes,
];

/** The limit of states: with broken machines a search may be endless. */
const LIMIT = 6_000_000;

/** Searches the scope of a mutation with the broken machines. */
export async function findBroken({ edits, scope }: Mutation): Promise<Found> {
  const found = [...fastScopes, ...deepScopes].find((one) => one.scope.name === scope);
  if (found === undefined) throw new Error(`there is no scope "${scope}"`);
  return await explore(found.scope, { machines: await loadBroken(edits), limit: LIMIT });
}
