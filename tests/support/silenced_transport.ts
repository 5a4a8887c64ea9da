import { decodeFrame, encodeFrame } from "../../lib/codec.ts";
import type { RegisterId } from "../../lib/paxos/register.ts";
import type { Transport } from "../../mod.ts";

/**
 * `inner`, without the requests for `register` while `isSilent` returns true: such a request stays in
 * transit for as long as the test needs, and everything else arrives.
 */
export function silenced(
  inner: Transport,
  register: RegisterId,
  isSilent: () => boolean,
): Transport {
  return {
    open: (self, receive) => inner.open(self, receive),
    send(to, frame) {
      const decoded = decodeFrame(frame);
      if (!isSilent() || !decoded.ok) return inner.send(to, frame);
      const requests = decoded.frame.requests.filter((request) =>
        !("register" in request) || request.register !== register
      );
      inner.send(to, encodeFrame({ ...decoded.frame, requests }));
    },
    close: () => inner.close(),
  };
}
