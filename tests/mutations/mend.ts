import { PROJECT } from "../support/project_copy.ts";
import { EDITS, readLists, readSources } from "./all.ts";
import { describeMisfit, mendList, misfitOf } from "./fit.ts";

/**
 * Mends the mutations whose code was moved or renamed, in the files of their lists. Shows each one that does
 * not fit; returns the number of those to be mended by hand.
 */
export async function mend(): Promise<number> {
  const [sources, lists] = [await readSources(), new Map(await readLists())];
  const changed = new Set<string>();
  let left = 0;
  for (const edit of EDITS) {
    const misfit = misfitOf(edit, sources);
    if (misfit === null) continue;
    let isMended = false;
    for (const [path, list] of lists) {
      const mended = mendList(list, misfit);
      if (mended === null) continue;
      isMended = true;
      lists.set(path, mended);
      changed.add(path);
    }
    if (!isMended) left++;
    console.log(`${isMended ? "mended" : "left"}  ${describeMisfit(misfit)}`);
  }
  for (const path of changed) await Deno.writeTextFile(new URL(path, PROJECT), lists.get(path)!);
  return left;
}
