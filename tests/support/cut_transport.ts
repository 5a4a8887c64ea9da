import type { Transport } from "../../mod.ts";

/** Whether two nodes have no connection to each other. */
export type Apart = (one: string, other: string) => boolean;

/**
 * `inner`, without the connections to the nodes that `apart` excludes. With `knows`, the transport can
 * report its connections; otherwise it has only the three methods that every transport has.
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
