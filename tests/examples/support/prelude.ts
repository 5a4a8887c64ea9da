/**
 * The names that snippets of the documentation use without an import.
 *
 * @module
 */
import { join } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

export { join };

/** Options of a node that has not joined yet. */
export const id = "w1";
export const members = ["w1"];
export const transport = memoryNetwork().transport();

/** The secret of a cluster. */
export const secret = crypto.randomUUID();

/** A store that checks fencing tokens. */
export const store = {
  write: (_order: object, _options: { fencingToken: number }): Promise<void> => Promise.resolve(),
};
export const order = { number: 42 };

/** Work that can be stopped. */
export function work(signal: AbortSignal): Promise<void> {
  return signal.aborted ? Promise.reject(signal.reason) : Promise.resolve();
}
