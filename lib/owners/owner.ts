import type { Pid, RegisterId } from "../paxos/register.ts";

/** The state of an owner's writes to one register. */
export interface Writes {
  /** Whether one of the writes was chosen. */
  owned: boolean;
  /** Writes of which it is not known whether they were, or will be, chosen. */
  unknown: number;
  /** Writes among `unknown` that are not over. */
  underWay: number;
  /** The number of writes that have begun. */
  version: number;
}

/** What one process of this node owns, or may own. */
export class Owner {
  readonly pid: Pid;
  /** Whether the process has ended: nothing is proposed for it afterwards. */
  ended = false;
  /** The registers that it owns, or may own by a write with an unknown outcome. */
  readonly registers: Map<RegisterId, Writes> = new Map();

  /** Starts without registers. */
  constructor(pid: Pid) {
    this.pid = pid;
  }

  /** Notes that a write of this owner is about to be sent: it may take effect from now on. */
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

  /** Notes that one such write is over and its outcome is unknown. */
  lost(register: RegisterId): void {
    const writes = this.registers.get(register);
    if (writes !== undefined) writes.underWay--;
  }

  /** Notes the outcome of one such write: whether it was chosen. */
  knows(register: RegisterId, chosen: boolean): void {
    const writes = this.registers.get(register);
    if (writes === undefined) return;
    writes.unknown--;
    writes.underWay--;
    writes.owned ||= chosen;
    if (!writes.owned && writes.unknown === 0) this.registers.delete(register);
  }
}

/** The owners in one node: its processes, and those of single locks. */
export interface Owners {
  /** Adds an owner, in the node's present or next session. */
  add(): Owner;
  /** Ends an owner: nothing is proposed for it any more. */
  end(owner: Owner): void;
  /** Releases all that an ended owner owns or may own; resolves when that is done, or not needed any more. */
  release(owner: Owner): Promise<void>;
}
