import { registerId } from "../codec.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import { type Binding, REGISTER_KINDS } from "../paxos/register.ts";
import type { ProcessTable } from "../owners/process_table.ts";
import { boundKey, type PutOptions, toPid } from "./options.ts";
import { keyAbsent, pidEnded, timePassed } from "./reasons.ts";

/** The present targets of a put's bindings; or why the value could not last: one of them has ended. */
export type Resolved =
  | { readonly ok: true; readonly bindings: readonly Binding[] }
  | { readonly ok: false; readonly reason: string };

/** Whether a put is bound to anything. */
export function isBound({ until, pid, node, key }: PutOptions): boolean {
  return until !== undefined || pid !== undefined || node !== undefined || key !== undefined;
}

/**
 * Resolves a put's bindings to their present targets: a session or a token. Rejects with `no_quorum` if no
 * quorum answers.
 */
export async function resolveBindings(
  core: Core,
  processes: ProcessTable,
  options: PutOptions,
  limits: Limits,
): Promise<Resolved> {
  const { self, runtime } = core;
  const bindings: Binding[] = [];
  if (options.until !== undefined) {
    if (runtime.wallNow() >= options.until) {
      return ended(timePassed(options.until));
    }
    bindings.push({ kind: "until", time: options.until });
  }
  if (options.pid !== undefined) {
    const { node, session, seq } = toPid(options.pid);
    const pid = { node, session, seq };
    if (node === self) {
      if (processes.owner(pid) === undefined) return ended(pidEnded(pid));
      // A process may be older than its session's grant: a value that it owns has to wait for the grant.
      if (await core.session.valid(limits) !== session) return ended(pidEnded(pid));
    }
    bindings.push({ kind: "pid", pid });
  }
  if (options.node !== undefined) {
    const session = options.node === self
      ? await core.session.valid(limits)
      : await core.queries.sessionOf(options.node, limits);
    if (session === null) return ended(`node ${options.node} has no session`);
    bindings.push({ kind: "node", session });
  }
  if (options.key !== undefined) {
    const { bucket, key } = boundKey(options.key, options.bucket);
    const register = registerId(REGISTER_KINDS.key, bucket, key);
    const { state } = await core.liveness.live(register, limits);
    if (!state?.present) {
      return ended(keyAbsent(key, bucket));
    }
    bindings.push({ kind: "key", register, token: state.token });
  }
  return { ok: true, bindings };
}

function ended(reason: string): Resolved {
  return { ok: false, reason };
}
