import type { Key } from "../codec/key.ts";

/** One key of a bucket with its value. */
export interface Entry<T> {
  /** The key. */
  key: Key;
  /** The value that the cluster agreed on. */
  value: T;
  /** The fencing token of the value. */
  token: number;
}
