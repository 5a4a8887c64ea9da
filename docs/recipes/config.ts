import { type ClusterNode, join } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

interface Flags {
  readonly beta: boolean;
  readonly workers: number;
}
const FIRST: Flags = { beta: false, workers: 2 };

/** Calls `apply` with the flags, and again whenever they have changed. */
async function follow(node: ClusterNode, apply: (flags: Flags) => void) {
  for await (const change of node.cell<Flags>("flags").watch()) {
    apply(change.present ? change.value : FIRST);
  }
}

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const [w1, w2, w3] = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport() })),
);

const { promise: followed, resolve } = Promise.withResolvers<void>();
follow(w1, (flags) => {
  if (flags.beta && flags.workers === 5) resolve(); // states in between may be skipped
});

// Two changes at the same moment: neither overwrites the other.
const change = (node: ClusterNode, of: Partial<Flags>) =>
  node.cell<Flags>("flags").update((now = FIRST) => ({ ...now, ...of }));
await Promise.all([change(w2, { beta: true }), change(w3, { workers: 5 })]);
await followed;
const flags = await w2.cell<Flags>("flags").get();
console.log(flags.ok && flags.value.value);

await Promise.all([w1, w2, w3].map((node) => node.close()));
