import type { Key } from "../codec/key.ts";
import { lateness, type Limits, type NodeShell, noQuorumResult } from "../node/shell.ts";
import { registerId } from "../codec/register_id.ts";
import { encodeValue, UnencodableError } from "../codec/value.ts";
import { type Result, SynodError } from "../errors.ts";
import { type Pid, REGISTER_KINDS } from "../paxos/register.ts";
import type { Chain } from "./singleton_messages.ts";
import { type CallOptions, checkCall } from "./call_options.ts";
import type { Calls } from "./calls.ts";
import type { InstanceLocation } from "./instance_locations.ts";
import { makeRemote, type Target } from "./remote.ts";
import { type AnySpec, checkSpec } from "./spec.ts";

/** Finds the locations of instances, and has hosts start them. */
export interface InstanceFinder {
  /** Where the instance runs; `null` if it does not run. */
  find(target: Target, limits: Limits): Promise<InstanceLocation | null>;
  /**
   * As `find`, but has an instance started that does not run. If the host is lost meanwhile, tries again while
   * `isWanted` returns `true`.
   */
  findOrStart(target: Target, chain: Chain, isWanted: () => boolean): Promise<InstanceLocation>;
}

/** What {@linkcode SingletonCalls} needs of its node. */
export interface SingletonCallsParts {
  readonly shell: NodeShell;
  readonly calls: Calls;
  readonly finder: InstanceFinder;
  /** Default time limit of a call, in milliseconds. */
  readonly callTimeout: number;
}

/** The calls of a node's users: names of singletons, calls with limits, casts. */
export class SingletonCalls {
  readonly #parts: SingletonCallsParts;

  /** Checks and encodes; makes the calls with `parts`. */
  constructor(parts: SingletonCallsParts) {
    this.#parts = parts;
  }

  /** A remote for the singleton of `spec` with this key; `chain` is the chain of each call that it makes. */
  name(key: Key, spec: AnySpec, args: readonly unknown[], chain: () => Chain): object {
    checkSpec(spec, "name");
    const register = registerId(REGISTER_KINDS.singleton, spec.id, key);
    const target: Target = { key, register, spec, args: this.#encode("name", args) };
    return makeRemote(target, (method, args) => this.call(target, method, args, {}, chain()));
  }

  /** See `ClusterNode.call`. */
  async call(
    target: Target,
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    chain: Chain,
  ): Promise<unknown> {
    const { shell, calls, callTimeout } = this.#parts;
    shell.ensureOpen();
    checkCall(method, args, options);
    const encoded = this.#encode(method, args);
    const { signal, timeout = callTimeout } = options;
    const { runtime } = shell;
    const late = () => tookTooLong(method, shell.silence);
    const limits = { signal, deadline: runtime.now() + timeout, late };
    return await calls.call({ target, method, args: encoded, chain }, limits).catch((error) => {
      throw (error instanceof SynodError && lateness(limits, runtime.now())) || error;
    });
  }

  /** See `ClusterNode.cast`. */
  cast(target: Target, method: string, args: readonly unknown[]): void {
    const { shell, calls } = this.#parts;
    shell.ensureOpen();
    checkCall(method, args, {});
    calls.cast({ target, method, args: this.#encode(method, args), chain: [] });
  }

  /** Where the instance runs; with `start`, has it started if it does not run. */
  async where(target: Target, start: boolean): Promise<Result<Pid, "not_found" | "no_quorum">> {
    const { shell, finder, callTimeout } = this.#parts;
    shell.ensureOpen();
    const { runtime } = shell;
    const end = runtime.now() + callTimeout;
    try {
      const location = start
        ? await finder.findOrStart(target, [], () => runtime.now() < end)
        : await finder.find(target, shell.limits());
      if (location === null) return { ok: false, error: "not_found" };
      return { ok: true, value: { ...location.pid } };
    } catch (error) {
      return noQuorumResult(error);
    }
  }

  #encode(what: string, args: readonly unknown[]): Uint8Array {
    try {
      return encodeValue(args, this.#parts.shell.maxValueBytes);
    } catch (error) {
      if (!(error instanceof UnencodableError)) throw error;
      throw new TypeError(`${what}: the arguments cannot be sent: ${error.message}`);
    }
  }
}

/** The error of a call that took too long; `silence` says which nodes do not answer. */
function tookTooLong(method: string, silence: string): DOMException {
  const why = silence === "" ? "" : `: ${silence}`;
  return new DOMException(`${method}() took too long${why}`, "TimeoutError");
}
