import type { Core } from "../node/core.ts";
import { releaseChange } from "../paxos/kv_register.ts";
import type { Pid, RegisterId } from "../paxos/register.ts";
import { tidy } from "./tidying.ts";

/** So many registers are released at the same time. */
const RELEASED_AT_ONCE = 64;

/** Between two tries to release the same register, in milliseconds. */
const RETRY_WAIT = 50;

/** The length from which an owner's list is looked through for what was sealed. */
const TIDY_FROM = 1_000;

/** What became of an owner's writes of one register. */
export interface Writes {
  /** Whether one of them was chosen. */
  owned: boolean;
  /** Those of which it is not known whether they were, or will be. */
  unknown: number;
  /** Those among them that are not over. */
  underWay: number;
  /** How many there were. */
  version: number;
}

/** What one process of this node has put in its own name, and may have. */
export class Owner {
  readonly pid: Pid;
  /** Whether it has ended: from then on nothing is proposed for it. */
  ended = false;
  /** The registers that it owns, or may own by a write that nobody knows the outcome of. */
  readonly registers: Map<RegisterId, Writes> = new Map();

  /** An owner of nothing. */
  constructor(pid: Pid) {
    this.pid = pid;
  }

  /** A write of this owner is about to be sent: it may take effect from now on. */
  writes(register: RegisterId): void {
    let writes = this.registers.get(register);
    if (writes === undefined) {
      writes = { owned: false, unknown: 0, underWay: 0, version: 0 };
      this.registers.set(register, writes);
    }
    writes.unknown++;
    writes.underWay++;
    writes.version++;
  }

  /** One such write is over, and its outcome is not known. */
  lost(register: RegisterId): void {
    const writes = this.registers.get(register);
    if (writes !== undefined) writes.underWay--;
  }

  /** The outcome of one such write is known: whether it was chosen. */
  knows(register: RegisterId, chosen: boolean): void {
    const writes = this.registers.get(register);
    if (writes === undefined) return;
    writes.unknown--;
    writes.underWay--;
    writes.owned ||= chosen;
    if (!writes.owned && writes.unknown === 0) this.registers.delete(register);
  }
}

/** The processes that live in this node: who may own something here, and what becomes of it. */
export class ProcessTable {
  readonly #core: Core;
  readonly #owners = new Map<string, Owner>();
  /** Those whose lists are being looked through, or at which length they are next. */
  readonly #tidied = new WeakMap<Owner, number>();
  #last = 0;

  /** The processes of `core`'s node. */
  constructor(core: Core) {
    this.#core = core;
  }

  /** How many there are. */
  get size(): number {
    return this.#owners.size;
  }

  /** A new one, in the session that the node has or is about to get. */
  add(): Owner {
    const { engine, session } = this.#core;
    const owner = new Owner({ node: engine.self, session: session.current, seq: ++this.#last });
    this.#owners.set(nameOf(owner.pid), owner);
    return owner;
  }

  /** The one with this pid, while it lives. */
  owner(pid: Pid): Owner | undefined {
    return this.#owners.get(nameOf(pid));
  }

  /** A write of `owner` is over: its list may be long enough to be looked through, in the background. */
  wrote(owner: Owner): void {
    const { registers } = owner;
    if (registers.size < (this.#tidied.get(owner) ?? TIDY_FROM) || owner.ended) return;
    this.#tidied.set(owner, Infinity);
    void tidy(this.#core, owner).then(() => {
      // As much again may come before the next look, so that each put costs one look at most, or two.
      this.#tidied.set(owner, Math.max(TIDY_FROM, 2 * registers.size));
    });
  }

  /** It is over: nothing is proposed for it any more. */
  end(owner: Owner): void {
    owner.ended = true;
    this.#owners.delete(nameOf(owner.pid));
  }

  /**
   * Releases all that an ended owner has put, or may have. Tries until it is done, the session that
   * owned it is over, or the node closes.
   */
  async release(owner: Owner): Promise<void> {
    const registers = [...owner.registers];
    while (registers.length > 0) {
      await Promise.all(
        registers.splice(-RELEASED_AT_ONCE).map(([register, { unknown }]) =>
          // A write that nobody knows the outcome of may still be adopted: only a later write makes
          // sure that it is gone.
          this.#release(owner, register, unknown > 0)
        ),
      );
    }
  }

  async #release(owner: Owner, register: RegisterId, mustWrite: boolean): Promise<void> {
    const { proposals, session, engine } = this.#core;
    while (session.isPossible(owner.pid.session)) {
      try {
        const limits = this.#core.releaseLimits();
        await proposals.change(register, releaseChange(owner.pid), { ...limits, mustWrite });
        return;
      } catch {
        if (engine.isClosed || engine.hopeless !== undefined) return;
        // What fails at once, since there is no room for example, must not fail in a circle.
        await this.#core.pause(RETRY_WAIT);
      }
    }
  }
}

function nameOf(pid: Pid): string {
  return `${pid.session}/${pid.seq}`;
}
