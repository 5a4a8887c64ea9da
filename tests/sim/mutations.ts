import { KV_MUTATIONS } from "./mutations/kv.ts";
import { LOCK_MUTATIONS } from "./mutations/locks.ts";
import type { Mutation } from "./mutations/mutation.ts";
import { SINGLETON_MUTATIONS } from "./mutations/singletons.ts";

/** All mutations for the simulator. Each must make the simulation fail. */
export const MUTATIONS: readonly Mutation[] = [
  ...KV_MUTATIONS,
  ...LOCK_MUTATIONS,
  ...SINGLETON_MUTATIONS,
];
