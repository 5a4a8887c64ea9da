/** The fruits; each has one counter in the whole cluster. */
export type Fruit = "apple" | "banana";

export const FRUITS: readonly Fruit[] = ["apple", "banana"];

/** The answer of a counter to a call. */
export interface Counted {
  /** The number of calls to this instance, this one included. */
  readonly count: number;
  /** The worker that hosts it, and the token of this instance, greater than that of the one before. */
  readonly host: string;
  readonly token: number;
  /** The time of the call, in milliseconds since 1970, by the clock that all threads of a process share. */
  readonly at: number;
}

/** The outcomes of the calls of one worker, in the order in which it made them. */
export interface Calls {
  readonly answers: readonly (Counted & { readonly fruit: Fruit })[];
  /** Calls that were under way when their host vanished: each may or may not have been counted. */
  readonly unknown: readonly Fruit[];
}

/** From the main thread to a worker. */
export type ToWorker =
  | { readonly type: "join"; readonly self: number; readonly members: readonly string[] }
  /** Make `times` calls for each fruit, all at once. */
  | { readonly type: "count"; readonly times: number }
  /** Call one at a time, until another instance has counted `times` of this fruit. */
  | { readonly type: "countOn"; readonly fruit: Fruit; readonly times: number }
  | { readonly type: "leave" };

/** From a worker to the main thread. */
export type FromWorker =
  | { readonly type: "done" }
  /** The worker has begun to call one at a time. */
  | { readonly type: "counting" }
  | { readonly type: "counted"; readonly calls: Calls };
