import { Gateway } from "../gateway/gateway.ts";
import type { GuestLifeParts } from "../gateway/guest_life.ts";
import { LockFollowers } from "../gateway/lock_followers.ts";

/** Makes the gateway of a member that serves guests. */
export type MakeGateway = (parts: Omit<GuestLifeParts, "followers">) => Gateway;

/** In a module of its own, which nodes that serve no guests do not load. */
export const makeGateway: MakeGateway = (parts) =>
  new Gateway({ ...parts, followers: new LockFollowers(parts.core, parts.table) });
