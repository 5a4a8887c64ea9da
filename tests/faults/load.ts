import type { Station } from "../chaos/process_cluster.ts";

/** Operations of one node a second: a steady load that leaves the machine idle most of the time. */
const RATE = 100;

/** Results kept, so that a long run does not fill the memory. */
const MAX_DONE = 200_000;

/** One finished operation; times are those of the driver, in milliseconds. */
interface Done {
  readonly node: string;
  readonly asked: number;
  readonly answered: number;
  /** Why it failed; `undefined` if it did not. */
  readonly failure: string | undefined;
}

/** What some nodes did in a span of time. */
export interface Window {
  readonly operations: number;
  /** The longest time in which one of the nodes finished no operation, in milliseconds. */
  readonly gap: number;
  /** The time that 99 of 100 operations took at most, and the longest, in milliseconds. */
  readonly p99: number;
  readonly longest: number;
  readonly failures: readonly string[];
}

/** Puts and reads at a steady rate in each node. */
export class Load {
  readonly #stations: readonly Station[];
  readonly #done: Done[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #count = 0;

  constructor(stations: readonly Station[]) {
    this.#stations = stations;
  }

  start(): void {
    this.#timer = setInterval(() => {
      for (const station of this.#stations) void this.#operate(station);
    }, 1_000 / RATE);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * What `nodes` did from `begin` to `end`; operations count at their end, unless they began before `since`, when one
   * of the nodes may still have had a fault itself.
   */
  window(nodes: readonly string[], since: number, begin: number, end: number): Window {
    const done = this.#done.filter(({ node, asked, answered }) =>
      nodes.includes(node) && asked >= since && answered >= begin && answered < end
    );
    const times = done.map(({ asked, answered }) => answered - asked).sort((a, b) => a - b);
    const gaps = nodes.map((id) => {
      const ends = done.filter(({ node, failure }) => node === id && failure === undefined)
        .map(({ answered }) => answered);
      return [begin, ...ends, end].reduce(
        ([longest, last], at) => [Math.max(longest, at - last), at],
        [0, begin],
      )[0];
    });
    return {
      operations: done.length,
      gap: Math.max(...gaps),
      p99: times[Math.floor(times.length * 0.99)] ?? 0,
      longest: times[times.length - 1] ?? 0,
      failures: done.flatMap(({ failure }) => failure === undefined ? [] : [failure]),
    };
  }

  async #operate({ id, remote }: Station): Promise<void> {
    if (remote === null) return;
    const asked = performance.now();
    const number = ++this.#count;
    // Each key is put once, and read soon after.
    const key = `load ${number - number % 2}`;
    const order = number % 2 === 1
      ? { do: "get", key } as const
      : { do: "put", key, value: `${number}`, bind: { to: "nothing" } } as const;
    const outcome = await remote.tell(order).catch(() => null);
    if (outcome === null) return;
    const { value, error, answered } = outcome;
    const result = value as { ok?: boolean; error?: string } | undefined;
    const isMissing = result?.error === "not_found";
    const code = error?.code ?? error?.name ??
      (result?.ok === true || isMissing ? undefined : result?.error ?? "no result");
    const took = (answered - asked).toFixed(0);
    const failure = code === undefined ? undefined : `${order.do}: ${code} after ${took} ms`;
    this.#done.push({ node: id, asked, answered, failure });
    if (this.#done.length > MAX_DONE) this.#done.splice(0, MAX_DONE / 2);
  }
}
