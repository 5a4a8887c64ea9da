import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import { NO_BINDINGS } from "../paxos/kv_register.ts";
import type { Binding, Pid, Present, RegisterId } from "../paxos/register.ts";
import { parseSession } from "../paxos/sessions.ts";
import type { ProcessTable } from "../owners/process_table.ts";
import { isBound, resolveBindings } from "./bindings.ts";
import { presentRegisters } from "./present_registers.ts";
import type { PutOptions } from "./options.ts";
import type { Puts } from "./puts.ts";
import type { BucketFollower, Follower, Found, KvStore, ListedKey, PutOutcome } from "./store.ts";

/** The keys as a node reaches them that takes part in the protocol. */
export class PaxosStore implements KvStore {
  readonly shell: Core;
  readonly #puts: Puts;
  readonly #processes: ProcessTable;

  /** Reads and watches with `core`, and writes with `puts` on behalf of `processes`. */
  constructor(core: Core, puts: Puts, processes: ProcessTable) {
    this.shell = core;
    this.#puts = puts;
    this.#processes = processes;
  }

  /** See {@linkcode KvStore.known}. */
  known(register: RegisterId): Found | undefined {
    const state = this.shell.settled.get(register);
    return state && toFound(state);
  }

  /** See {@linkcode KvStore.read}. */
  read(register: RegisterId, limits: Limits): Promise<Found | null> {
    return this.shell.liveness.live(register, limits)
      .then(({ state }) => state?.present ? toFound(state) : null);
  }

  /** See {@linkcode KvStore.put}. */
  put(
    register: RegisterId,
    value: Uint8Array,
    options: PutOptions,
    limits: Limits,
    writing: () => void,
  ): Promise<PutOutcome> {
    if (isBound(options)) return this.#putBound(register, value, options, limits, writing);
    return this.#run(register, value, NO_BINDINGS, limits, writing);
  }

  async #putBound(
    register: RegisterId,
    value: Uint8Array,
    options: PutOptions,
    limits: Limits,
    writing: () => void,
  ): Promise<PutOutcome> {
    const resolved = await resolveBindings(this.shell, this.#processes, options, limits);
    if (!resolved.ok) return { kind: "invalid_value", reason: resolved.reason };
    return await this.#run(register, value, resolved.bindings, limits, writing);
  }

  #run(
    register: RegisterId,
    value: Uint8Array,
    bindings: readonly Binding[],
    limits: Limits,
    writing: () => void,
  ): Promise<PutOutcome> {
    const op = this.shell.nextOperation();
    return this.#puts.run({ op, register, value, bindings }, limits, writing);
  }

  /** See {@linkcode KvStore.list}. */
  async list(prefix: string, values: boolean, limits: Limits): Promise<readonly ListedKey[]> {
    const found = await presentRegisters(this.shell, prefix, values, limits);
    return found.map(({ register, state }) =>
      state === undefined ? { register } : { register, token: state.token, value: state.value }
    );
  }

  /** See {@linkcode KvStore.watch}. */
  watch(register: RegisterId, follower: Follower): () => void {
    return this.shell.watches.watch(
      register,
      ({ state }) => follower.learn(state?.present ? state : null),
    );
  }

  /** See {@linkcode KvStore.watchAll}. */
  watchAll(prefix: string, follower: BucketFollower): () => void {
    return this.shell.buckets.watch(prefix, {
      learned: (register, state) => follower.learn(register, state.present ? state : null),
      listed: follower.listed,
    });
  }
}

function toFound({ token, value, bindings }: Present): Found {
  let node: string | null = null;
  let pid: Pid | null = null;
  for (const binding of bindings) {
    if (binding.kind === "node") node ??= parseSession(binding.session).node;
    if (binding.kind === "pid") {
      node ??= binding.pid.node;
      pid ??= { ...binding.pid };
    }
  }
  return { token, value, node, pid };
}
