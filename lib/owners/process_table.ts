import type { Core } from "../node/core.ts";
import { PassingMap } from "../node/shell.ts";
import { releaseChange } from "../paxos/kv_register.ts";
import type { Pid } from "../paxos/register.ts";
import { Owner, type Owners } from "./owner.ts";
import { release } from "./release.ts";
import { tidy } from "./tidying.ts";

/** Registers that are released at the same time. */
const RELEASED_AT_ONCE = 64;

/** Registers of one owner from which on its list is checked for sealed values. */
const TIDY_FROM = 1_000;

/** The processes that live in this node; releases what they owned when they end. */
export class ProcessTable implements Owners {
  readonly #core: Core;
  /** By their numbers, which this node gives in no two of its sessions. */
  readonly #owners = new PassingMap<number, Owner>();
  /** The list length at which each owner is checked next; `Infinity` while a check runs. */
  readonly #tidied = new WeakMap<Owner, number>();
  #last = 0;

  /** Starts without processes. */
  constructor(core: Core) {
    this.#core = core;
  }

  /** The number of living processes. */
  get size(): number {
    return this.#owners.size;
  }

  /** Adds a process, in the node's present or next session. */
  add(): Owner {
    const { self, session } = this.#core;
    const seq = ++this.#last;
    const owner = new Owner({ node: self, session: session.current, seq });
    this.#owners.set(seq, owner);
    return owner;
  }

  /** The owner with this pid, while it lives. */
  owner(pid: Pid): Owner | undefined {
    const owner = this.#owners.get(pid.seq);
    return owner?.pid.session === pid.session ? owner : undefined;
  }

  /** Notes that a write of `owner` is over; starts a check in the background if its list has become long. */
  wrote(owner: Owner): void {
    const { registers } = owner;
    if (registers.size < (this.#tidied.get(owner) ?? TIDY_FROM) || owner.ended) return;
    this.#tidied.set(owner, Infinity);
    void tidy(this.#core, owner).then(() => {
      // The list may double before the next check, so that each put causes at most one or two looks.
      this.#tidied.set(owner, Math.max(TIDY_FROM, 2 * registers.size));
    });
  }

  /** Ends an owner: nothing is proposed for it any more. */
  end(owner: Owner): void {
    owner.ended = true;
    this.#owners.delete(owner.pid.seq);
  }

  /**
   * Releases all that an ended owner owns or may own. Tries until it succeeds, the owner's session is over,
   * or the node closes.
   */
  async release(owner: Owner): Promise<void> {
    const { session } = owner.pid;
    const change = releaseChange(owner.pid);
    const registers = [...owner.registers];
    const releaseOne = ([register, { unknown }]: typeof registers[number]) =>
      release(this.#core, { register, session, change, unsure: unknown > 0 });
    // Most owners have one, or none.
    if (registers.length === 1) return await releaseOne(registers[0]);
    while (registers.length > 0) {
      await Promise.all(registers.splice(-RELEASED_AT_ONCE).map(releaseOne));
    }
  }
}
