import { decodeValue, type Key, parseRegisterId } from "../codec.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/runtime/operation.ts";
import { living } from "./living.ts";

/** One key of a bucket with its value. */
export interface Entry<T> {
  /** The key. */
  key: Key;
  /** The value that the cluster agreed on. */
  value: T;
  /** The fencing token of the value. */
  token: number;
}

/** The values of the registers whose ids begin with `prefix`, in the order of their ids. */
export async function readEntries<T>(
  core: Core,
  prefix: string,
  limits: Limits,
): Promise<Entry<T>[]> {
  const found = await living(core, prefix, true, limits);
  return found.flatMap(({ register, state }) => {
    if (state === undefined) return [];
    const { key } = parseRegisterId(register);
    return [{ key, value: decodeValue(state.value) as T, token: state.token }];
  });
}
