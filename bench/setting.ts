import type { ClusterNode, JoinOptions } from "../mod.ts";
import type { Floor } from "./floor.ts";
import type { FrameMeter } from "./frame_meter.ts";
import type { Waiter } from "./waiter.ts";

/** The members; the first one is measured. */
export const MEMBERS = ["w1", "w2", "w3"] as const;

/** How all of them join. */
export const OPTIONS = {
  members: MEMBERS,
  // Long beside everything that is measured, so that renewals are no part of it.
  sessionTtl: 60_000,
  timeout: 30_000,
} as const satisfies Partial<JoinOptions>;

/** A cluster of three, and beside it the same three with nothing but their transport. */
export interface Setting {
  /** What connects them. */
  readonly name: string;
  /** The member that is measured. */
  readonly node: ClusterNode;
  /** Looks at the frames of that member. */
  readonly meter: FrameMeter;
  readonly floor: Floor;
  /** On another member. */
  readonly waiter: Waiter;
  /** One on each member. */
  readonly contenders: readonly Waiter[];
  close(): Promise<void>;
}
