import type { GuestOperation, GuestOutcome } from "../codec/guest_messages.ts";
import { proposeCell } from "../cells/paxos_cells.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
import type { CellCommand, CellOperation } from "../paxos/cell_register.ts";
import { beginFor, type GuestOrigin } from "../paxos/guest_change.ts";
import type { OperationId } from "../paxos/register.ts";

type OfCell = GuestOperation & { readonly type: "cell" };

/** Changes a cell for a guest under its operation id; it takes effect at most once, whichever gateways run it. */
export async function runCell(
  { core }: { readonly core: Core },
  { register, ...change }: OfCell,
  op: OperationId,
  origin: GuestOrigin,
  limits: Limits,
): Promise<GuestOutcome> {
  const operation: CellOperation = {
    ...{ op, command: commandOf(change), written: new Map() },
    firstAccept: beginFor(core.clock, origin),
  };
  const result = await proposeCell(core, register, operation, limits, () => {}, origin);
  if (result.kind === "done") return { type: "wrote", token: result.token };
  return { type: result.kind };
}

function commandOf({ over, value }: Omit<OfCell, "register">): CellCommand {
  if (over !== null) return { type: "compareAndSet", token: over, value };
  return value === null ? { type: "delete" } : { type: "set", value };
}
