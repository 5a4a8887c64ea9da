import { decodeFrame, encodeFrame } from "../../lib/codec.ts";
import type { RegisterId } from "../../lib/paxos/register.ts";
import type { Transport } from "../../mod.ts";

/**
 * `inner`, but nothing that asks for `register` gets through while `isSilent` says so: a request for it is
 * on its way for as long as the test likes, and everything else arrives.
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
