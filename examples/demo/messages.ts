/** The parameters with which a worker starts. */
export interface Setup {
  /** The ids of all three workers, which are the members of the cluster. */
  readonly members: readonly string[];
  /** The index of this worker among the members. */
  readonly self: number;
  /** The lines to share. */
  readonly lines: readonly string[];
  /** The number of lines, from the first, that may be claimed at once; the rest wait for all three workers. */
  readonly shared: number;
  /** Whether it was terminated before: then most lines are done already. */
  readonly again: boolean;
  /** The memory of the `ClaimsLog` of this worker. */
  readonly log: SharedArrayBuffer;
}

/** The published result of a line. */
export interface LineResult {
  readonly sha256: Uint8Array;
  /** The worker that computed it, and the token of the claim that allowed it to. */
  readonly by: string;
  readonly token: number;
}

/** From the main thread to a worker. */
export type ToWorker =
  | { readonly type: "start"; readonly setup: Setup }
  /** All workers have joined: begin. */
  | { readonly type: "go" }
  /** The terminated worker is back: go on with the last lines. */
  | { readonly type: "complete" }
  /** All lines are done: leave the cluster. */
  | { readonly type: "leave" };

/** From a worker to the main thread. */
export type FromWorker =
  /** The worker has a session since this time, see `now` in `claims_log.ts`. */
  | { readonly type: "joined"; readonly at: number }
  | { readonly type: "claimed"; readonly line: number }
  | { readonly type: "published"; readonly line: number }
  /** Every line is done, and these are the results that the worker read from the cluster. */
  | { readonly type: "finished"; readonly results: readonly LineResult[] };
