import { CELL_MUTATIONS } from "./cells.ts";
import { GUEST_MUTATIONS } from "./guests.ts";
import { KV_MUTATIONS } from "./kv.ts";
import { LOCK_MUTATIONS } from "./locks.ts";
import { MEMBER_MUTATIONS } from "./members.ts";
import type { Mutation } from "./mutation.ts";
import { PROOF_MUTATIONS } from "./proofs.ts";
import { SINGLETON_MUTATIONS } from "./singletons.ts";

/** All mutations for the simulator. Each must make the simulation fail. */
export const MUTATIONS: readonly Mutation[] = [
  ...GUEST_MUTATIONS,
  ...KV_MUTATIONS,
  ...CELL_MUTATIONS,
  ...LOCK_MUTATIONS,
  ...MEMBER_MUTATIONS,
  ...PROOF_MUTATIONS,
  ...SINGLETON_MUTATIONS,
];
