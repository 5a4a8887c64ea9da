import { decodeFrame, encodeFrame } from "../../../lib/codec.ts";
import type { OrderRequest, Request } from "../../../lib/paxos/messages.ts";
import type { Transport } from "../../../mod.ts";

/** What becomes of an order: it is sent on, or kept from its receiver. */
export type Fate = "sent" | "kept";

/** The orders of all nodes of a cluster on their way: a test may keep them, and deliver them later or again. */
export class OrderPost {
  /** All orders that were sent. */
  readonly orders: { readonly from: string; readonly to: string; readonly order: OrderRequest }[] =
    [];
  /** Requests of other kinds about locks, as `node type`. */
  readonly others: string[] = [];
  fate: Fate = "sent";
  readonly #held: (() => void)[] = [];

  /** Wraps the transport of a node. */
  readonly wrap = (inner: Transport, id: string): Transport => ({
    ...(inner.reaches && { reaches: (to: string) => inner.reaches!(to) }),
    open: (self, ...rest) => inner.open(self, ...rest),
    close: () => inner.close(),
    send: (to, bytes) => {
      const decoded = decodeFrame(bytes);
      if (!decoded.ok) return inner.send(to, bytes);
      const { frame } = decoded;
      for (const request of frame.requests) {
        if ("register" in request && request.register.startsWith("l") && request.type !== "order") {
          this.others.push(`${id} ${request.type}`);
        }
      }
      const isOrder = ({ type }: Request) => type === "order";
      const orders = frame.requests.filter(isOrder);
      if (orders.length === 0) return inner.send(to, bytes);
      for (const order of orders) {
        this.orders.push({ from: id, to, order: order as OrderRequest & Request });
      }
      this.#held.push(() =>
        inner.send(to, encodeFrame({ ...frame, requests: orders, replies: [] }))
      );
      if (this.fate === "sent") return inner.send(to, bytes);
      const requests = frame.requests.filter((request) => !isOrder(request));
      inner.send(to, encodeFrame({ ...frame, requests }));
    },
  });

  /** Delivers all orders so far, again or for the first time. */
  deliver(): void {
    for (const send of this.#held) send();
  }

  /** Forgets what was seen. */
  clear(): void {
    this.orders.length = this.others.length = this.#held.length = 0;
  }
}
