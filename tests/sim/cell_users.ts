import type { Cell } from "../../lib/cells/cell.ts";
import type { CellOptions } from "../../lib/cells/options.ts";
import { SynodError } from "../../lib/errors.ts";
import type { Random } from "../../testing/random.ts";
import { type CellOperation, checkCells, type RecordedCell } from "../checkers/cells.ts";
import { Operations, type Outcome } from "./operations.ts";
import type { Cluster, Station } from "./simulated_cluster.ts";
import { FINAL_TIMEOUT, type Finale, sleep, type Users } from "./users.ts";

/** An operation before its result is known. */
type Begun = CellOperation extends infer O
  ? O extends CellOperation ? Omit<O, "call" | "return" | "result"> : never
  : never;

/** Users of cells: they read, set, compare, update and delete, and record one history. Others watch. */
export class CellUsers implements Users {
  readonly operations: Operations;
  readonly #cluster: Cluster;
  readonly #report: (violation: string) => void;
  readonly #names: readonly string[];
  readonly #recorded = new Set<RecordedCell>();
  /** The tokens that were seen, which users compare. */
  readonly #tokens = new Map<string, number>();
  /** The highest token that was seen of each cell: an operation of before may still end after that. */
  readonly #newest = new Map<string, number>();
  /** The cells that such an operation has deleted, when all others had ended or a little before. */
  readonly #deletedLate = new Set<string>();
  readonly #watchers: { station: Station; name: string; told: number | null; ended: boolean }[] =
    [];
  #values = 0;
  #over = false;

  constructor(cluster: Cluster, report: (violation: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
    this.operations = new Operations(cluster, report);
    const random = cluster.simulation.random.fork("cells");
    this.#names = Array.from({ length: Math.min(3, cluster.scenario.keys) }, (_, i) => `v${i}`);
    cluster.onStart((station) => {
      const own = random.fork(station.name);
      for (let i = 0; i < cluster.scenario.concurrency; i++) {
        void this.#user(station, own.fork(`user ${i}`));
      }
      if (own.chance(0.5)) void this.#watch(station, own.pick(this.#names));
    });
  }

  get judged(): Record<string, number> {
    return { recorded: this.#recorded.size };
  }

  stop(): void {
    this.#over = true;
  }

  judge(): void {}

  /** All nodes set every cell and read it; its watchers learn of the last value. */
  async finale({ up, within, pass }: Finale): Promise<void> {
    const timeout = Math.max(FINAL_TIMEOUT, this.#cluster.scenario.timeout);
    for (const name of this.#names) {
      for (const station of up) {
        const cell = this.#cell(station, name, { timeout });
        const label = `${station.name} finally sets ${name}`;
        const set = () => within(this.#set(station, "final set", name, cell, label, {}));
        // A sweep of a last change may have made the outcome of one unknown: a deleted cell keeps no operations.
        const first = await set();
        const isSet = first === "no_quorum" ? await set() : first;
        const isRead = await within(this.#read(station, "final get", name, cell, {}));
        if (isSet !== "ok" || isRead !== "ok") this.#report(`${label}: ${isSet}, ${isRead}`);
      }
    }
    await pass(3 * this.#cluster.scenario.sessionTtl + 1_000);
    for (const { station, name, told, ended } of this.#watchers) {
      if (ended || station.down || station.machine.crashed) continue;
      if (told === this.#newest.get(name) || this.#deletedLate.has(name)) continue;
      this.#report(`${station.name} watches ${name} and was last told ${told}`);
    }
  }

  finish(): void {
    const active = this.#watchers.filter(({ ended, station }) =>
      !ended && !station.machine.crashed
    );
    if (active.length > 0) this.#report(`${active.length} watchers did not end`);
    for (const violation of checkCells(this.#recorded)) this.#report(violation);
  }

  async #user(station: Station, random: Random): Promise<void> {
    while (!this.#over) {
      await sleep(station.machine, random.between(0, this.#cluster.scenario.think));
      if (this.#over || station.closing) return;
      await this.#operate(station, random);
    }
  }

  async #operate(station: Station, random: Random): Promise<void> {
    const kind = random.weighted({ get: 25, set: 20, update: 30, compareAndSet: 30, delete: 10 });
    const name = random.pick(this.#names);
    const { options, cancel } = this.#drawLimit(station, random);
    const cell = this.#cell(station, name, options);
    const label = `${station.name} ${kind}s ${name}`;
    switch (kind) {
      case "get":
        await this.#read(station, kind, name, cell, options);
        break;
      case "set":
        await this.#set(station, kind, name, cell, label, options);
        break;
      case "update":
        await this.#update(station, name, cell, label, options);
        break;
      case "compareAndSet": {
        const known = this.#tokens.get(name) ?? 0;
        const over = random.weighted({ known: 8, none: 2, other: 1 });
        const token = over === "known" ? known : over === "none" ? 0 : known + 1;
        await this.#compare(station, name, cell, token, label, options);
        break;
      }
      case "delete":
        await this.#run(station, kind, label, options, async () => {
          const ended = this.#begin(name, label, { type: "delete" });
          const result = await cell.delete();
          if (!result.ok) return result.error;
          if (this.#over) this.#deletedLate.add(name);
          ended({ result: true });
          return "ok";
        });
    }
    cancel();
  }

  #cell(station: Station, name: string, options: CellOptions): Cell<string> {
    return station.node!.cell<string>(name, options);
  }

  #read(
    station: Station,
    kind: string,
    name: string,
    cell: Cell<string>,
    options: CellOptions,
  ): Promise<Outcome> {
    const label = `${station.name} gets ${name}`;
    return this.#run(station, kind, label, options, async () => {
      const call = this.#cluster.simulation.instant();
      const result = await cell.get();
      if (!result.ok && result.error === "no_quorum") return "no_quorum";
      const end = this.#cluster.simulation.instant();
      const saw = result.ok
        ? { name: tagOf(result.value.value), token: result.value.token }
        : { name: null };
      this.#recorded.add({ type: "read", ...saw, on: name, label, call, return: end });
      if (result.ok) this.#saw(name, result.value.token);
      return result.ok ? "ok" : "not_found";
    });
  }

  #set(
    station: Station,
    kind: string,
    name: string,
    cell: Cell<string>,
    label: string,
    options: CellOptions,
  ): Promise<Outcome> {
    return this.#run(station, kind, label, options, async () => {
      const tag = this.#tag(station);
      const ended = this.#begin(name, label, { type: "set", name: tag });
      const result = await cell.set(`${tag}<`);
      if (!result.ok) return result.error;
      this.#saw(name, result.value.token);
      ended({ result: { token: result.value.token } });
      return "ok";
    });
  }

  #update(
    station: Station,
    name: string,
    cell: Cell<string>,
    label: string,
    options: CellOptions,
  ): Promise<Outcome> {
    return this.#run(station, "update", label, options, async () => {
      const tag = this.#tag(station);
      const ended = this.#begin(name, label, { type: "update", name: tag });
      const result = await cell.update((now) => `${tag}<${now === undefined ? "" : tagOf(now)}`);
      if (!result.ok) return result.error;
      const { value = "", token } = result.value;
      this.#saw(name, token);
      ended({ result: { before: value.split("<")[1] || null, token } });
      return "ok";
    });
  }

  #compare(
    station: Station,
    name: string,
    cell: Cell<string>,
    over: number,
    label: string,
    options: CellOptions,
  ): Promise<Outcome> {
    return this.#run(station, "compareAndSet", label, options, async () => {
      const tag = this.#tag(station);
      const ended = this.#begin(name, label, { type: "compareAndSet", name: tag, over });
      const result = await cell.compareAndSet(over, `${tag}<`);
      if (!result.ok && result.error !== "conflict") return result.error;
      if (result.ok) this.#saw(name, result.value.token);
      else this.#tokens.delete(name);
      ended({ result: result.ok ? { token: result.value.token } : "conflict" });
      return result.ok ? "ok" : "conflict";
    });
  }

  #saw(name: string, token: number): void {
    this.#tokens.set(name, token);
    this.#newest.set(name, Math.max(token, this.#newest.get(name) ?? 0));
  }

  /** Records an operation; its outcome is unknown until the function that it returns is called. */
  #begin(on: string, label: string, begun: Begun): (result: object) => void {
    const call = this.#cluster.simulation.instant();
    const unknown = { ...begun, on, label, call, return: Infinity } as RecordedCell;
    this.#recorded.add(unknown);
    return (result) => {
      this.#recorded.delete(unknown);
      const end = this.#cluster.simulation.instant();
      this.#recorded.add({ ...unknown, ...result, return: end } as RecordedCell);
    };
  }

  async #watch(station: Station, name: string): Promise<void> {
    const watcher = { station, name, told: null as number | null, ended: false };
    this.#watchers.push(watcher);
    const label = `${station.name} watches ${name}`;
    let highest = 0;
    try {
      for await (const change of this.#cell(station, name, {}).watch()) {
        watcher.told = change.present ? change.token : null;
        if (!change.present) continue;
        if (change.token <= highest) this.#report(`${label} and goes back to ${change.token}`);
        highest = change.token;
      }
      if (!station.closing) this.#report(`${label}, but it ended by itself`);
    } catch (error) {
      // A node whose place is taken says so to its watches: they have not seen everything.
      const isReplaced = error instanceof SynodError && error.code === "replaced";
      if (!isReplaced) this.#report(`${label}, but: ${error}`);
    }
    watcher.ended = true;
  }

  async #run(
    station: Station,
    kind: string,
    label: string,
    options: CellOptions,
    body: () => Promise<Outcome>,
  ): Promise<Outcome> {
    let outcome: Outcome = "ended";
    const noted = async () => outcome = await body();
    await this.operations.run(station, kind, label, noted, (error) => {
      if (options.signal?.aborted && error === options.signal.reason) return "aborted";
      if (!(error instanceof SynodError)) return undefined;
      if (station.closing && (error.code === "closed" || error.code === "replaced")) return "ended";
      if (error.code === "no_quorum" && options.noQuorum === "fail") return "no_quorum";
      if (error.code === "outcome_unknown" && options.noQuorum === "retry") return "no_quorum";
    });
    return outcome;
  }

  #drawLimit(station: Station, random: Random): { options: CellOptions; cancel: () => void } {
    const noQuorum = random.weighted({ return: 6, retry: 3, fail: 1 });
    const options: CellOptions = { noQuorum };
    if (random.chance(0.3)) options.timeout = random.integer(20, 3_000);
    // Most users that would retry forever abort after a while.
    if (!random.chance(noQuorum === "retry" ? 0.8 : 0.1)) return { options, cancel: () => {} };
    const controller = new AbortController();
    options.signal = controller.signal;
    const abort = () => controller.abort(new Error("changed my mind"));
    return { options, cancel: station.machine.setTimer(abort, random.between(0, 3_000)) };
  }

  #tag(station: Station): string {
    return `${station.name}.${++this.#values}`;
  }
}

/** The name of a value, without that of the one before it. */
function tagOf(value: string): string {
  return value.split("<")[0];
}
