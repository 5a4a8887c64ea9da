import type { Transport } from "../../mod.ts";

/** Whether two nodes have no connection to each other. */
export type Apart = (one: string, other: string) => boolean;

/**
 * `inner`, but for the nodes that it is apart from: nothing goes there. With `knows` the transport can tell
 * what it has a connection to; otherwise it has just the three methods that every transport has.
 */
export function cutOff(
  inner: Transport,
  self: string,
  apart: Apart,
  { knows }: { knows: boolean },
): Transport {
  const cut: Transport = {
    open: (self, receive) => inner.open(self, receive),
    send(to, frame) {
      if (!apart(self, to)) inner.send(to, frame);
    },
    close: () => inner.close(),
  };
  if (knows) cut.reaches = (to) => !apart(self, to);
  return cut;
}
