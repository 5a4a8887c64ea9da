/** What is counted; each has one counter in the whole cluster. */
export type Fruit = "apple" | "banana";

export const FRUITS: readonly Fruit[] = ["apple", "banana"];

/** What a counter answers to a call. */
export interface Counted {
  /** So many calls has it had, this one included. */
  readonly count: number;
  /** The worker that it runs on, and the token of this instance: greater than that of the one before. */
  readonly host: string;
  readonly token: number;
  /** When it counted, in milliseconds since 1970, by the clock that all threads of a process share. */
  readonly at: number;
}

/** What came of the calls of one worker, in the order in which it made them. */
export interface Calls {
  readonly answers: readonly (Counted & { readonly fruit: Fruit })[];
  /** The calls that were under way when their host vanished: nobody knows whether they counted. */
  readonly unknown: readonly Fruit[];
}

/** From the main thread to a worker. */
export type ToWorker =
  | { readonly type: "join"; readonly self: number; readonly members: readonly string[] }
  /** Count so many of each fruit, all at once. */
  | { readonly type: "count"; readonly times: number }
  /** Count one after the other, until so many of this fruit were counted by another instance. */
  | { readonly type: "countOn"; readonly fruit: Fruit; readonly times: number }
  | { readonly type: "leave" };

/** From a worker to the main thread. */
export type FromWorker =
  | { readonly type: "done" }
  /** It is in the middle of counting on. */
  | { readonly type: "counting" }
  | { readonly type: "counted"; readonly calls: Calls };
