import type { Core } from "../node/core.ts";
import { identity, samePid } from "../paxos/kv_register.ts";
import type { Pid, RegisterId, State } from "../paxos/register.ts";
import type { Owner } from "./owner.ts";

/** Registers checked at the same time. */
const READS_AT_ONCE = 16;

/**
 * Removes registers from an owner's list whose values are sealed, because their `until` has passed, for
 * example, or something else that they were bound to has ended. Settles writes with an unknown outcome.
 * Registers whose state cannot be known stay in the list.
 */
export async function tidy(core: Core, owner: Owner): Promise<void> {
  const registers = [...owner.registers.keys()];
  while (registers.length > 0 && !owner.ended && !core.isClosed) {
    const some = registers.splice(-READS_AT_ONCE).map((register) => look(core, owner, register));
    // Without a quorum the check stops; the next one, after more puts, may know more.
    await Promise.all(some).catch(() => registers.length = 0);
  }
}

async function look(core: Core, owner: Owner, register: RegisterId): Promise<void> {
  const writes = owner.registers.get(register);
  if (writes === undefined || writes.underWay > 0) return;
  const { version, unknown } = writes;
  // An earlier write may still be adopted: only a later write, even of the same state, rules that out.
  if (unknown > 0) {
    const options = { ...core.limits(), mustWrite: true, reserve: true };
    await core.proposals.change(register, identity, options);
  }
  const { state } = await core.liveness.live(register, core.limits());
  // A write that began meanwhile must not be judged by an older state.
  if (owner.ended || owner.registers.get(register) !== writes || writes.version !== version) return;
  writes.unknown = 0;
  writes.owned = isBoundTo(state, owner.pid);
  if (!writes.owned) owner.registers.delete(register);
}

function isBoundTo(state: State | null, pid: Pid): boolean {
  if (!state?.present) return false;
  return state.bindings.some((binding) => binding.kind === "pid" && samePid(binding.pid, pid));
}
