import type { Transport } from "../../mod.ts";

/** A transport with a tap: the test sees all frames that are sent, and can inject frames. */
export interface TappedTransport extends Transport {
  /** Every frame that was sent, in order. */
  readonly sent: Uint8Array[];
  /** Delivers a frame to the node, as if that peer had sent it; throws the exceptions of the node. */
  inject(from: string, frame: Uint8Array): void;
}

/** Wraps `inner`. */
export function tapped(inner: Transport): TappedTransport {
  let receive: ((from: string, frame: Uint8Array) => void) | undefined;
  const sent: Uint8Array[] = [];
  return {
    ...(inner.reaches && { reaches: (to: string) => inner.reaches!(to) }),
    sent,
    inject(from, frame) {
      if (receive === undefined) throw new Error("not open");
      receive(from, frame);
    },
    open(self, given) {
      receive = given;
      return inner.open(self, given);
    },
    send(to, frame) {
      sent.push(frame.slice());
      inner.send(to, frame);
    },
    close: () => inner.close(),
  };
}
