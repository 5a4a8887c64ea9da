import { type DiskActions, DiskSteps } from "./disk_steps.ts";
import { MemberDisk } from "./member_disk.ts";
import type { Engine } from "../engine/engine.ts";

/** What a member does with its storage, in a module of its own: nodes without storage do not load it. */
export interface DiskUse {
  /** See {@linkcode MemberDisk.open}. */
  readonly open: typeof MemberDisk.open;
  /** See {@linkcode DiskSteps}. */
  readonly steps: (engine: Engine, disk: MemberDisk, actions: DiskActions) => DiskSteps;
}

/** The use of disks. */
export const DISK_USE: DiskUse = {
  open: (...parts) => MemberDisk.open(...parts),
  steps: (...parts) => new DiskSteps(...parts),
};
