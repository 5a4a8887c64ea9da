import { type Attempt, ClaimsLog, now } from "./claims_log.ts";
import type { FromWorker, LineResult, Setup, ToWorker } from "./messages.ts";

/** The workers, each a member of the cluster. */
export const MEMBERS: readonly string[] = ["w1", "w2", "w3"];

/** So long after its termination a worker starts again, in milliseconds. */
const RESTART_AFTER = 100;

/** This part of the lines, the last ones, waits for the worker that was terminated: it is to take part again. */
const KEPT_FOR_ALL = 1 / 4;

/** If nothing has happened for so many milliseconds, something is broken: a failover takes about one second. */
const STANDSTILL = 20_000;

/** What there is to see while it runs. */
export interface Spectator {
  /** So many lines have a result. */
  progress(done: number): void;
  /** Something that happens once. */
  event(text: string): void;
}

/** One start of a worker. */
export interface Life {
  /** The index of the worker. */
  readonly worker: number;
  /** What it noted. */
  readonly log: ClaimsLog;
}

/** Everything that is known when it is over. */
export interface Race {
  readonly lines: readonly string[];
  readonly members: readonly string[];
  /** The first life of each worker, in the order of the members, and the second one of the restarted. */
  readonly lives: readonly Life[];
  /** Which worker was terminated, and when. */
  readonly terminated: { readonly worker: number; readonly at: number };
  /** When it started again, with an empty memory, and when it had a session. */
  readonly restarted: { readonly at: number; readonly ready: number };
  /** What each worker read from the cluster in the end. */
  readonly results: readonly (readonly LineResult[])[];
}

/** What each worker noted, in all its lives. */
export function attemptsOf({ members, lives }: Race): Attempt[][] {
  return members.map((_, self) =>
    lives.filter(({ worker }) => worker === self).flatMap(({ log }) => log.attempts())
  );
}

/**
 * Starts the workers, terminates one of them when half of the lines are claimed, starts it again, and
 * waits until all are through. Rejects when a worker fails or nothing goes on.
 */
export async function race(lines: readonly string[], spectator: Spectator): Promise<Race> {
  const load = () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const post = (worker: Worker, message: ToWorker) => worker.postMessage(message);
  const workers = MEMBERS.map(load);
  // Loaded beforehand, so that what is measured is how the cluster takes a member back, and not how
  // long a thread takes to load its modules. It has joined nothing, and nobody knows of it.
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
    // A life claims each line once, and only seldom again: more would be a bug.
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
            // Its owner has not had the time to publish the result: somebody else will have to.
            if (terminated === undefined && claimed.size * 2 >= lines.length) {
              terminated = { worker: self, at: now() };
              workers[self].terminate();
              // What it may still have said is no word of its next life; what it did is in its log.
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
            // The last words of the one that was terminated were lost on their way.
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
