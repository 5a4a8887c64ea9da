import { join } from "@synod/synod";
import { memoryNetwork } from "@synod/synod/transports/memory";

/** What a program uses of `navigator.locks`, and of `node.locks`. */
interface Locks {
  request<T>(name: string, callback: (lock: unknown) => Promise<T>): Promise<T>;
}

let [running, most] = [0, 0];

/** Written for `navigator.locks`; only the manager that it gets is another one. */
async function save(locks: Locks, draft: string): Promise<string> {
  return await locks.request(`draft ${draft}`, async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    return `${draft} saved`;
  });
}

const members = ["w1", "w2", "w3"];
const network = memoryNetwork();
const nodes = await Promise.all(
  members.map((id) => join({ id, members, transport: network.transport() })),
);

const saved = await Promise.all(nodes.map(({ locks }) => save(locks, "letter")));
console.log(saved.join(", "), "- at most", most, "at a time");

await Promise.all(nodes.map((node) => node.close()));
