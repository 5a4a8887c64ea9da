import type { Transport } from "../../mod.ts";

/** A transport with a tap: the test sees what leaves, and can pour in what never was on the network. */
export interface TappedTransport extends Transport {
  /** Every frame that was sent, in order. */
  readonly sent: Uint8Array[];
  /** Hands the node a frame, as if that peer had sent it; throws what the node throws. */
  inject(from: string, frame: Uint8Array): void;
}

/** Puts a tap on `inner`. */
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
