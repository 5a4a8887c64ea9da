import type { GuestBinding, GuestOperation, GuestOutcome } from "../codec/guest_messages.ts";
import { parseRegisterId } from "../codec/register_id.ts";
import { SynodError } from "../errors.ts";
import type { Puts, ReadyPut } from "../kv/puts.ts";
import { keyAbsent, notTaken, pidEnded, timePassed } from "../kv/reasons.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import type { Ballot } from "../paxos/ballot.ts";
import { beginFor, guestChange, type GuestOrigin } from "../paxos/guest_change.ts";
import {
  endedByOthers,
  ownersOf,
  type Put,
  putChange,
  releaseChange,
} from "../paxos/kv_register.ts";
import type { HandoverReply } from "../paxos/messages.ts";
import type { Binding, OperationId, Pid, RegisterId, SessionId } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";

/** What puts of a guest work with. */
export interface GuestPutParts {
  readonly core: Core;
  readonly puts: Puts;
  /** The guest as `~id`, and its session of a number. */
  readonly name: string;
  readonly sessionOf: (number: number) => SessionId;
}

type PutOperation = GuestOperation & { readonly type: "put" };

/** Something that a value is bound to has ended. */
class Ended extends Error {}

const UNKNOWN: GuestOutcome = { type: "unknown" };

/** Runs a put of a guest under its operation id; it takes effect at most once, regardless of which gateways run it. */
export async function runPut(
  parts: GuestPutParts,
  operation: PutOperation,
  op: OperationId,
  origin: GuestOrigin,
  limits: Limits,
): Promise<GuestOutcome> {
  const { core, name } = parts;
  const { register, value } = operation;
  let bindings: readonly Binding[];
  try {
    bindings = await Promise.all(operation.bindings.map((one) => resolve(parts, one, limits)));
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    // Another gateway may have written it while the binding lasted.
    return origin.again ? UNKNOWN : { type: "invalid", reason: error.message };
  }
  const ready: ReadyPut = { op, register, value, bindings };
  const bound = bindings.find((one) => one.kind === "pid");
  if (bound?.kind === "pid" && bound.pid.node !== name) {
    return await handOver(parts, ready, bound.pid, origin, limits);
  }
  // What another gateway wrote may have ended before another value came: only a proposal can tell.
  const mayHaveEnded = origin.again && bindings.length > 0;
  const there = mayHaveEnded ? undefined : core.settled.get(register);
  if (there !== undefined) {
    // Another gateway may have written it for this very put.
    return { type: "agreed", token: there.token, value: there.op === op ? null : there.value };
  }
  const put: Put = {
    ...{ op, value, bindings, owners: ownersOf(bindings) },
    // The guest's session, too: it may have ended without this gateway's knowledge, and its values been sealed.
    endedByOthers: endedByOthers(bindings, null),
    firstAccept: beginFor(core.clock, origin),
  };
  const ended = new Set<number>();
  const { generation } = core.settled;
  const options = {
    ...limits,
    since: origin.since,
    // What another gateway sent, some members may have: the answer is written over it.
    mustWrite: origin.again,
    valueBytes: put.value.length,
    writing: ({ counter }: Ballot) => void (put.firstAccept ??= counter),
  };
  try {
    for (;;) {
      const change = guestChange(putChange(put, ended, () => true), origin);
      const chosen = await core.proposals.change(register, change, options);
      const { result, stale } = chosen;
      if (result.kind === "written") {
        if (chosen.state?.present) core.settled.note(register, chosen.state, generation);
        return { type: "agreed", token: result.token, value: null };
      }
      if (result.kind !== "found") return UNKNOWN;
      const { state } = result;
      const ofState = state === chosen.state ? stale : [];
      if (!await core.liveness.hasEnded(state, ofState, limits)) {
        core.settled.note(register, state, generation);
        return { type: "agreed", token: state.token, value: state.value };
      }
      ended.add(state.token);
    }
  } catch (error) {
    // `full` for a later attempt says nothing about the effect of the earlier ones.
    const full = error instanceof SynodError && error.code === "full";
    if (full && put.firstAccept !== undefined) return UNKNOWN;
    throw error;
  }
}

/** Releases what is bound to a process of the guest, which has exited. */
export async function runRelease(
  { core, name, sessionOf }: GuestPutParts,
  { register, session, seq, unsure }: GuestOperation & { readonly type: "release" },
  origin: GuestOrigin,
  limits: Limits,
): Promise<GuestOutcome> {
  beginFor(core.clock, origin);
  const change = releaseChange({ node: name, session: sessionOf(session), seq });
  const options = { ...limits, since: origin.since, mustWrite: unsure, reserve: true };
  await core.proposals.change(register, guestChange(change, origin), options);
  return { type: "done" };
}

/** The present target of a binding; throws `Ended` if there is none. */
async function resolve(
  { core, name, sessionOf }: GuestPutParts,
  binding: GuestBinding,
  limits: Limits,
): Promise<Binding> {
  switch (binding.type) {
    case "own":
      return { kind: "node", session: sessionOf(binding.session) };
    case "ownPid": {
      const session = sessionOf(binding.session);
      return { kind: "pid", pid: { node: name, session, seq: binding.seq } };
    }
    case "pid": {
      const { session, seq } = binding;
      const { node } = parseSession(session);
      // Its own processes it names by their numbers.
      if (node === name) throw new Ended(`pid ${session}#${seq} is of another life`);
      return { kind: "pid", pid: { node, session, seq } };
    }
    case "node": {
      const session = await core.queries.sessionOf(binding.node, limits);
      if (session === null) throw new Ended(`node ${binding.node} has no session`);
      return { kind: "node", session };
    }
    case "session":
      return { kind: "node", session: binding.session };
    case "key": {
      const { state } = await core.liveness.live(binding.register, limits);
      if (!state?.present) throw new Ended(absent(binding.register));
      return { kind: "key", register: binding.register, token: state.token };
    }
    case "token":
      return { kind: "key", register: binding.register, token: binding.token };
    case "until":
      if (core.runtime.wallNow() >= binding.time) {
        throw new Ended(timePassed(binding.time));
      }
      return { kind: "until", time: binding.time };
  }
}

/** A put that is bound to a process of another node is run there, once. */
async function handOver(
  { core, puts }: GuestPutParts,
  ready: ReadyPut,
  pid: Pid,
  origin: GuestOrigin,
  limits: Limits,
): Promise<GuestOutcome> {
  beginFor(core.clock, origin);
  const { since } = origin;
  if (pid.node === core.self) {
    // A session that no quorum has granted may be ended by others while this node takes it for possible.
    if (await core.session.valid(limits) !== pid.session) {
      return origin.again ? UNKNOWN : { type: "invalid", reason: pidEnded(pid) };
    }
    const timeout = Math.max(1, Math.min(600_000, limits.deadline - core.runtime.now()));
    const reply = await puts.handover({ type: "handover", ...ready, pid, timeout, since });
    // The process may have run it, and ended since.
    if (origin.again && reply.outcome === "invalid_value") return UNKNOWN;
    return handed(reply, ready, pid);
  }
  const outcome = await puts.handOver(ready, pid, limits, () => {}, since);
  if (outcome.kind === "unknown") return UNKNOWN;
  if (outcome.kind === "invalid_value") {
    return origin.again ? UNKNOWN : { type: "invalid", reason: outcome.reason };
  }
  const { token, mine, value } = outcome;
  return { type: "agreed", token, value: mine ? null : value };
}

function absent(register: RegisterId): string {
  const { key, bucket } = parseRegisterId(register);
  return keyAbsent(key, bucket);
}

function handed(reply: HandoverReply, { value }: ReadyPut, pid: Pid): GuestOutcome {
  switch (reply.outcome) {
    case "written":
      return { type: "agreed", token: reply.token, value: null };
    case "found":
      return { type: "agreed", token: reply.token, value: reply.value };
    case "invalid_value":
      return { type: "invalid", reason: notTaken(pid, value.length) };
    case "full":
      throw new SynodError("full", "No room for a new key: maxKeys is reached");
    case "no_quorum":
      return UNKNOWN;
  }
}
