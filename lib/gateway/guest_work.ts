import type {
  GuestCall,
  GuestEvent,
  GuestOperation,
  GuestOutcome,
  GuestPiece,
  GuestState,
} from "../codec/guest_messages.ts";
import { decodeKey, type Key } from "../codec/key.ts";
import { parseRegisterId } from "../codec/register_id.ts";
import { valueIn } from "../cells/cell_value.ts";
import { presentRegisters } from "../kv/present_registers.ts";
import { encodeExplanation } from "../locks/explanation_value.ts";
import { readLocks } from "../locks/snapshot.ts";
import { type GuestOrigin, TicketExpired } from "../paxos/guest_change.ts";
import { parseSession } from "../paxos/sessions.ts";
import {
  DEFAULT_BUCKET,
  kindOf,
  type Present,
  REGISTER_KINDS,
  type RegisterId,
  type State,
} from "../paxos/register.ts";
import type { Limits } from "../node/shell.ts";
import { toFailure } from "../singletons/failure.ts";
import type { AttemptOutcome } from "../singletons/outbound.ts";
import type { AttemptNumbers } from "../singletons/channels.ts";
import { isStreamCall } from "../singletons/stream_calls.ts";
import type { Target } from "../singletons/remote.ts";
import type { Singletons } from "../singletons/singletons.ts";
import { runCell } from "./guest_cells.ts";
import { type GuestLockParts, runGuard, runLock, runUnlock, toGuestEntry } from "./guest_locks.ts";
import { type GuestPutParts, runPut, runRelease } from "./guest_puts.ts";
import type { GuestRequest } from "./options.ts";
import { CANCELLED, GuestError } from "./refusal.ts";

/** What the operations of one life of a guest work with. */
export interface GuestWorkParts extends GuestPutParts, GuestLockParts {
  readonly singletons: Singletons;
  /** The guest's life with its name: `~id/life`. */
  readonly author: string;
  /** The state of the members. */
  readonly status: () => Promise<GuestOutcome & { readonly type: "members" }>;
}

/** One operation under way. */
export interface Running {
  readonly number: number;
  readonly operation: GuestOperation;
  readonly origin: GuestOrigin;
  readonly limits: Limits;
  /** Called before anything is done that others may see. */
  readonly begins: () => void;
  /** The numbers of a call that is sent again, as they are now. */
  readonly present: (call: GuestCall) => AttemptNumbers;
  /** News for the guest. */
  readonly report: (event: GuestEvent) => void;
  /** A piece of the result; `index` counts from 0. */
  readonly piece: (index: number, piece: GuestPiece) => void;
}

/** The operations that may write, and so need a ticket. */
const WRITES: ReadonlySet<GuestOperation["type"]> = new Set([
  "put",
  "cell",
  "release",
  "lock",
  "unlock",
  "place",
  "call",
  "cast",
  "end",
]);

/** Whether an operation may write. */
export function isWriting({ type }: GuestOperation): boolean {
  return WRITES.has(type);
}

/** Entries of one piece of a list, and the bytes from which on it is sent. */
const PIECE_ENTRIES = 500;
const PIECE_BYTES = 512 * 1024;

/** Runs an operation. Rejects with an error whose code and text go to the guest. */
export async function runOperation(
  parts: GuestWorkParts,
  running: Running,
): Promise<GuestOutcome> {
  const { core, singletons } = parts;
  const { number, operation, origin, limits, report, piece } = running;
  if (operation.type === "call") return await runCall(parts, operation, running);
  running.begins();
  switch (operation.type) {
    case "read": {
      const { register } = operation;
      const { state } = isCell(register)
        ? await core.reads.read(register, limits)
        : await core.liveness.live(register, limits);
      return { type: "state", state: toGuestState(register, state) };
    }
    case "put":
      return await runPut(parts, operation, `${parts.author}/${number}`, origin, limits);
    case "cell":
      return await runCell(parts, operation, `${parts.author}/${number}`, origin, limits);
    case "release":
      return await runRelease(parts, operation, origin, limits);
    case "list":
      return await runList(parts, operation, limits, piece);
    case "watch":
      return await runWatch(parts, operation.register, limits, report);
    case "watchAll":
      return await runWatchAll(parts, operation.prefix, limits, report);
    case "lock":
      return await runLock(parts, operation, number, origin, limits, report);
    case "guard":
      return await runGuard(parts, operation, limits);
    case "unlock":
      return await runUnlock(parts, operation, origin, limits);
    case "holders": {
      const { holders } = await parts.table.current(operation.register, limits);
      return { type: "entries", entries: holders.map(toGuestEntry) };
    }
    case "query":
      return await runQuery(parts, limits, piece);
    case "place":
      return await runPlace(parts, operation, limits);
    case "cast":
      singletons.guests.attemptOnce(toCall(parts, operation, false));
      return { type: "done" };
    case "session":
      return { type: "newest", session: await core.queries.sessionOf(operation.node, limits) };
    case "status":
      return await parts.status();
    case "explain": {
      const explanation = await parts.table.explain(operation.register, limits);
      return { type: "explained", value: encodeExplanation(explanation) };
    }
    case "end":
      await core.queries.end(parts.sessionOf(operation.session), limits);
      return { type: "done" };
  }
}

/**
 * What `authorize` is asked about an operation; `null`: nothing. What only undoes, or follows, what was allowed
 * before is not asked.
 */
export function requestOf(operation: GuestOperation): GuestRequest | null {
  switch (operation.type) {
    case "read": {
      const { register } = operation;
      return { type: isCell(register) ? "getCell" : "get", ...keyOf(register) };
    }
    case "cell":
      return { type: "setCell", ...keyOf(operation.register) };
    case "put":
      return { type: "put", ...keyOf(operation.register) };
    case "list":
      return { type: operation.values ? "entries" : "keys", ...bucketOf(operation.prefix) };
    case "watchAll":
      return { type: "watchAll", ...bucketOf(operation.prefix) };
    case "watch": {
      const { register } = operation;
      return { type: isCell(register) ? "watchCell" : "watch", ...keyOf(register) };
    }
    case "lock": {
      const { key } = parseRegisterId(operation.register);
      return { type: operation.steal ? "steal" : "lock", key };
    }
    case "holders":
      return { type: "holders", key: parseRegisterId(operation.register).key };
    case "explain":
      return { type: "explain", key: parseRegisterId(operation.register).key };
    case "query":
      return { type: "query" };
    case "place": {
      const { key } = parseRegisterId(operation.register);
      return { type: operation.start ? "whereis" : "lookup", spec: operation.spec, key };
    }
    case "call":
    case "cast": {
      // Its host lets only the caller of a stream follow it.
      if (isStreamCall(operation.method)) return null;
      const { bucket: spec, key } = parseRegisterId(operation.register);
      return { type: "call", spec, key, method: operation.method };
    }
    case "session":
    case "status":
      return { type: "status" };
    case "release":
    case "guard":
    case "unlock":
    case "end":
      return null;
  }
}

/** What no guest of this library sends, since its parts exclude each other; `null`: nothing. */
export function wrongIn(operation: GuestOperation): string | null {
  if (operation.type === "lock") {
    const { mode, permits, steal } = operation;
    if (permits > 0 && mode !== "shared") return "permits go with the mode shared";
    if (steal && mode !== "exclusive") return "steal goes with the mode exclusive";
  }
  // What `authorize` was asked about has to be what is started.
  if (
    operation.type === "place" && parseRegisterId(operation.register).bucket !== operation.spec
  ) {
    return "the register is not one of the spec";
  }
  return null;
}

function bucketOf(prefix: string): { bucket?: string } {
  const name = prefix.slice(1);
  return name === DEFAULT_BUCKET ? {} : { bucket: decodeKey(name) as string };
}

function keyOf(register: RegisterId): { key: Key; bucket?: string } {
  const { bucket, key } = parseRegisterId(register);
  return bucket === undefined ? { key } : { key, bucket };
}

function isCell(register: RegisterId): boolean {
  return kindOf(register) === REGISTER_KINDS.cell;
}

/** The value of a key or cell in the form in which it travels. */
function toGuestState(register: RegisterId, state: State | null): GuestState | null {
  if (!state?.present) return null;
  const { token } = state;
  const value = isCell(register) ? valueIn(state) : state.value;
  return { token, value, ...boundTo(state) };
}

function boundTo({ bindings }: Present): Pick<GuestState, "node" | "pid"> {
  const bound = bindings.find(({ kind }) => kind === "node" || kind === "pid");
  const owner = bindings.find(({ kind }) => kind === "pid");
  const pid = owner?.kind === "pid" ? { session: owner.pid.session, seq: owner.pid.seq } : null;
  if (bound?.kind === "node") return { node: parseSession(bound.session).node, pid };
  return { node: bound?.kind === "pid" ? bound.pid.node : null, pid };
}

async function runList(
  { core }: GuestWorkParts,
  { prefix, values }: GuestOperation & { readonly type: "list" },
  limits: Limits,
  piece: Running["piece"],
): Promise<GuestOutcome> {
  type Keys = (GuestPiece & { readonly type: "keys" })["keys"][number];
  let [pieces, bytes] = [0, 0];
  let keys: Keys[] = [];
  const send = () => {
    piece(pieces++, { type: "keys", keys });
    [keys, bytes] = [[], 0];
  };
  for (const { register, state } of await presentRegisters(core, prefix, values, limits)) {
    const shown = values ? state : undefined;
    if (values && shown === undefined) continue;
    keys.push({ register, token: shown?.token ?? null, value: shown?.value ?? null });
    bytes += register.length + (shown?.value.length ?? 0);
    if (keys.length >= PIECE_ENTRIES || bytes >= PIECE_BYTES) send();
  }
  if (keys.length > 0) send();
  return { type: "pieces", pieces };
}

async function runQuery(
  { core, table }: GuestWorkParts,
  limits: Limits,
  piece: Running["piece"],
): Promise<GuestOutcome> {
  const isNamed = (register: RegisterId) => typeof parseRegisterId(register).key === "string";
  let pieces = 0;
  const locks = await readLocks(core, table, isNamed, limits);
  for (const register of [...locks.keys()].sort()) {
    const { holders, queue } = locks.get(register)!;
    const lock = {
      register,
      holders: holders.map(toGuestEntry),
      queue: queue.map(toGuestEntry),
    };
    piece(pieces++, { type: "locks", locks: [lock] });
  }
  return { type: "pieces", pieces };
}

/** Reports each chosen state of a key, until the operation ends. */
async function runWatch(
  { core }: GuestWorkParts,
  register: RegisterId,
  limits: Limits,
  report: (event: GuestEvent) => void,
): Promise<GuestOutcome> {
  const operation = core.operation<GuestOutcome>({ ...limits, deadline: Infinity });
  const stop = core.watches.watch(register, ({ ballot: { counter, life }, state }) => {
    let changed: GuestState | null;
    try {
      changed = toGuestState(register, state);
    } catch (error) {
      // Bytes that no node wrote.
      return operation.reject(error);
    }
    report({ type: "changed", counter, life, state: changed });
  });
  operation.onEnd(stop);
  return await operation.promise;
}

/** Reports the present keys of a bucket and then each chosen state, until the operation ends. */
async function runWatchAll(
  { core }: GuestWorkParts,
  prefix: string,
  limits: Limits,
  report: (event: GuestEvent) => void,
): Promise<GuestOutcome> {
  const operation = core.operation<GuestOutcome>({ ...limits, deadline: Infinity });
  report({ type: "begun" });
  const stop = core.buckets.watch(prefix, {
    learned: (register, state) => {
      const value = state.present ? state.value : null;
      report({ type: "entry", register, token: state.token, value });
    },
    listed: () => report({ type: "listed" }),
  });
  operation.onEnd(stop);
  return await operation.promise;
}

async function runPlace(
  { singletons }: GuestWorkParts,
  { register, spec, args, start }: GuestOperation & { readonly type: "place" },
  limits: Limits,
): Promise<GuestOutcome> {
  const { key } = parseRegisterId(register);
  // The gateway need not be able to run it: a host is found by the id.
  const target: Target = { key, register, spec: { id: spec, start: () => ({}) }, args };
  try {
    const place = await singletons.guests.place(target, start, limits);
    if (place === null) return { type: "nowhere" };
    const { pid: { session, seq }, token } = place;
    return { type: "at", pid: { session, seq }, token };
  } catch (error) {
    // A refusal by the gateway itself is no failure of the start.
    const isOwn = error instanceof TicketExpired || error instanceof GuestError;
    if (isOwn || limits.signal?.aborted) throw error;
    return { type: "threw", failure: toFailure(error) };
  }
}

async function runCall(
  parts: GuestWorkParts,
  operation: GuestCall & { readonly type: "call" },
  { origin, limits, begins, report, present }: Running,
): Promise<GuestOutcome> {
  const { core, singletons } = parts;
  const isStale = !origin.again && core.isStale(operation.session);
  const hasEnded = isStale && await core.queries.hasEnded(operation.session, limits);
  // A guest whose tickets are too old may have turned to another gateway, which makes it.
  const isFirst = () => !origin.again && origin.isOpen();
  if (isStale && !isFirst()) throw new TicketExpired();
  // An attempt that never left has not begun: the guest may make it elsewhere.
  // Of a stream that matters: it is lost with its host, unless that has left in order.
  if (hasEnded && !isStreamCall(operation.method)) return { type: "refused" };
  begins();
  const begun = () => report({ type: "begun" });
  // A guest that has turned to another gateway may still wait for it.
  const isGivenUp = () => limits.signal?.reason === CANCELLED;
  const call = toCall(parts, operation, true);
  let sent = 0;
  const numbers = () => origin.again || sent++ > 0 ? present(operation) : operation;
  const request = () => toCall(parts, { ...operation, ...numbers() }, true);
  const how = { begun, isGivenUp, isFirst, request };
  return toGuestOutcome(await singletons.guests.attempt(call, limits, how));
}

function toCall({ author }: GuestWorkParts, call: GuestCall, awaited: boolean) {
  const { register, session, token, birth, sequence, done, open, full, method, args } = call;
  const numbers = { birth, sequence, done, open, full };
  return {
    ...{ type: "call" as const, register, session, token, ...numbers, method, args },
    ...{ chain: [], awaited, caller: author },
  };
}

function toGuestOutcome(outcome: AttemptOutcome): GuestOutcome {
  switch (outcome.type) {
    case "started": {
      const { pid: { session, seq }, token } = outcome;
      return { type: "at", pid: { session, seq }, token };
    }
    case "failed":
      return { type: "notStarted", byHost: outcome.byHost, failure: outcome.failure };
    default:
      return outcome;
  }
}
