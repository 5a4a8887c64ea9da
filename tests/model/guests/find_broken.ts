import type { GuestMutation } from "../../mutations/model/guests.ts";
import { loadBroken } from "../paxos.ts";
import { deepGuestScopes, guestScopes } from "./scopes.ts";
import { GuestWorld } from "./world.ts";

/** The limit of states: with broken machines a search may be endless. */
const LIMIT = 1_000_000;

/** Searches the scope of a mutation with the broken machines. */
export async function findBrokenGuest({ edits, broken, scope }: GuestMutation) {
  const found = [...guestScopes, ...deepGuestScopes].find((one) => one.scope.name === scope);
  if (found === undefined) throw new Error(`there is no scope "${scope}"`);
  return new GuestWorld({ ...found.scope, broken }, await loadBroken(edits)).search(LIMIT);
}
