import { registerId } from "../../../lib/codec.ts";
import { inOrder } from "../../../lib/singletons/placement.ts";
import { hostOf } from "../../support/node_kind.ts";

/** A key whose singleton is started on the host of the first node in `order`, or else on that of the next one. */
export function keyFor(spec: string, order: readonly string[]): string {
  const hosts = order.map(hostOf);
  for (let n = 0;; n++) {
    const key = `key ${n}`;
    if (inOrder(registerId("s", spec, key), hosts).join() === hosts.join()) return key;
  }
}
