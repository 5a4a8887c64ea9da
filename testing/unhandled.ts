/** The parts of Node's `process` that are used: Node has no event `unhandledrejection`. */
interface Process {
  on?(event: "unhandledRejection", listener: (reason: unknown) => void): void;
  off?(event: "unhandledRejection", listener: (reason: unknown) => void): void;
}

/** Calls `listener` with the reason of each promise that rejects unhandled, until the returned function is called. */
export function onUnhandledRejection(listener: (reason: unknown) => void): () => void {
  const { process } = globalThis as { process?: Process };
  if (typeof process?.on === "function") {
    process.on("unhandledRejection", listener);
    return () => process.off?.("unhandledRejection", listener);
  }
  const heard = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    listener(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", heard);
  return () => globalThis.removeEventListener("unhandledrejection", heard);
}
