import type { ClusterNode, JoinOptions } from "../mod.ts";
import type { Floor } from "./floor.ts";
import type { FrameMeter } from "./frame_meter.ts";
import type { Waiter } from "./waiter.ts";

/** The members; the first one is measured. */
export const MEMBERS = ["w1", "w2", "w3"] as const;

/** Options with which all members join. */
export const OPTIONS = {
  members: MEMBERS,
  // Longer than any measurement, so that no renewal falls into one.
  sessionTtl: 60_000,
  timeout: 30_000,
} as const satisfies Partial<JoinOptions>;

/** A cluster of three, and beside it the bare transport of the same three. */
export interface Setting {
  /** The name of the transport. */
  readonly name: string;
  /** The node that is measured. */
  readonly node: ClusterNode;
  /** Measures the frames of that node. */
  readonly meter: FrameMeter;
  readonly floor: Floor;
  /** A waiter on another member. */
  readonly waiter: Waiter;
  /** One waiter on each member. */
  readonly contenders: readonly Waiter[];
  close(): Promise<void>;
}
