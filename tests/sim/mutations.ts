import { KV_MUTATIONS } from "./mutations/kv.ts";
import { LOCK_MUTATIONS } from "./mutations/locks.ts";
import type { Mutation } from "./mutations/mutation.ts";
import { SINGLETON_MUTATIONS } from "./mutations/singletons.ts";

/** Each of these must make the simulation fail: this tests the tests. */
export const MUTATIONS: readonly Mutation[] = [
  ...KV_MUTATIONS,
  ...LOCK_MUTATIONS,
  ...SINGLETON_MUTATIONS,
];
