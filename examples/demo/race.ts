import { type Attempt, ClaimsLog, now } from "./claims_log.ts";
import type { FromWorker, LineResult, Setup, ToWorker } from "./messages.ts";

/** The workers, each a member of the cluster. */
export const MEMBERS: readonly string[] = ["w1", "w2", "w3"];

/** Delay before a terminated worker starts again, in milliseconds. */
const RESTART_AFTER = 100;

/** Share of the lines, the last ones, that waits for the terminated worker, so that it takes part again. */
const KEPT_FOR_ALL = 1 / 4;

/** Longest time without progress, in milliseconds; a failover takes about one second. */
const STANDSTILL = 20_000;

/** Receives what happens during the race. */
export interface Spectator {
  /** `done` lines have a result. */
  progress(done: number): void;
  /** An event that happens once. */
  event(text: string): void;
}

/** One start of a worker. */
export interface Life {
  /** The index of the worker. */
  readonly worker: number;
  /** What it recorded. */
  readonly log: ClaimsLog;
}

/** The records of a finished race. */
export interface Race {
  readonly lines: readonly string[];
  readonly members: readonly string[];
  /** The first life of each worker, in the order of the members, and the second one of the restarted. */
  readonly lives: readonly Life[];
  /** Which worker was terminated, and when. */
  readonly terminated: { readonly worker: number; readonly at: number };
  /** When it started again, with an empty memory, and when it had a session. */
  readonly restarted: { readonly at: number; readonly ready: number };
  /** The results that each worker read from the cluster at the end. */
  readonly results: readonly (readonly LineResult[])[];
}

/** The attempts that each worker recorded, in all its lives. */
export function attemptsOf({ members, lives }: Race): Attempt[][] {
  return members.map((_, self) =>
    lives.filter(({ worker }) => worker === self).flatMap(({ log }) => log.attempts())
  );
}

/**
 * Starts the workers, terminates one of them when half of the lines are claimed, starts it again, and
 * waits until all lines are done. Rejects when a worker fails or makes no progress.
 */
export async function race(lines: readonly string[], spectator: Spectator): Promise<Race> {
  const load = () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const post = (worker: Worker, message: ToWorker) => worker.postMessage(message);
  const workers = MEMBERS.map(load);
  // Loaded beforehand, so the measurement covers how the cluster takes a member back, not how long a
  // thread takes to load its modules. It has not joined, so no other node knows of it.
  const spare = load();
  const lives: Life[] = [];
  const results = new Map<number, readonly LineResult[]>();
  const claimed = new Set<number>();
  const published = new Set<number>();
  let joined = 0;
  let terminated: Race["terminated"] | undefined;
  let restarted: Race["restarted"] | undefined;
  let standstill: ReturnType<typeof setTimeout> | undefined;
  let restart: ReturnType<typeof setTimeout> | undefined;

  const begin = (self: number) => {
    // A life claims each line once, and rarely again: a larger number would be a bug.
    const log = ClaimsLog.withCapacity(4 * lines.length + 100);
    lives.push({ worker: self, log });
    const again = restarted !== undefined;
    const shared = lines.length - Math.floor(KEPT_FOR_ALL * lines.length);
    const setup: Setup = { members: MEMBERS, self, lines, shared, again, log: log.memory };
    post(workers[self], { type: "start", setup });
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const alive = () => {
        clearTimeout(standstill);
        const seconds = STANDSTILL / 1000;
        const error = new Error(`nothing has happened for ${seconds} seconds`);
        standstill = setTimeout(() => reject(error), STANDSTILL);
      };
      const listen = (self: number) => {
        workers[self].onmessage = ({ data }: MessageEvent<FromWorker>) => receive(self, data);
        workers[self].onerror = (event) => {
          event.preventDefault();
          reject(new Error(`${MEMBERS[self]} failed: ${event.message}`));
        };
      };
      const startAgain = (self: number) => {
        workers[self] = spare;
        listen(self);
        spectator.event(`${MEMBERS[self]} starts again, with an empty memory`);
        restarted = { at: now(), ready: NaN };
        begin(self);
      };
      const receive = (self: number, message: FromWorker) => {
        alive();
        switch (message.type) {
          case "joined":
            if (restarted !== undefined) {
              restarted = { ...restarted, ready: message.at };
              spectator.event(`${MEMBERS[self]} is back`);
              post(workers[self], { type: "go" });
              for (const worker of workers) post(worker, { type: "complete" });
              break;
            }
            if (++joined < MEMBERS.length) break;
            spectator.event("all three have joined");
            for (const worker of workers) post(worker, { type: "go" });
            break;
          case "claimed":
            claimed.add(message.line);
            // Its owner had no time to publish the result, so another worker has to.
            if (terminated === undefined && claimed.size * 2 >= lines.length) {
              terminated = { worker: self, at: now() };
              workers[self].terminate();
              // Messages that still arrive from it do not belong to its next life; its actions are in its log.
              workers[self].onmessage = null;
              spectator.event(`half-way: ${MEMBERS[self]} is terminated`);
              restart = setTimeout(() => startAgain(self), RESTART_AFTER);
            }
            break;
          case "published":
            published.add(message.line);
            spectator.progress(published.size);
            break;
          case "finished":
            results.set(self, message.results);
            // The last messages of the terminated worker were lost in transit.
            spectator.progress(lines.length);
            if (results.size === MEMBERS.length) resolve();
        }
      };
      for (const self of workers.keys()) {
        listen(self);
        begin(self);
      }
      spare.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`the spare thread failed: ${event.message}`));
      };
      alive();
    });
  } catch (error) {
    for (const worker of [...workers, spare]) worker.terminate();
    throw error;
  } finally {
    clearTimeout(standstill);
    clearTimeout(restart);
  }
  for (const worker of workers) post(worker, { type: "leave" });
  return {
    lines,
    members: MEMBERS,
    lives,
    terminated: terminated!,
    restarted: restarted!,
    results: MEMBERS.map((_, self) => results.get(self)!),
  };
}
