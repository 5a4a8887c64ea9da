import type { Book } from "./book.ts";
import type { Cluster, Station } from "./cluster.ts";
import type { Operations } from "./operations.ts";

/** So many keys are read at a time. */
const HANDS = 12;

/** Does everything that users do, once, at `station`; says what does not succeed. */
export async function proveWorking(
  station: Station,
  book: Book,
  operations: Operations,
): Promise<string[]> {
  const key = `${book.era}final.${station.id}`;
  const proofs: [string, () => Promise<string>][] = [
    ["claim", () => operations.put(station, "claim", key, { to: "nothing" })],
    ["get", () => operations.read(station, "get", key)],
    ["add", () => operations.add(station, key)],
    ["call", () => operations.call(station, key)],
  ];
  const failures: string[] = [];
  for (const [what, prove] of proofs) {
    const outcome = await prove();
    if (outcome === "ok") continue;
    failures.push(`all is well, but ${what} at ${station.id} ends with ${outcome}`);
  }
  return failures;
}

/**
 * Reads all that was acknowledged for ever, at one node of the cluster after the other. Says what is lost,
 * and how much was read.
 */
export async function verifySettled(
  cluster: Cluster,
  book: Book,
  operations: Operations,
): Promise<{ read: number; lost: string[] }> {
  const entries = [...book.settled];
  const read = entries.length;
  const lost: string[] = [];
  const work = async (hand: number) => {
    for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
      const [key, value] = entry;
      const station = cluster.stations[(entries.length + hand) % cluster.stations.length];
      let seen: unknown;
      const outcome = await operations.read(station, "get", key, (value) => seen = value);
      if (outcome === "ok" && seen === value) continue;
      const found = seen ?? outcome;
      lost.push(`lost: ${key} was acknowledged as ${value}, but ${station.id} finds ${found}`);
    }
  };
  await Promise.all(Array.from({ length: HANDS }, (_, hand) => work(hand)));
  return { read, lost };
}
