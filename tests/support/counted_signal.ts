/** A signal that counts its listeners: runtimes warn of a leak at more than ten. */
export interface CountedSignal {
  readonly signal: AbortSignal;
  readonly abort: (reason?: unknown) => void;
  /** The current number of listeners. */
  readonly listeners: () => number;
  /** The highest number of listeners so far. */
  readonly most: () => number;
}

/** A signal that has not aborted and has no listeners. */
export function countedSignal(): CountedSignal {
  const aborter = new AbortController();
  const { signal } = aborter;
  /** Each listener, and whether it is removed after its first call. */
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
