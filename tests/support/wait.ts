import type { ClusterEvents, ClusterNode } from "../../mod.ts";

/**
 * Time limit in milliseconds: far above the duration of any step of a test, also on a loaded machine, where a steady
 * clock goes slowly. Below the minute that tests choose for what must not be waited for.
 */
const PATIENCE = 30_000;

/** `promise`; rejects with a description of `what` if it does not settle in time. */
export async function within<T>(
  promise: Promise<T>,
  what: string,
  patience: number = PATIENCE,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what}: not within ${patience / 1000} s`)),
      patience,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The next event of `type`. */
export function nextEvent<K extends keyof ClusterEvents>(
  node: ClusterNode,
  type: K,
): Promise<CustomEvent<ClusterEvents[K]>> {
  const event = new Promise<CustomEvent<ClusterEvents[K]>>((resolve) => {
    node.addEventListener(type, resolve, { once: true });
  });
  return within(event, `the event ${type} of ${node.id}`);
}

/** Every event of `type` from now on. */
export function collectEvents<K extends keyof ClusterEvents>(
  node: ClusterNode,
  type: K,
): CustomEvent<ClusterEvents[K]>[] {
  const events: CustomEvent<ClusterEvents[K]>[] = [];
  node.addEventListener(type, (event: CustomEvent<ClusterEvents[K]>) => void events.push(event));
  return events;
}

/** Polls until `check` returns true, for conditions without an event. */
export async function eventually(
  check: () => boolean | Promise<boolean>,
  what: string,
  patience: number = PATIENCE,
): Promise<void> {
  const started = performance.now();
  while (!await check()) {
    if (performance.now() - started > patience) throw new Error(`${what}: it never happened`);
    await turn(5);
  }
}

/** A later turn of the event loop, after at least `delay` milliseconds. */
export function turn(delay = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}

/**
 * Waits until every running member knows the session of `node`: a member that was not operational when
 * the session was granted learns of it with the next renewal.
 */
export async function knownToAll(node: ClusterNode): Promise<void> {
  let last = Infinity;
  await eventually(async () => {
    const remaining = (await node.status()).session?.remaining ?? Infinity;
    const renewed = remaining > last;
    last = remaining;
    return renewed;
  }, `the next renewal of ${node.id}`);
  // Answers arrive after the renewal, since both use the same connection.
  await node.status();
}

/** The promise itself; if a test fails before it looks at it, a rejection is no failure of its own. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
