import { SynodError, type SynodErrorCode } from "../errors.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/runtime/operation.ts";
import { show } from "../node/runtime/show.ts";
import type { EndedSessions } from "../owners/ended_sessions.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { Chain, Question } from "./bodies.ts";
import { fromFailure } from "./failure.ts";
import type { Outbound, Outcome } from "./outbound.ts";
import { inOrder } from "./placement.ts";
import type { Place } from "./places.ts";
import type { Target } from "./remote.ts";
import { leaveChange, singletonOf, type SingletonValue } from "./singleton_value.ts";
import type { AnySpec } from "./spec.ts";

/** What a finder needs of its node. */
export interface FinderParts {
  readonly core: Core;
  /** What this node can run. */
  readonly specs: readonly AnySpec[];
  readonly ended: EndedSessions;
  readonly outbound: Outbound;
  /** An instance was found, or started. */
  readonly found: (target: Pick<Target, "register" | "spec" | "args">, place: Place) => void;
}

/** How to start what does not run. */
export interface StartOptions {
  readonly limits: Limits;
  /** The calls that wait for it. */
  readonly chain?: Chain;
  /** Whether no call waits for it. */
  readonly background?: boolean;
  /** A host that is not asked. */
  readonly without?: string;
}

/** Finds out where instances run, and has hosts start them. */
export class Finder {
  readonly #parts: FinderParts;

  /** Has found nothing yet. */
  constructor(parts: FinderParts) {
    this.#parts = parts;
  }

  /** Where the instance of `target` runs, as its register says; `null` if it does not and may not start. */
  async find(
    target: Target,
    { start, ...options }: StartOptions & { readonly start: boolean },
  ): Promise<Place | null> {
    const { register, spec } = target;
    const { value, token } = await this.current(register, options.limits);
    let place = value?.pid == null ? null : { pid: value.pid, token };
    if (place === null && start) place = await this.start(register, spec, target.args, options);
    if (place !== null) this.#parts.found(target, place);
    return place;
  }

  /**
   * As {@linkcode find}, and starts what does not run. A host that lost its session meanwhile is asked again
   * as long as `isWanted` says so.
   */
  async insist(target: Target, chain: Chain, isWanted: () => boolean): Promise<Place> {
    const { core } = this.#parts;
    let wasLost = false;
    for (;;) {
      try {
        return (await this.find(target, { limits: core.limits(), start: true, chain }))!;
      } catch (error) {
        const code = error instanceof HostFailed ? error.code : undefined;
        wasLost ||= code === "session_lost";
        // Without its session the host is none, until it has the next one.
        const isPassing = code === "session_lost" || (wasLost && code === "no_host");
        if (!isPassing || !isWanted()) throw error;
        await core.pause(RETRY_WAIT);
      }
    }
  }

  /** What a register holds; an instance whose session has ended is dropped first. */
  async current(
    register: RegisterId,
    limits: Limits,
  ): Promise<{ value: SingletonValue | null; token: number }> {
    const { core, ended } = this.#parts;
    let chosen = await core.reads.read(register, limits);
    for (const session of chosen.stale) {
      if (!await core.questions.fence(session, limits)) continue;
      ended.add(session);
      const change = leaveChange(
        core.nextOperation(),
        (pid) => ended.has(pid.session),
        { byItself: false, failed: false },
      );
      chosen = await core.proposals.change(register, change, limits);
    }
    return { value: singletonOf(chosen.state), token: chosen.token };
  }

  /** Has one of the hosts start an instance: the one whose turn it is, or else the next one. */
  async start(
    register: RegisterId,
    spec: AnySpec,
    args: Uint8Array,
    { limits, chain = [], background = false, without }: StartOptions,
  ): Promise<Place> {
    const { core: { engine, questions }, specs, outbound } = this.#parts;
    const hosts = new Set(await questions.hosts(spec.id, limits));
    if (specs.some(({ id }) => id === spec.id)) hosts.add(engine.self);
    if (without !== undefined) hosts.delete(without);
    if (hosts.size === 0) {
      throw new HostFailed("no_host", `No node of the cluster can run ${show(spec.id)}`);
    }
    let outcome: Outcome = { type: "lost" };
    for (const node of inOrder(register, hosts)) {
      const { timeout } = engine.settings;
      const about = { register, spec: spec.id, args, timeout, chain, background };
      const question: Question = { type: "start", ...about };
      // A start may take its time: its host says that it is at it.
      outcome = await outbound.start(node, question, { ...limits, deadline: Infinity });
      if (outcome.type === "started") return { pid: outcome.pid, token: outcome.token };
      // An error of the instance's own start is for the caller; all others are about the host.
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

/** An error of a host, not of what it runs. */
class HostFailed extends SynodError {}

/** Between two tries to start the same instance, in milliseconds. */
const RETRY_WAIT = 50;

/** What a host says that has no part in the cluster any more; of the caller's node it would say the same. */
const LEAVING: readonly string[] = ["closed", "replaced"];
