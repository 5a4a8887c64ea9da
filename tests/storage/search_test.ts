// Runs in Deno alone: a search in virtual time, which asks nothing of the platform.
import { assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type Counts, StorageSearch } from "./support/search.ts";

/** Seeds of the test; the search goes on from here with `SYNOD_STORAGE_SEEDS=FIRST-LAST`. */
const SEEDS = [1, 60] as const;

function seeds(): readonly [number, number] {
  try {
    const [first, last] = (Deno.env.get("SYNOD_STORAGE_SEEDS") ?? "").split("-").map(Number);
    return last >= first ? [first, last] : SEEDS;
  } catch {
    return SEEDS;
  }
}

describe("a random search with disks that are lost and rolled back (section 7)", () => {
  it("loses nothing that was acknowledged", async () => {
    await search((seed) => new StorageSearch(seed, seed % 3 === 0 ? 5 : 3).run(60));
  });

  it("also after a first start that was interrupted, of four and five members", async () => {
    await search((seed) => new StorageSearch(seed, seed % 2 === 0 ? 5 : 4).run(30, true));
  });
});

/** Runs all seeds; each kind of event has to happen in one of them. */
async function search(run: (seed: number) => Promise<Counts>): Promise<void> {
  const all: Counts = { acknowledged: 0, crashes: 0, blackouts: 0, lost: 0, rolledBack: 0 };
  const [first, last] = seeds();
  for (let seed = first; seed <= last; seed++) {
    try {
      const counts = await run(seed);
      for (const name of Object.keys(all) as (keyof Counts)[]) all[name] += counts[name];
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  }
  console.log(JSON.stringify(all));
  for (const count of Object.values(all)) assertGreater(count, 0);
}
