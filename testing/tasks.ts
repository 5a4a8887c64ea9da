/** Runs functions in later tasks of the event loop: all microtasks of one have run before the next one. */
export interface Tasks {
  /** Calls `task` in a later task; not called again before that one has begun. */
  next(task: () => void): void;
  /** Ends it; nothing is left. */
  close(): void;
}

type SetImmediate = (task: () => void) => void;

/** The function as it is when this module is loaded, unless it is one of fake timers already. */
const { setImmediate } = globalThis as { setImmediate?: SetImmediate };
const isReal = setImmediate !== undefined && !("clock" in setImmediate);

/**
 * Tasks by `setImmediate` where there is one, which takes two or three microseconds, and else by a `MessageChannel`.
 * `setTimeout` would take milliseconds.
 */
export function openTasks(): Tasks {
  // In Deno the listener of a `MessageChannel` may be called in a microtask.
  return isReal ? { next: setImmediate, close: () => {} } : channelTasks();
}

/** Tasks by a `MessageChannel`, as in browsers. */
export function channelTasks(): Tasks {
  const { port1, port2 } = new MessageChannel();
  let waiting: (() => void) | null = null;
  port1.onmessage = () => {
    const task = waiting;
    waiting = null;
    task?.();
  };
  return {
    next(task) {
      waiting = task;
      port2.postMessage(null);
    },
    close() {
      waiting = null;
      port1.close();
      port2.close();
    },
  };
}
