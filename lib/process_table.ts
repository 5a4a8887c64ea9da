import type { Core } from "./node/core.ts";
import { releaseChange } from "./paxos/kv_register.ts";
import type { Pid, RegisterId } from "./paxos/register.ts";

/** What one process of this node has put in its own name, and may have. */
export class Owner {
  readonly pid: Pid;
  /** Whether it has ended: from then on nothing is proposed for it. */
  ended = false;
  /** The registers that it wrote, and how many of the writes nobody knows the outcome of. */
  readonly registers: Map<RegisterId, number> = new Map();

  /** An owner of nothing. */
  constructor(pid: Pid) {
    this.pid = pid;
  }

  /** A write of this owner is about to be sent: it may take effect from now on. */
  writes(register: RegisterId): void {
    this.registers.set(register, (this.registers.get(register) ?? 0) + 1);
  }

  /** The outcome of one such write is known. */
  knows(register: RegisterId): void {
    this.registers.set(register, (this.registers.get(register) ?? 1) - 1);
  }
}

/** The processes that live in this node: who may own something here, and what becomes of it. */
export class ProcessTable {
  readonly #core: Core;
  readonly #owners = new Map<string, Owner>();
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
    const { proposals, session } = this.#core;
    await Promise.all(Array.from(owner.registers, async ([register, unknown]) => {
      while (session.isPossible(owner.pid.session)) {
        try {
          await proposals.change(register, releaseChange(owner.pid), {
            // Beyond the deadline of a session everything that it owned is free for others anyway.
            deadline: this.#core.engine.runtime.now() + this.#core.session.remaining + 1,
            // A write that nobody knows the outcome of may still be adopted: only a later write
            // makes sure that it is gone.
            mustWrite: unknown > 0,
          });
          return;
        } catch {
          // Without the error of a deadline it would fail again at once.
          if (this.#core.engine.isClosed || this.#core.engine.hopeless !== undefined) return;
        }
      }
    }));
  }
}

function nameOf(pid: Pid): string {
  return `${pid.session}/${pid.seq}`;
}
