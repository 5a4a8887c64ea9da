import { bucketPrefix } from "../codec/register_id.ts";
import { fencedOnce } from "../owners/fenced.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import type { LockValue } from "../paxos/lock_register.ts";
import { REGISTER_KINDS, type RegisterId } from "../paxos/register.ts";
import type { LockTable } from "./lock_table.ts";

/** Locks that are read at the same time. */
const READS_AT_ONCE = 64;

/**
 * The holders and the queues of all locks in the cluster of which `isWanted` returns `true`, including all
 * requests that this node made before.
 */
export async function readLocks(
  core: Core,
  table: LockTable,
  isWanted: (register: RegisterId) => boolean,
  limits: Limits,
): Promise<Map<RegisterId, LockValue>> {
  await table.asked(limits);
  const hasEnded = fencedOnce(core, limits);
  const listed = [...await core.queries.list(bucketPrefix(REGISTER_KINDS.lock, undefined), limits)];
  const values = new Map<RegisterId, LockValue>();
  const queue = listed.filter(([register]) => isWanted(register)).values();
  const look = async () => {
    for (const [register, standing] of queue) {
      // A lock whose sessions have all ended has no owner, so it need not be read.
      const isDead = typeof standing === "object" && standing.all &&
        !(await Promise.all(standing.stale.map(hasEnded))).includes(false);
      if (!isDead) values.set(register, await table.peek(register, hasEnded, limits));
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, look));
  return values;
}
