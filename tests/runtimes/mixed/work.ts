import type { ClusterNode } from "../../../mod.ts";
import { turn } from "../../support/wait.ts";

/** What a member that works has done; times in milliseconds. */
export interface Work {
  /** How many times it put, read, locked and released. */
  readonly rounds: number;
  /** Of the longest single operation. */
  readonly longest: number;
}

/** Between two rounds, in milliseconds: to go on is what matters here, not how fast. */
const PAUSE = 10;

/** Puts, reads, locks and releases as long as `goOn` says so; throws if anything is not as it should be. */
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
