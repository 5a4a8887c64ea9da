import { registerId } from "../codec.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/runtime/operation.ts";
import type { Binding } from "../paxos/register.ts";
import type { ProcessTable } from "../owners/process_table.ts";
import { boundKey, type PutOptions, toPid } from "./options.ts";

/**
 * Finds out what the bindings of a put name right now: a session, a token. `undefined` if one of them
 * has ended, so the value could not last. Rejects with `no_quorum` when nobody can tell.
 */
export async function resolveBindings(
  core: Core,
  processes: ProcessTable,
  options: PutOptions,
  limits: Limits,
): Promise<Binding[] | undefined> {
  const { self, runtime } = core.engine;
  const bindings: Binding[] = [];
  if (options.until !== undefined) {
    if (runtime.wallNow() >= options.until) return undefined;
    bindings.push({ kind: "until", time: options.until });
  }
  if (options.pid !== undefined) {
    const { node, session, seq } = toPid(options.pid);
    const pid = { node, session, seq };
    if (node === self) {
      if (processes.owner(pid) === undefined) return undefined;
      // A process may be older than its session: what it owns has to wait for the grant.
      if (await core.session.valid(limits) !== session) return undefined;
    }
    bindings.push({ kind: "pid", pid });
  }
  if (options.node !== undefined) {
    const session = options.node === self
      ? await core.session.valid(limits)
      : await core.questions.sessionOf(options.node, limits);
    if (session === null) return undefined;
    bindings.push({ kind: "node", session });
  }
  if (options.key !== undefined) {
    const { bucket, key } = boundKey(options.key, options.bucket);
    const register = registerId("k", bucket, key);
    const { state } = await core.liveness.live(register, limits);
    if (!state?.present) return undefined;
    bindings.push({ kind: "key", register, token: state.token });
  }
  return bindings;
}
