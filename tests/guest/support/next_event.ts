import type { GuestEvents } from "../../../guest/events.ts";
import type { GuestNode } from "../../../guest/guest_node.ts";

/** The detail of the next event of this type. */
export function nextEvent<K extends keyof GuestEvents & string>(
  node: GuestNode,
  type: K,
): Promise<GuestEvents[K]> {
  return new Promise((resolve) => {
    node.addEventListener(type, ({ detail }) => resolve(detail), { once: true });
  });
}
