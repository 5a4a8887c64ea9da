import { registerId } from "../../../lib/codec.ts";
import { inOrder } from "../../../lib/singletons/placement.ts";

/** A key whose singleton is started on the first host in `order`, or else on the next one. */
export function keyFor(spec: string, order: readonly string[]): string {
  for (let n = 0;; n++) {
    const key = `key ${n}`;
    if (inOrder(registerId("s", spec, key), order).join() === order.join()) return key;
  }
}
