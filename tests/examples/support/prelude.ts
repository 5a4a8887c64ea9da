/**
 * What the snippets of the documentation lean on without saying where it comes from.
 *
 * @module
 */
import { join } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

export { join };

/** Of a node that is still to join. */
export const id = "w1";
export const members = ["w1"];
export const transport = memoryNetwork().transport();

/** Some store that checks fencing tokens. */
export const store = {
  write: (_order: object, _options: { fencingToken: number }): Promise<void> => Promise.resolve(),
};
export const order = { number: 42 };

/** Some work that can be stopped. */
export function work(signal: AbortSignal): Promise<void> {
  return signal.aborted ? Promise.reject(signal.reason) : Promise.resolve();
}
