import type { Core } from "../node/core.ts";
import { identity, samePid } from "../paxos/kv_register.ts";
import type { Pid, RegisterId, State } from "../paxos/register.ts";
import type { Owner } from "./process_table.ts";

/** Registers that are looked at together. */
const AT_ONCE = 16;

/**
 * Takes from an owner's list the registers whose values have been sealed: their `until` has passed, for
 * example, or what else they were bound to has ended. Writes with an unknown outcome are made sure of. What
 * cannot be found out stays in the list.
 */
export async function tidy(core: Core, owner: Owner): Promise<void> {
  const registers = [...owner.registers.keys()];
  while (registers.length > 0 && !owner.ended && !core.engine.isClosed) {
    const some = registers.splice(-AT_ONCE).map((register) => look(core, owner, register));
    // Without a quorum the next look, which comes when more was put, may know more.
    await Promise.all(some).catch(() => registers.length = 0);
  }
}

async function look(core: Core, owner: Owner, register: RegisterId): Promise<void> {
  const writes = owner.registers.get(register);
  if (writes === undefined || writes.underWay > 0) return;
  const { version, unknown } = writes;
  // An earlier write may still be adopted: only a later one, be it of what is there, makes sure of it.
  if (unknown > 0) {
    await core.proposals.change(register, identity, { ...core.limits(), mustWrite: true });
  }
  const { state } = await core.liveness.live(register, core.limits());
  // What was put meanwhile, or is being put, is not judged by what was there before.
  if (owner.ended || owner.registers.get(register) !== writes || writes.version !== version) return;
  writes.unknown = 0;
  writes.owned = isBoundTo(state, owner.pid);
  if (!writes.owned) owner.registers.delete(register);
}

function isBoundTo(state: State | null, pid: Pid): boolean {
  if (!state?.present) return false;
  return state.bindings.some((binding) => binding.kind === "pid" && samePid(binding.pid, pid));
}
