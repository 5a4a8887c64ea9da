import { SynodError, type SynodErrorCode } from "../errors.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import { show } from "../show.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { Chain, SingletonRequest } from "./singleton_messages.ts";
import { fromFailure } from "./failure.ts";
import type { AttemptOutcome, Outbound } from "./outbound.ts";
import { inOrder } from "./placement.ts";
import type { InstanceLocation } from "./instance_locations.ts";
import type { Target } from "./remote.ts";
import { leaveChange, singletonOf, type SingletonValue } from "./singleton_value.ts";
import type { AnySpec } from "./spec.ts";

/** What a finder needs of its node. */
export interface FinderParts {
  readonly core: Core;
  /** What this node can run. */
  readonly specs: readonly AnySpec[];
  readonly outbound: Outbound;
  /** Called when an instance was found or started. */
  readonly found: (
    target: Pick<Target, "register" | "spec" | "args">,
    location: InstanceLocation,
  ) => void;
}

/** Options of a start. */
export interface StartOptions {
  readonly limits: Limits;
  /** The singletons that wait for the start; see {@linkcode Chain}. */
  readonly chain?: Chain;
  /** Whether no call waits for it. */
  readonly background?: boolean;
  /** Whether it has to be kept running, whatever its spec says. */
  readonly kept?: boolean;
  /** The token of the register that the start is meant for; 0: without a state. */
  readonly after?: number;
  /** A host that must not run it. */
  readonly without?: string;
}

/** Finds the locations of instances, and has hosts start them. */
export class Finder {
  readonly #parts: FinderParts;

  /** Starts without knowledge of instances. */
  constructor(parts: FinderParts) {
    this.#parts = parts;
  }

  /**
   * Where the instance of `target` runs, according to its register; `null` if it does not run and `start` is
   * `false`.
   */
  async find(
    target: Target,
    { start, ...options }: StartOptions & { readonly start: boolean },
  ): Promise<InstanceLocation | null> {
    const { register, spec } = target;
    const { value, token } = await this.current(register, options.limits);
    let location = value?.pid == null ? null : { pid: value.pid, token };
    if (location === null && start) {
      location = await this.start(register, spec, target.args, options);
    }
    if (location !== null) this.#parts.found(target, location);
    return location;
  }

  /**
   * As {@linkcode find}, but starts an instance that does not run. If the host loses its session meanwhile,
   * tries again while `isWanted` returns `true`. Rejects when `needed` aborts: the start is not waited for then.
   */
  async findOrStart(
    target: Target,
    chain: Chain,
    isWanted: () => boolean,
    needed?: AbortSignal,
  ): Promise<InstanceLocation> {
    const { core } = this.#parts;
    let wasLost = false;
    for (;;) {
      try {
        return (await this.find(target, {
          limits: { ...core.limits(), needed },
          start: true,
          chain,
        }))!;
      } catch (error) {
        const code = error instanceof HostFailed ? error.code : undefined;
        wasLost ||= code === "session_lost";
        // A host without a session is not listed as a host until it has its next session.
        const isPassing = code === "session_lost" || (wasLost && code === "no_host");
        if (!isPassing || !isWanted()) throw error;
        await core.pause(RETRY_WAIT);
      }
    }
  }

  /** Reads a register; removes an instance whose session has ended first. */
  async current(
    register: RegisterId,
    limits: Limits,
  ): Promise<{ value: SingletonValue | null; token: number }> {
    const { core } = this.#parts;
    let chosen = await core.reads.read(register, limits);
    for (const session of chosen.stale) {
      if (!await core.queries.fence(session, limits)) continue;
      const change = leaveChange(
        core.nextOperation(),
        (pid) => core.queries.ended.has(pid.session),
        { byItself: false, failed: false },
      );
      chosen = await core.proposals.change(register, change, { ...limits, reserve: true });
    }
    return { value: singletonOf(chosen.state), token: chosen.token };
  }

  /**
   * Asks the hosts in their order for this register until one of them runs an instance. Throws the error of
   * the instance's own start, `no_host` if no host can run it, and `no_quorum` if the last one does not
   * answer.
   */
  async start(
    register: RegisterId,
    spec: AnySpec,
    args: Uint8Array,
    { limits, chain = [], without, ...how }: StartOptions,
  ): Promise<InstanceLocation> {
    const { core: { self, timeout, queries }, specs, outbound } = this.#parts;
    const hosts = new Set(await queries.hosts(spec.id, limits));
    if (specs.some(({ id }) => id === spec.id)) hosts.add(self);
    if (without !== undefined) hosts.delete(without);
    if (hosts.size === 0) {
      throw new HostFailed("no_host", `No node of the cluster can run ${show(spec.id)}`);
    }
    let outcome: AttemptOutcome = { type: "lost" };
    for (const node of inOrder(register, hosts)) {
      const { background = false, kept = false, after = null } = how;
      const about = { register, spec: spec.id, args, timeout, chain, background, kept, after };
      const request: SingletonRequest = { type: "start", ...about };
      // A start may take long; its host confirms meanwhile that it is under way.
      outcome = await outbound.start(node, request, { ...limits, deadline: Infinity });
      if (outcome.type === "started") return { pid: outcome.pid, token: outcome.token };
      if (outcome.type === "refused") throw new HostFailed("session_lost", "It has run meanwhile");
      // An error of the instance's own start goes to the caller; any other error concerns this host only.
      if (outcome.type === "failed" && !outcome.byHost) throw fromFailure(outcome.failure);
    }
    if (outcome.type !== "failed") {
      throw new SynodError("no_quorum", `No host of ${show(spec.id)} answered in time`);
    }
    const { code, message } = outcome.failure;
    if (LEAVING.includes(code as string)) {
      throw new SynodError("no_host", `Every node that can run ${show(spec.id)} is leaving`);
    }
    throw new HostFailed(code as SynodErrorCode, message);
  }
}

/** An error of a host, not of the instance. */
class HostFailed extends SynodError {}

/** Delay between two tries to start the same instance, in milliseconds. */
const RETRY_WAIT = 50;

/**
 * Error codes of a host that has left the cluster. The caller must not get them: it would take them for the
 * state of its own node.
 */
const LEAVING: readonly string[] = ["closed", "replaced"];
