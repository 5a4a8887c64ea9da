import type { GuestBinding, GuestOutcome, GuestState } from "../lib/codec/guest_messages.ts";
import { registerId } from "../lib/codec/register_id.ts";
import { SynodError } from "../lib/errors.ts";
import { boundKey, type PutOptions, toPid } from "../lib/kv/options.ts";
import { pidEnded, timePassed } from "../lib/kv/reasons.ts";
import type {
  BucketFollower,
  Follower,
  Found,
  KvStore,
  ListedKey,
  PutOutcome,
} from "../lib/kv/store.ts";
import { onAbort } from "../lib/node/runtime/on_abort.ts";
import type { Limits } from "../lib/node/runtime/operation.ts";
import { type Ballot, compareBallots } from "../lib/paxos/ballot.ts";
import { type Pid, REGISTER_KINDS, type RegisterId } from "../lib/paxos/register.ts";
import { parseSession } from "../lib/paxos/sessions.ts";
import type { GuestOperations } from "./operations.ts";
import type { GuestOwner, GuestOwners } from "./owners.ts";
import { unexpected } from "./outcomes.ts";
import type { Run } from "./run.ts";
import type { GuestShell } from "./shell.ts";

/** The limits of a watch: it ends when it is stopped. */
const FOR_EVER: Limits = { deadline: Infinity };

/** What a put is bound to, and the process of this guest among that. */
type Resolved =
  | { readonly ok: true; readonly bindings: readonly GuestBinding[]; readonly owner?: GuestOwner }
  | { readonly ok: false; readonly reason: string };

/** The keys of the cluster as a guest reaches them: its gateway proposes for it. */
export class GuestStore implements KvStore {
  readonly shell: GuestShell;
  readonly #name: string;
  readonly #operations: GuestOperations;
  readonly #owners: GuestOwners;

  /** `name`: the id of the guest behind `~`. */
  constructor(name: string, shell: GuestShell, operations: GuestOperations, owners: GuestOwners) {
    this.#name = name;
    this.shell = shell;
    this.#operations = operations;
    this.#owners = owners;
  }

  /** See {@linkcode KvStore.read}. */
  async read(register: RegisterId, limits: Limits): Promise<Found | null> {
    const outcome = await this.#operations.begin({ type: "read", register }, limits).operation
      .promise;
    if (outcome.type !== "state") throw unexpected("read", outcome);
    return outcome.state === null ? null : toFound(outcome.state);
  }

  /** See {@linkcode KvStore.put}. */
  async put(
    register: RegisterId,
    value: Uint8Array,
    options: PutOptions,
    limits: Limits,
    writing: () => void,
  ): Promise<PutOutcome> {
    const resolved = await this.#resolve(options, limits);
    if (!resolved.ok) return { kind: "invalid_value", reason: resolved.reason };
    const { bindings, owner } = resolved;
    return await this.propose(register, value, bindings, owner, limits, writing);
  }

  /** Has the gateway propose a put, and notes what `owner` owns by it. */
  async propose(
    register: RegisterId,
    value: Uint8Array,
    bindings: readonly GuestBinding[],
    owner: GuestOwner | undefined,
    limits: Limits,
    writing: () => void,
  ): Promise<PutOutcome> {
    if (owner?.ended === true) return { kind: "invalid_value", reason: pidEnded(owner.pid) };
    const sending = () => {
      writing();
      owner?.sends(register, run);
    };
    const run: Run = this.#operations.begin(
      { type: "put", register, value, bindings },
      limits,
      { sending },
    );
    // After its end nothing is sent for a process, and what was sent is released.
    const unwatch = owner && onAbort(owner.signal, () => run.operation.reject(owner.signal.reason));
    let chosen: boolean | undefined;
    try {
      const outcome = await run.operation.promise;
      const result = toPutOutcome(outcome, value);
      if (result.kind === "agreed") chosen = result.mine;
      if (result.kind === "invalid_value") chosen = false;
      return result;
    } catch (error) {
      if (owner !== undefined && error === owner.signal.reason) {
        if (run.wasSent) return { kind: "unknown" };
        return { kind: "invalid_value", reason: pidEnded(owner.pid) };
      }
      // The gateway has refused it before it proposed anything.
      const isRefusal = error instanceof TypeError ||
        (error instanceof SynodError && REFUSALS.includes(error.code));
      if (isRefusal && run.isAnswered && !run.isSpread) chosen = false;
      throw error;
    } finally {
      unwatch?.();
      if (run.wasSent) owner?.ends(register, run, chosen);
    }
  }

  /** See {@linkcode KvStore.list}. */
  async list(prefix: string, values: boolean, limits: Limits): Promise<readonly ListedKey[]> {
    const run = this.#operations.begin({ type: "list", prefix, values }, limits);
    const outcome = await run.operation.promise;
    if (outcome.type !== "pieces") throw unexpected("list", outcome);
    const listed: ListedKey[] = [];
    for (const piece of run.pieces) {
      if (piece.type !== "keys") continue;
      for (const { register, token, value } of piece.keys) {
        if (!register.startsWith(prefix)) continue;
        listed.push(
          token === null || value === null ? { register } : { register, token, value },
        );
      }
    }
    return listed.sort((a, b) => a.register < b.register ? -1 : 1);
  }

  /** See {@linkcode KvStore.watch}. */
  watch(register: RegisterId, follower: Follower): () => void {
    let known: Ballot | undefined;
    const aborter = new AbortController();
    const run = this.#operations.begin(
      { type: "watch", register },
      { ...FOR_EVER, signal: aborter.signal },
      {
        event: (event) => {
          if (event.type !== "changed") return;
          const { counter, life, state } = event;
          // An earlier gateway may have told of a later state.
          if (known !== undefined && compareBallots({ counter, life }, known) <= 0) return;
          known = { counter, life };
          follower.learn(state);
        },
      },
    );
    run.operation.promise.then(
      (outcome) => follower.fail(unexpected("watch", outcome)),
      (error) => {
        if (!aborter.signal.aborted) follower.fail(error);
      },
    );
    return () => aborter.abort();
  }

  /** See {@linkcode KvStore.watchAll}. */
  watchAll(prefix: string, follower: BucketFollower): () => void {
    /** The tokens of the values that were told. */
    const present = new Map<RegisterId, number>();
    /** The keys that a gateway has told of since it began; `null`: it has told of all that it found. */
    let told: Set<RegisterId> | null = null;
    const aborter = new AbortController();
    const learn = (register: RegisterId, token: number, value: Uint8Array | null) => {
      if (token < (present.get(register) ?? 0)) return;
      if (value === null) present.delete(register);
      else present.set(register, token);
      follower.learn(register, value && { token, value });
    };
    const run = this.#operations.begin(
      { type: "watchAll", prefix },
      { ...FOR_EVER, signal: aborter.signal },
      {
        event: (event) => {
          switch (event.type) {
            case "begun":
              told = new Set();
              return;
            case "entry":
              if (!event.register.startsWith(prefix)) return;
              told?.add(event.register);
              return learn(event.register, event.token, event.value);
            case "listed":
              // What an earlier gateway told of, and this one does not find, is gone.
              for (const [register, token] of present) {
                if (told?.has(register) === false) learn(register, token, null);
              }
              told = null;
              return follower.listed();
          }
        },
      },
    );
    run.operation.promise.then(
      (outcome) => follower.fail(unexpected("watchAll", outcome)),
      (error) => {
        if (!aborter.signal.aborted) follower.fail(error);
      },
    );
    return () => aborter.abort();
  }

  async #resolve(options: PutOptions, limits: Limits): Promise<Resolved> {
    const { session, runtime } = this.shell;
    const bindings: GuestBinding[] = [];
    let owner: GuestOwner | undefined;
    const { until, pid, node, key } = options;
    if (until !== undefined) {
      if (runtime.wallNow() >= until) return { ok: false, reason: timePassed(until) };
      bindings.push({ type: "until", time: until });
    }
    if (pid !== undefined) {
      const { node, session: of, seq } = toPid(pid);
      if (node === this.#name) {
        owner = this.#owners.get(of, seq);
        // A process may be older than its session's grant.
        if (owner === undefined || await session.valid(limits) !== of || owner.ended) {
          return { ok: false, reason: pidEnded({ session: of, seq }) };
        }
        bindings.push({ type: "ownPid", session: owner.sessionNumber, seq });
      } else {
        bindings.push({ type: "pid", session: of, seq });
      }
    }
    if (node !== undefined) {
      if (node === this.#name || `~${node}` === this.#name) {
        await session.valid(limits);
        bindings.push({ type: "own", session: session.number });
      } else bindings.push({ type: "node", node });
    }
    if (key !== undefined) {
      const bound = boundKey(key, options.bucket);
      bindings.push({
        type: "key",
        register: registerId(REGISTER_KINDS.key, bound.bucket, bound.key),
      });
    }
    return { ok: true, bindings, owner };
  }
}

/** Codes of errors with which a gateway refuses an operation before it proposes anything. */
const REFUSALS: readonly string[] = ["unauthorized", "queue_full", "full"];

function toPutOutcome(outcome: GuestOutcome, value: Uint8Array): PutOutcome {
  switch (outcome.type) {
    case "agreed": {
      const mine = outcome.value === null;
      return { kind: "agreed", value: outcome.value ?? value, token: outcome.token, mine };
    }
    case "invalid":
      return { kind: "invalid_value", reason: outcome.reason };
    case "unknown":
      return { kind: "unknown" };
    default:
      throw unexpected("put", outcome);
  }
}

function toFound({ token, value, node, pid }: GuestState): Found {
  return { token, value, node, pid: pid === null ? null : toOwner(pid.session, pid.seq) };
}

/** The whole pid: a session begins with its node. */
export function toOwner(session: string, seq: number): Pid {
  return { node: parseSession(session).node, session, seq };
}
