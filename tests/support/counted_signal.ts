/** A signal that counts its listeners: runtimes take more than ten of them for a leak, and warn the user. */
export interface CountedSignal {
  readonly signal: AbortSignal;
  readonly abort: (reason?: unknown) => void;
  /** How many listeners there are now. */
  readonly listeners: () => number;
  /** The highest number of listeners that there were. */
  readonly most: () => number;
}

/** A signal that has not aborted, and no listener yet. */
export function countedSignal(): CountedSignal {
  const aborter = new AbortController();
  const { signal } = aborter;
  /** Each listener, and whether it goes by itself when it was called. */
  const listeners = new Map<unknown, boolean>();
  let most = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = function (...args: Parameters<typeof addEventListener>) {
    const [, listener, options] = args;
    listeners.set(listener, typeof options === "object" && options.once === true);
    most = Math.max(most, listeners.size);
    if (typeof options === "object") {
      options.signal?.addEventListener("abort", () => void listeners.delete(listener));
    }
    return addEventListener.apply(this, args);
  };
  signal.removeEventListener = function (...args: Parameters<typeof removeEventListener>) {
    listeners.delete(args[1]);
    return removeEventListener.apply(this, args);
  };
  return {
    signal,
    abort: (reason) => {
      aborter.abort(reason);
      for (const [listener, isOnce] of listeners) if (isOnce) listeners.delete(listener);
    },
    listeners: () => listeners.size,
    most: () => most,
  };
}
