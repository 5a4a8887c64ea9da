import { bucketPrefix } from "../codec.ts";
import type { Core } from "../node/core.ts";
import { RecentMap } from "../node/runtime/recent_map.ts";
import type { RegisterId } from "../paxos/register.ts";
import type { Finder } from "./finder.ts";
import { type AnySpec, isKept } from "./spec.ts";

/** What is needed to start an instance again. */
interface Kept {
  readonly spec: AnySpec;
  /** The encoded arguments of its start. */
  readonly args: Uint8Array;
}

/** Since when registers wait for a start, with the token at which each began to. */
type Waits = Map<RegisterId, { readonly token: number; readonly since: number }>;

/** What a keeper needs of its node. */
export interface KeeperParts {
  readonly core: Core;
  /** What this node can run. */
  readonly specs: readonly AnySpec[];
  readonly finder: Finder;
}

/** Instances that a node knows of, to bring them back after a majority loss; at most. */
const MAX_KNOWN = 10_000;

/** What it keeps of their arguments and keys, in bytes. */
const MAX_KNOWN_BYTES = 16 * 2 ** 20;

/** After the first failed start in a row, in milliseconds; each further one doubles it. */
const FIRST_BACKOFF = 1_000;

/** The longest wait between two starts that fail, in milliseconds. */
const LONGEST_BACKOFF = 60_000;

/** The longest wait between two tries to bring back what a majority loss has ended, in milliseconds. */
const LONGEST_RETURN = 60_000;

/** Keeps running what has to be: what ends is started again without a call. */
export class Keeper {
  readonly #parts: KeeperParts;
  readonly #kept: readonly AnySpec[];
  /** Those of the latest look. */
  #waits: Waits = new Map();
  /** What has to be kept running, as far as this node knows. */
  readonly #known = new RecentMap<RegisterId, Kept>(
    MAX_KNOWN,
    MAX_KNOWN_BYTES,
    (register, { args }) => register.length + args.length,
  );
  /** What ran when a majority lost its memory, until it runs again. */
  readonly #lost = new Map<RegisterId, Kept>();
  #returns = 0;
  #returnAt = 0;
  #cancel: (() => void) | undefined;
  #stopped = false;

  /** Keeps nothing yet. */
  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#kept = parts.specs.filter(isKept);
  }

  /** Looks from now on. */
  start(): void {
    if (this.#kept.length > 0) this.#later();
  }

  /** Looks no more. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#lost.clear();
  }

  /** An instance of a spec that has to be kept running runs somewhere. */
  note(register: RegisterId, spec: AnySpec, args: Uint8Array): void {
    // Only the hosts of a transient one hear that it has ended by itself.
    const isHost = this.#kept.some(({ id }) => id === spec.id);
    if (!isHost && spec.restart !== "permanent") return;
    this.#known.set(register, { spec, args });
  }

  /** The cluster began anew, and remembers nothing: what ran before comes back. */
  restart(): void {
    for (const [register, kept] of this.#known.entries()) this.#lost.set(register, kept);
    this.#known.clear();
    this.#waits.clear();
    this.#returns = 0;
    this.#returnAt = 0;
    if (this.#lost.size > 0 && this.#cancel === undefined) this.#later();
  }

  /** What this node has left has to run somewhere else; `without` this node if it is leaving the cluster. */
  passOn(register: RegisterId, spec: AnySpec, args: Uint8Array, without: string | undefined): void {
    const limits = this.#parts.core.limits();
    // Should it fail, the hosts find it when they look next.
    this.#parts.finder.start(register, spec, args, { limits, background: true, without })
      .catch(() => {});
  }

  #later(): void {
    if (this.#stopped) return;
    const { runtime, settings } = this.#parts.core.engine;
    this.#cancel = runtime.setTimer(() => {
      this.#look().catch(() => {}).then(() => {
        this.#cancel = undefined;
        if (this.#kept.length > 0 || this.#lost.size > 0) this.#later();
      });
    }, settings.sessionTtl * (0.25 + 0.25 * runtime.random()));
  }

  async #look(): Promise<void> {
    const waits: Waits = new Map();
    await Promise.all([this.#return(), ...this.#kept.map((spec) => this.#keep(spec, waits))]);
    this.#waits = waits;
  }

  /** Starts what has to be kept running and does not run, if it is time for that. */
  async #keep(spec: AnySpec, waits: Waits): Promise<void> {
    const { core, finder } = this.#parts;
    const known = [...this.#known.entries()].filter(([, kept]) => kept.spec.id === spec.id);
    const registers = await core.questions.list(bucketPrefix("s", spec.id), core.limits());
    // It has ended by itself, and its tombstone is forgotten already.
    for (const [register] of known) if (!registers.has(register)) this.#known.delete(register);
    for (const register of registers.keys()) {
      if (this.#stopped) return;
      const { value, token } = await finder.current(register, core.limits());
      if (value === null) {
        this.#known.delete(register);
        continue;
      }
      this.note(register, spec, value.args);
      if (value.pid !== null) continue;
      const now = core.engine.runtime.now();
      const before = this.#waits.get(register);
      const since = before?.token === token ? before.since : now;
      waits.set(register, { token, since });
      // All hosts count the same failures, and begin to wait when they see the last one.
      if (now - since < backoff(value.failures)) continue;
      await this.#begin(register, { spec, args: value.args });
    }
  }

  /** Starts what ran before a majority lost its memory. */
  async #return(): Promise<void> {
    const { core, finder } = this.#parts;
    if (this.#lost.size === 0 || core.engine.runtime.now() < this.#returnAt) return;
    const wait = Math.min(LONGEST_RETURN, FIRST_BACKOFF * 2 ** this.#returns++);
    this.#returnAt = core.engine.runtime.now() + wait;
    for (const [register, kept] of [...this.#lost]) {
      if (this.#stopped) return;
      const { value } = await finder.current(register, core.limits());
      if (value === null) await this.#begin(register, kept);
      else this.#lost.delete(register);
    }
  }

  /** To have asked is enough: a start may take as long as it likes. */
  async #begin(register: RegisterId, { spec, args }: Kept): Promise<void> {
    const { core, finder } = this.#parts;
    const options = { limits: core.limits(), background: true };
    const started = finder.start(register, spec, args, options).catch(() => {});
    await Promise.race([started, core.pause(core.engine.settings.timeout)]);
  }
}

function backoff(failures: number): number {
  return failures === 0 ? 0 : Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (failures - 1));
}
