/**
 * The threads of each runtime, under one interface: `Worker` in Deno and Bun, and
 * `node:worker_threads` in Node.
 *
 * @module
 */

/** The other end of a thread. */
export interface Thread<Outgoing, Incoming> {
  post(message: Outgoing): void;
  /** Calls the single `listener` with each message. The thread stays alive while it listens. */
  onMessage(listener: (message: Incoming) => void): void;
}

/** A thread that this thread started. */
export interface StartedThread<Outgoing, Incoming> extends Thread<Outgoing, Incoming> {
  /** Calls `listener` when the thread throws an uncaught error. */
  onError(listener: (error: unknown) => void): void;
  /** Terminates it. */
  terminate(): void;
}

const isNode = !("Deno" in globalThis) && !("Bun" in globalThis);

/** Starts a thread that runs the TypeScript module `module`. */
export async function startThread<Outgoing, Incoming>(
  module: URL,
): Promise<StartedThread<Outgoing, Incoming>> {
  if (isNode) return await startInNode(module);
  const worker = new Worker(module, { type: "module" });
  return {
    post: (message) => worker.postMessage(message),
    onMessage(listener) {
      worker.onmessage = ({ data }) => listener(data);
    },
    onError(listener) {
      worker.onerror = (event) => {
        event.preventDefault();
        listener(new Error(event.message));
      };
    },
    terminate: () => worker.terminate(),
  };
}

async function startInNode<Outgoing, Incoming>(
  module: URL,
): Promise<StartedThread<Outgoing, Incoming>> {
  const [{ Worker }, { execArgv }] = await Promise.all([
    import("node:worker_threads"),
    import("node:process"),
  ]);
  // Threads do not inherit the loader with which Node reads TypeScript: each loads its own.
  const loader = execArgv.find((argument) => argument.startsWith("--import="))?.slice(9);
  const api = JSON.stringify(new URL("esm/api/index.mjs", loader).href);
  const start = `import(${api}).then(({ register }) => {
    register();
    return import(${JSON.stringify(module.href)});
  })`;
  const worker = new Worker(start, { eval: true, execArgv: [] });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => void worker.on("message", listener),
    onError: (listener) => void worker.on("error", listener),
    terminate: () => void worker.terminate(),
  };
}

/** The thread that started this one. */
export interface ParentThread<Outgoing, Incoming> extends Thread<Outgoing, Incoming> {
  /**
   * Stops listening: in Node and Bun this thread then ends if nothing else keeps it alive. A thread of
   * Deno never ends by itself, so there this call ends it at once.
   */
  close(): void;
}

/** The parent of the current thread. */
export async function parentThread<Outgoing, Incoming>(): Promise<
  ParentThread<Outgoing, Incoming>
> {
  if (isNode) {
    const { parentPort } = await import("node:worker_threads");
    return {
      post: (message) => parentPort!.postMessage(message),
      onMessage: (listener) => void parentPort!.on("message", listener),
      close: () => parentPort!.close(),
    };
  }
  const parent = self as unknown as Worker;
  return {
    post: (message) => parent.postMessage(message),
    onMessage(listener) {
      parent.onmessage = ({ data }) => listener(data);
    },
    close() {
      if ("Deno" in globalThis) self.close();
      else parent.onmessage = null;
    },
  };
}
