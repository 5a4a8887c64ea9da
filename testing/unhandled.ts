type Listener = (reason: unknown) => void;

/** The parts of Node's `process` that are used: Node has no event `unhandledrejection`. */
interface NodeProcess {
  on?(event: "unhandledRejection", listener: Listener): void;
  off?(event: "unhandledRejection", listener: Listener): void;
  listeners?(event: "unhandledRejection"): Listener[];
}

/** The listeners of all simulations that run. */
const listeners = new Set<Listener>();

/** Takes the listeners of simulations away from Node; `null`: there are none. */
let release: (() => void) | null = null;

/** Calls `listener` with the reason of each promise that rejects unhandled, until the returned function is called. */
export function onUnhandledRejection(listener: Listener): () => void {
  const { process } = globalThis as unknown as { process?: NodeProcess };
  if (typeof process?.on === "function") {
    listeners.add(listener);
    release ??= takeOver(process);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      release?.();
      release = null;
    };
  }
  const heard = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    listener(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", heard);
  return () => globalThis.removeEventListener("unhandledrejection", heard);
}

/**
 * Takes the place of the other listeners, until the returned function is called: the test runner of Node fails a test
 * for a rejection that the simulation reports.
 */
function takeOver(process: NodeProcess): () => void {
  // Bun's runner listens, too, and fails nothing; without its listener Bun fails the test itself.
  const others = "Bun" in globalThis ? [] : process.listeners?.("unhandledRejection") ?? [];
  const all = (reason: unknown) => {
    for (const listener of listeners) listener(reason);
  };
  for (const other of others) process.off?.("unhandledRejection", other);
  process.on?.("unhandledRejection", all);
  return () => {
    process.off?.("unhandledRejection", all);
    for (const other of others) process.on?.("unhandledRejection", other);
  };
}
