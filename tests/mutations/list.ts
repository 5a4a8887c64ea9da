import { CHANGES } from "./changes.ts";
import { COMEBACK } from "./comeback.ts";
import { CRASHES } from "./crashes.ts";
import { FEATURES } from "./features.ts";
import { GUEST_SIDE } from "./guest_side.ts";
import { GUESTS } from "./guests.ts";
import { HOUSEKEEPING } from "./housekeeping.ts";
import { INVARIANTS } from "./invariants.ts";
import { LOCKS } from "./locks.ts";
import type { Mutation } from "./mutation.ts";
import { NODE } from "./node.ts";
import { PROOFS } from "./proofs.ts";
import { RELOADS } from "./reload.ts";
import { REGISTERS } from "./registers.ts";
import { RELAY } from "./relay.ts";
import { SESSIONS } from "./sessions.ts";
import { TRANSPORTS } from "./transports.ts";
import { TRUST } from "./trust.ts";

/** All mutations. Each must turn a test red. */
export const MUTATIONS: readonly Mutation[] = [
  ...REGISTERS,
  ...CHANGES,
  ...SESSIONS,
  ...PROOFS,
  ...COMEBACK,
  ...CRASHES,
  ...HOUSEKEEPING,
  ...INVARIANTS,
  ...NODE,
  ...RELOADS,
  ...FEATURES,
  ...LOCKS,
  ...RELAY,
  ...TRANSPORTS,
  ...TRUST,
  ...GUESTS,
  ...GUEST_SIDE,
];
