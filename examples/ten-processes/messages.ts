/** How the processes use the lock; the user sees these texts. */
export type Variant =
  | "with the lock around the loop"
  | "with the lock inside the loop"
  | "without the lock";

/** From the main thread to a worker, which answers each of them when it is done. */
export type ToWorker =
  | { readonly type: "join"; readonly self: number; readonly members: readonly string[] }
  | { readonly type: "print"; readonly variant: Variant }
  | { readonly type: "leave" };

/** From a worker to the main thread. */
export type FromWorker = "done";
