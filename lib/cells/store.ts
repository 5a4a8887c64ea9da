import type { Follower, Found } from "../kv/store.ts";
import type { Limits, NodeShell } from "../node/shell.ts";
import type { CellCommand, CellResult } from "../paxos/cell_register.ts";
import type { RegisterId } from "../paxos/register.ts";

/** The cells of the cluster as one node reaches them: a full node by proposals, a guest by its gateway. */
export interface CellStore {
  /** The node. */
  readonly shell: NodeShell;
  /** The encoded value of a cell and its token; `null`: it has none. Rejects with `no_quorum` at the deadline. */
  read(register: RegisterId, limits: Limits): Promise<Pick<Found, "token" | "value"> | null>;
  /**
   * Changes a cell. Calls `writing` before the change can first take effect. Rejects with `no_quorum` at the
   * deadline, and with what the function of an update throws.
   */
  change(
    register: RegisterId,
    command: CellCommand,
    limits: Limits,
    writing: () => void,
  ): Promise<CellResult>;
  /** Follows a cell; returns the function that stops it. */
  watch(register: RegisterId, follower: Follower): () => void;
}
