import { decodeValue, type Key, parseRegisterId } from "../codec.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/runtime/operation.ts";
import type { Present } from "../paxos/register.ts";

/** One key of a bucket, and what it has. */
export interface Entry<T> {
  /** The key. */
  key: Key;
  /** What the cluster agreed on. */
  value: T;
  /** The fencing token of the value. */
  token: number;
}

/** Registers read at the same time: to read all at once would keep the node from everything else. */
const READS_AT_ONCE = 64;

/** What is present in the registers whose ids begin with `prefix`, in the order of their ids. */
export async function readEntries<T>(
  core: Core,
  prefix: string,
  limits: Limits,
): Promise<Entry<T>[]> {
  const registers = [...(await core.questions.list(prefix, limits)).keys()].sort();
  const states = new Array<Present | null>(registers.length).fill(null);
  let next = 0;
  const read = async () => {
    while (next < registers.length) {
      const index = next++;
      states[index] = await core.liveness.peek(registers[index], limits);
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, read));
  return states.flatMap((state, index) => {
    if (state === null) return [];
    const { key } = parseRegisterId(registers[index]);
    return [{ key, value: decodeValue(state.value) as T, token: state.token }];
  });
}
