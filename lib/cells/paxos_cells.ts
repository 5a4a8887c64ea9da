import { SynodError } from "../errors.ts";
import type { Follower, Found } from "../kv/store.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import {
  cellChange,
  type CellCommand,
  type CellOperation,
  type CellResult,
} from "../paxos/cell_register.ts";
import { guestChange, type GuestOrigin } from "../paxos/guest_change.ts";
import type { RegisterId, State } from "../paxos/register.ts";
import { CELL_FORMAT, valueIn } from "./cell_value.ts";
import type { CellStore } from "./store.ts";

/** The cells as a node reaches them that takes part in the protocol. */
export class PaxosCells implements CellStore {
  readonly shell: Core;

  /** Reads, proposes and watches with `core`. */
  constructor(core: Core) {
    this.shell = core;
  }

  /** See {@linkcode CellStore.read}. */
  async read(
    register: RegisterId,
    limits: Limits,
  ): Promise<Pick<Found, "token" | "value"> | null> {
    return toFound((await this.shell.reads.read(register, limits)).state);
  }

  /** See {@linkcode CellStore.change}. */
  async change(
    register: RegisterId,
    command: CellCommand,
    limits: Limits,
    writing: () => void,
  ): Promise<CellResult> {
    const operation = { op: this.shell.nextOperation(), command, written: new Map() };
    return await proposeCell(this.shell, register, operation, limits, writing);
  }

  /** See {@linkcode CellStore.watch}. */
  watch(register: RegisterId, follower: Follower): () => void {
    return this.shell.watches.watch(register, ({ state }) => {
      let found: ReturnType<typeof toFound>;
      try {
        found = toFound(state);
      } catch (error) {
        return follower.fail(error);
      }
      follower.learn(found);
    });
  }
}

/** Proposes an operation on a cell, for a guest if it has an `origin`. Calls `writing` before it can first take effect. */
export async function proposeCell(
  core: Core,
  register: RegisterId,
  operation: CellOperation,
  limits: Limits,
  writing: () => void,
  origin?: GuestOrigin,
): Promise<CellResult> {
  try {
    const change = cellChange(operation, CELL_FORMAT);
    const made = origin === undefined ? change : guestChange(change, origin);
    const { result } = await core.proposals.change(register, made, {
      ...limits,
      since: origin?.since,
      // Another gateway may have sent an accept that some members have: it has to be written over.
      mustWrite: origin?.again,
      // An accept on an outdated promise is below much that others wrote, and its effect could not be told any more.
      ignoreKeptPromise: true,
      reserve: operation.command.type === "delete",
      valueBytes: "value" in operation.command && operation.command.value?.length || 0,
      writing: ({ counter }) => {
        if (operation.firstAccept === undefined) writing();
        operation.firstAccept ??= counter;
      },
    });
    return result;
  } catch (error) {
    // `full` for a later attempt says nothing about the effect of the earlier ones.
    const isFull = error instanceof SynodError && error.code === "full";
    if (isFull && operation.firstAccept !== undefined) return { kind: "unknown" };
    throw error;
  }
}

/** The encoded value of a chosen state; `null`: it has none. */
export function toFound(state: State | null): Pick<Found, "token" | "value"> | null {
  return state?.present ? { token: state.token, value: valueIn(state) } : null;
}
