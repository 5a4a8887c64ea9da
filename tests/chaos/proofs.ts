import type { Book } from "./book.ts";
import type { Cluster, Station } from "./process_cluster.ts";
import type { Operations } from "./operations.ts";

/** Keys that are read at a time. */
const HANDS = 12;

/** Runs every kind of operation once, at `station`; returns those that fail. */
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
 * Reads all values that were acknowledged for ever, from the nodes in turn. Returns the lost ones, and
 * the number of values read.
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
