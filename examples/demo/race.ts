import { ClaimsLog, now } from "./claims_log.ts";
import type { FromWorker, LineResult, Setup, ToWorker } from "./messages.ts";

/** The workers, each a member of the cluster. */
export const MEMBERS: readonly string[] = ["w1", "w2", "w3"];

/** If nothing has happened for so many milliseconds, something is broken: a failover takes about one second. */
const STANDSTILL = 20_000;

/** What there is to see while it runs. */
export interface Spectator {
  /** So many lines have a result. */
  progress(done: number): void;
  /** Something that happens once. */
  event(text: string): void;
}

/** Everything that is known when it is over. */
export interface Race {
  readonly lines: readonly string[];
  readonly members: readonly string[];
  /** What each worker noted, in the order of the members; also the one that was terminated. */
  readonly logs: readonly ClaimsLog[];
  /** Which worker was terminated, and when. */
  readonly terminated: { readonly worker: number; readonly at: number };
  /** What each surviving worker read from the cluster in the end; null for the one that is gone. */
  readonly results: readonly (readonly LineResult[] | null)[];
}

/**
 * Starts the workers, terminates one of them when half of the lines are claimed, and waits until the
 * others are through. Rejects when a worker fails or nothing goes on.
 */
export async function race(lines: readonly string[], spectator: Spectator): Promise<Race> {
  // Each worker claims each line once, and only seldom again: more would be a bug.
  const logs = MEMBERS.map(() => ClaimsLog.withCapacity(4 * lines.length + 100));
  const results: (readonly LineResult[] | null)[] = MEMBERS.map(() => null);
  const workers = MEMBERS.map(() =>
    new Worker(new URL("./worker.ts", import.meta.url), { type: "module" })
  );
  const post = (worker: Worker, message: ToWorker) => worker.postMessage(message);
  const claimed = new Set<number>();
  const published = new Set<number>();
  let joined = 0;
  let terminated: Race["terminated"] | undefined;
  let standstill: ReturnType<typeof setTimeout> | undefined;

  try {
    await new Promise<void>((resolve, reject) => {
      const alive = () => {
        clearTimeout(standstill);
        const seconds = STANDSTILL / 1000;
        const error = new Error(`nothing has happened for ${seconds} seconds`);
        standstill = setTimeout(() => reject(error), STANDSTILL);
      };
      const receive = (self: number, message: FromWorker) => {
        alive();
        switch (message.type) {
          case "joined":
            if (++joined < MEMBERS.length) break;
            spectator.event("all three have joined");
            for (const worker of workers) post(worker, { type: "go" });
            break;
          case "claimed":
            claimed.add(message.line);
            // Its owner has not had the time to publish the result: somebody else will have to.
            if (terminated === undefined && claimed.size * 2 >= lines.length) {
              terminated = { worker: self, at: now() };
              workers[self].terminate();
              spectator.event(`half-way: ${MEMBERS[self]} is terminated`);
            }
            break;
          case "published":
            published.add(message.line);
            spectator.progress(published.size);
            break;
          case "finished":
            results[self] = message.results;
            // The last word of the one that was terminated may have been lost on its way.
            spectator.progress(lines.length);
            if (results.every((result, self) => result ?? self === terminated?.worker)) resolve();
        }
      };
      workers.forEach((worker, self) => {
        worker.onmessage = ({ data }: MessageEvent<FromWorker>) => receive(self, data);
        worker.onerror = (event) => {
          event.preventDefault();
          reject(new Error(`${MEMBERS[self]} failed: ${event.message}`));
        };
        const setup: Setup = { members: MEMBERS, self, lines, log: logs[self].memory };
        post(worker, { type: "start", setup });
      });
      alive();
    });
  } catch (error) {
    for (const worker of workers) worker.terminate();
    throw error;
  } finally {
    clearTimeout(standstill);
  }
  workers.forEach((worker, self) => {
    if (self !== terminated!.worker) post(worker, { type: "leave" });
  });
  return { lines, members: MEMBERS, logs, terminated: terminated!, results };
}
