import { bucketPrefix } from "../codec.ts";
import type { Core } from "../node/core.ts";
import { RecentMap } from "../node/shell.ts";
import { REGISTER_KINDS, type RegisterId } from "../paxos/register.ts";
import type { Finder } from "./finder.ts";
import type { Hosted, StartableInstance } from "./hosts.ts";
import { type AnySpec, isSupervised } from "./spec.ts";

/**
 * Since when registers have waited for a start, with the token of the state that they have been in since
 * then.
 */
type WaitingRegisters = Map<RegisterId, { readonly token: number; readonly since: number }>;

/** What a supervisor needs of its node. */
export interface SupervisorParts {
  readonly core: Core;
  /** What this node can run. */
  readonly specs: readonly AnySpec[];
  /** What always has to run somewhere. */
  readonly kept: Hosted["kept"];
  readonly finder: Finder;
}

/** Instances that a node knows of, to start them again after a majority loss; bounds memory. */
const MAX_KNOWN = 10_000;

/** Size of the arguments and keys of these instances, in bytes. */
const MAX_KNOWN_BYTES = 16 * 2 ** 20;

/** Wait after the first failed start in a row, in milliseconds; each further one doubles it. */
const FIRST_BACKOFF = 1_000;

/** Longest wait between two failed starts, in milliseconds. */
const LONGEST_BACKOFF = 60_000;

/** Longest wait between two tries to start what a majority loss has ended, in milliseconds. */
const LONGEST_LOST_WAIT = 60_000;

/** Instances that always run and are looked at, or asked for, at the same time. */
const KEPT_AT_ONCE = 32;

/**
 * Keeps singletons running: an instance that ends is started again without a call, and one that always has to run is
 * started as soon as there is a quorum.
 */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #supervised: readonly AnySpec[];
  /** The waiting registers found by the latest check. */
  #waits: WaitingRegisters = new Map();
  /** The instances that have to be kept running, as far as this node knows. */
  readonly #known = new RecentMap<RegisterId, StartableInstance>(
    MAX_KNOWN,
    MAX_KNOWN_BYTES,
    (register, { args }) => register.length + args.length,
  );
  /** The instances that ran when a majority lost its memory, until they run again. */
  readonly #lost = new Map<RegisterId, StartableInstance>();
  #lostTries = 0;
  #nextLostTry = 0;
  /** Cancels the timer of the next check. */
  #cancel: (() => void) | undefined;
  #isChecking = false;
  /** Whether the next check follows the present one at once. */
  #isUrgent = false;
  #stopped = false;

  /** Starts without known instances. */
  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#supervised = parts.specs.filter(isSupervised);
  }

  /** Starts the periodic checks. */
  start(): void {
    if (this.#isNeeded) this.#later();
  }

  /** A quorum has granted a session of this node: looks at once for what always has to run. */
  granted(): void {
    if (this.#parts.kept.size === 0 || this.#stopped) return;
    if (this.#isChecking) this.#isUrgent = true;
    else this.#run();
  }

  /** Stops the periodic checks. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#lost.clear();
  }

  /** Notes that an instance runs somewhere which has to be kept running. */
  note(register: RegisterId, spec: AnySpec, args: Uint8Array): void {
    if (this.#parts.kept.has(register)) return;
    // Only the hosts of a transient instance learn that it has ended by itself.
    const isHost = this.#supervised.some(({ id }) => id === spec.id);
    if (!isHost && spec.restart !== "permanent") return;
    this.#known.set(register, { spec, args });
  }

  /** The cluster has restarted with empty registers: the instances that ran before are started again. */
  restart(): void {
    for (const [register, instance] of this.#known.entries()) this.#lost.set(register, instance);
    this.#known.clear();
    this.#waits.clear();
    this.#lostTries = 0;
    this.#nextLostTry = 0;
    if (this.#lost.size > 0 && this.#cancel === undefined && !this.#isChecking) this.#later();
  }

  /**
   * Has another host start an instance that ended here; `without` is this node if it leaves the cluster. Resolves
   * when it was started, or cannot be.
   */
  async passOn(
    register: RegisterId,
    spec: AnySpec,
    args: Uint8Array,
    without: string | undefined,
  ): Promise<void> {
    const { core, finder, kept } = this.#parts;
    const options = {
      ...{ limits: core.limits(), background: true, without },
      kept: kept.has(register),
    };
    // If this fails, the hosts find the register at their next check.
    await finder.start(register, spec, args, options).catch(() => {});
  }

  get #isNeeded(): boolean {
    return this.#supervised.length > 0 || this.#parts.kept.size > 0 || this.#lost.size > 0;
  }

  #later(): void {
    if (this.#stopped) return;
    const { runtime, sessionTtl } = this.#parts.core;
    const wait = sessionTtl * (0.25 + 0.25 * runtime.random());
    this.#cancel = runtime.setTimer(() => this.#run(), wait);
  }

  #run(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isChecking = true;
    this.#check().catch(() => {}).then(() => {
      this.#isChecking = false;
      const isUrgent = this.#isUrgent && !this.#stopped;
      this.#isUrgent = false;
      if (isUrgent) this.#run();
      else if (this.#isNeeded) this.#later();
    });
  }

  async #check(): Promise<void> {
    const waits: WaitingRegisters = new Map();
    await Promise.all([
      this.#startLost(),
      this.#startKept(waits),
      ...this.#supervised.map((spec) => this.#startMissing(spec, waits)),
    ]);
    this.#waits = waits;
  }

  /** Starts the instances that have to run and do not, once their wait is over. */
  async #startMissing(spec: AnySpec, waits: WaitingRegisters): Promise<void> {
    const { core, finder, kept } = this.#parts;
    const known = [...this.#known.entries()].filter(([, known]) => known.spec.id === spec.id);
    const registers = await core.queries.list(
      bucketPrefix(REGISTER_KINDS.singleton, spec.id),
      core.limits(),
    );
    // It has ended by itself, and its tombstone is already forgotten.
    for (const [register] of known) if (!registers.has(register)) this.#known.delete(register);
    for (const register of registers.keys()) {
      if (this.#stopped) return;
      if (kept.has(register)) continue;
      const { value, token } = await finder.current(register, core.limits());
      if (value === null) {
        this.#known.delete(register);
        continue;
      }
      this.note(register, spec, value.args);
      if (value.pid !== null || !this.#isDue(register, value.failures, token, waits)) continue;
      await this.#begin(register, { spec, args: value.args }, token);
    }
  }

  /** Starts the instances that always have to run and do not, once their wait is over. */
  async #startKept(waits: WaitingRegisters): Promise<void> {
    const { core, finder, kept } = this.#parts;
    // Each of them may wait for a host that does not answer: that must not hold up the others.
    const queue = kept.entries();
    let failed = false;
    const look = async () => {
      for (const [register, instance] of queue) {
        if (this.#stopped || failed) return;
        const { value, token } = await finder.current(register, core.limits()).catch((error) => {
          // There is no quorum for the others either.
          failed = true;
          throw error;
        });
        if (value !== null && value.pid !== null) continue;
        if (!this.#isDue(register, value?.failures ?? 0, token, waits)) continue;
        await this.#begin(register, instance, value === null ? 0 : token, true);
      }
    };
    await Promise.all(Array.from({ length: Math.min(KEPT_AT_ONCE, kept.size) }, look));
  }

  /** Whether the wait of a register is over that has been in the state of `token` since the last failed start. */
  #isDue(
    register: RegisterId,
    failures: number,
    token: number,
    waits: WaitingRegisters,
  ): boolean {
    const now = this.#parts.core.runtime.now();
    const before = this.#waits.get(register);
    const since = before?.token === token ? before.since : now;
    waits.set(register, { token, since });
    // All hosts see the same number of failures, and measure the wait from when they saw the last one.
    return now - since >= backoff(failures);
  }

  /** Starts the instances that ran before a majority lost its memory. */
  async #startLost(): Promise<void> {
    const { core, finder } = this.#parts;
    if (this.#lost.size === 0 || core.runtime.now() < this.#nextLostTry) return;
    const wait = Math.min(LONGEST_LOST_WAIT, FIRST_BACKOFF * 2 ** this.#lostTries++);
    this.#nextLostTry = core.runtime.now() + wait;
    for (const [register, instance] of [...this.#lost]) {
      if (this.#stopped) return;
      const { value } = await finder.current(register, core.limits());
      if (value === null) await this.#begin(register, instance, 0);
      else this.#lost.delete(register);
    }
  }

  /**
   * Starts an instance whose register had the token `after`, so that other supervisors do not try again what has just
   * failed. Waits for the request only: a start may take arbitrarily long.
   */
  async #begin(
    register: RegisterId,
    { spec, args }: StartableInstance,
    after: number,
    kept = false,
  ): Promise<void> {
    const { core, finder } = this.#parts;
    const options = { limits: core.limits(), background: true, kept, after };
    const started = finder.start(register, spec, args, options).catch(() => {});
    await Promise.race([started, core.pause(core.timeout)]);
  }
}

function backoff(failures: number): number {
  return failures === 0 ? 0 : Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (failures - 1));
}
