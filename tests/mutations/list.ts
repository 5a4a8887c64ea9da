import { BUCKETS } from "./buckets.ts";
import { CANCELLING } from "./cancelling.ts";
import { CELLS } from "./cells.ts";
import { CHANGES } from "./changes.ts";
import { COMEBACK } from "./comeback.ts";
import { CRASHES } from "./crashes.ts";
import { FAST } from "./fast.ts";
import { FEATURES } from "./features.ts";
import { GUEST_SIDE } from "./guest_side.ts";
import { GUESTS } from "./guests.ts";
import { HOUSEKEEPING } from "./housekeeping.ts";
import { INVARIANTS } from "./invariants.ts";
import { LEAVING } from "./leaving.ts";
import { LINKS } from "./links.ts";
import { LOCKS } from "./locks.ts";
import { MEMBERS } from "./members.ts";
import type { Mutation } from "./mutation.ts";
import { NODE } from "./node.ts";
import { ORDERS } from "./orders.ts";
import { PROOFS } from "./proofs.ts";
import { RELOADS } from "./reload.ts";
import { REGISTERS } from "./registers.ts";
import { RELAY } from "./relay.ts";
import { SESSIONS } from "./sessions.ts";
import { SILENCE } from "./silence.ts";
import { STATES_OF_SINGLETONS } from "./states.ts";
import { STORAGE } from "./storage.ts";
import { STREAMS_OF_SINGLETONS } from "./streams.ts";
import { TRANSPORTS } from "./transports.ts";
import { TRUST } from "./trust.ts";

/** All mutations. Each must turn a test red. */
export const MUTATIONS: readonly Mutation[] = [
  ...REGISTERS,
  ...CHANGES,
  ...FAST,
  ...SESSIONS,
  ...PROOFS,
  ...COMEBACK,
  ...CRASHES,
  ...HOUSEKEEPING,
  ...INVARIANTS,
  ...MEMBERS,
  ...STORAGE,
  ...NODE,
  ...BUCKETS,
  ...RELOADS,
  ...FEATURES,
  ...CELLS,
  ...LEAVING,
  ...STATES_OF_SINGLETONS,
  ...STREAMS_OF_SINGLETONS,
  ...CANCELLING,
  ...LOCKS,
  ...ORDERS,
  ...RELAY,
  ...TRANSPORTS,
  ...LINKS,
  ...SILENCE,
  ...TRUST,
  ...GUESTS,
  ...GUEST_SIDE,
];
