/** What a worker is told when it starts. */
export interface Setup {
  /** The ids of all three, which are the members of the cluster. */
  readonly members: readonly string[];
  /** Which of them this worker is. */
  readonly self: number;
  /** The lines to share. */
  readonly lines: readonly string[];
  /** How many of them, from the first, may be claimed at once; the others wait until all are there again. */
  readonly shared: number;
  /** Whether it was terminated before: then much is done already. */
  readonly again: boolean;
  /** Where to note what it does: the memory of a `ClaimsLog`. */
  readonly log: SharedArrayBuffer;
}

/** What is published about a line. */
export interface LineResult {
  readonly sha256: Uint8Array;
  /** Who computed it, and the token of the claim that allowed it to. */
  readonly by: string;
  readonly token: number;
}

/** From the main thread to a worker. */
export type ToWorker =
  | { readonly type: "start"; readonly setup: Setup }
  /** All have joined: begin. */
  | { readonly type: "go" }
  /** The one that was terminated is back: go on with the last lines. */
  | { readonly type: "complete" }
  /** All are through: leave the cluster. */
  | { readonly type: "leave" };

/** From a worker to the main thread. */
export type FromWorker =
  /** It has a session: at this time, see `now` in `claims_log.ts`. */
  | { readonly type: "joined"; readonly at: number }
  | { readonly type: "claimed"; readonly line: number }
  | { readonly type: "published"; readonly line: number }
  /** Every line is done, and this is what the cluster says about each. */
  | { readonly type: "finished"; readonly results: readonly LineResult[] };
