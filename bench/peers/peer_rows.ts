import type { Measured } from "./subject.ts";

/** An operation that is measured in all systems that have it. */
export interface PeerRow {
  readonly name: string;
  readonly measured: Measured | "contend";
  /** Operations at a time; for `contend`, contenders in three processes. */
  readonly concurrencies: readonly number[];
}

/** All rows. Keys have 32 characters, values 64. */
export const ROWS: readonly PeerRow[] = [
  { name: "put if absent, fresh key", measured: "put", concurrencies: [1, 64] },
  { name: "get, linearizable", measured: "get", concurrencies: [1, 64] },
  { name: "lock and unlock, fresh name", measured: "lock", concurrencies: [1, 64] },
  { name: "one lock, contended", measured: "contend", concurrencies: [16] },
];
