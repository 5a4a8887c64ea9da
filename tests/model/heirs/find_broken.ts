import type { HeirMutation } from "../../mutations/model/heirs.ts";
import { loadBroken } from "../paxos.ts";
import { heirScopes } from "./scopes.ts";
import { type HeirsFound, HeirsWorld } from "./world.ts";

/** The limit of states: with broken machines a search may be endless. */
const LIMIT = 100_000;

/** Searches the scope of a broken rule. */
export async function findBrokenHeir({ scope, edits, broken }: HeirMutation): Promise<HeirsFound> {
  const found = heirScopes.find((one) => one.scope.name === scope);
  if (found === undefined) throw new Error(`there is no scope "${scope}"`);
  const [first, ...others] = found.scope.writers;
  const writers = [{ ...first, broken }, ...others];
  return new HeirsWorld({ ...found.scope, writers }, await loadBroken(edits)).search(LIMIT);
}
