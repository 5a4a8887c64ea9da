import type { DiskUse } from "../node/membership/disk_use.ts";
import type { MakeGateway } from "./serving_guests.ts";

/** Parts that only some nodes have, and only these load. */
export interface LaterParts {
  /** `null`: the node serves no guests. */
  readonly makeGateway: MakeGateway | null;
  /** `null`: it has no storage. */
  readonly disks: DiskUse | null;
}
