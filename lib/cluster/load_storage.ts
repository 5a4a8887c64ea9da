import { SynodError } from "../errors.ts";
import { onAbort } from "../node/runtime/on_abort.ts";
import type { Storage } from "../storage/storage.ts";
import type { NodeParts } from "./wiring.ts";

/**
 * Resolves with `null` when the storage is loaded; or, when another process has it, with the promise of that: it may have
 * it for long. Rejects when the signal of the node aborts before.
 */
export async function loadStorage(
  { settings: { signal }, membership, later: { disks } }: NodeParts,
  storage: Storage,
): Promise<{ readonly loaded: Promise<void> } | null> {
  let inUse = () => {};
  const isInUse = new Promise<true>((resolve) => inUse = () => resolve(true));
  const loaded = membership.load(storage, disks!, inUse);
  let cancel = () => {};
  const aborted = new Promise<never>((_, reject) => {
    if (signal !== undefined) cancel = onAbort(signal, () => reject(signal.reason));
  });
  try {
    return await Promise.race([loaded, isInUse, aborted]) === true ? { loaded } : null;
  } finally {
    cancel();
  }
}

/** Why a node cannot go on that had to wait for its storage. */
export function lateFailure({ settings: { id } }: NodeParts, error: unknown): SynodError {
  if (error instanceof SynodError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const message = `Node ${id} could not open its transports: ${why}`;
  return new SynodError("unreachable", message, { cause: error });
}
