import type { ClusterNode } from "../../../mod.ts";
import { turn } from "../../support/wait.ts";

/** The work of a member; times in milliseconds. */
export interface Work {
  /** Number of times that it put, read, locked and released. */
  readonly rounds: number;
  /** Duration of the longest single operation. */
  readonly longest: number;
}

/** Pause between two rounds, in milliseconds: continuity matters here, not speed. */
const PAUSE = 10;

/** Puts, reads, locks and releases while `goOn` returns true; throws if a result is wrong. */
export async function work(node: ClusterNode, name: string, goOn: () => boolean): Promise<Work> {
  let [rounds, longest] = [0, 0];
  const time = async <T>(operation: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const result = await operation();
    longest = Math.max(longest, performance.now() - begun);
    return result;
  };
  while (goOn()) {
    const key = `${name} ${rounds}`;
    const put = await time(() => node.kv.put(key, rounds));
    const read = await time(() => node.kv.get(key));
    if (!put.ok || !read.ok || read.value !== rounds) {
      throw new Error(`round ${rounds}: ${JSON.stringify({ put, read })}`);
    }
    const lock = await time(() => node.lock(`lock of ${name}`));
    await time(() => lock.release());
    rounds++;
    await turn(PAUSE);
  }
  return { rounds, longest };
}
