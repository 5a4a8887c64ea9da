/**
 * One of the three workers: a node of the cluster that claims lines and publishes their SHA-256.
 * There is no coordinator. The claim alone prevents two workers from doing the same line.
 *
 * @module
 */
import { type Claim, type ClusterNode, join, SynodError } from "../../mod.ts";
import { broadcastChannel } from "../../transports/broadcast_channel.ts";
import { ClaimsLog, now } from "./claims_log.ts";
import type { FromWorker, LineResult, Setup, ToWorker } from "./messages.ts";

/** Lines that one worker processes at a time, so that it does not idle while it waits for the network. */
const HANDS = 8;

/** Interval at which a worker checks a line that another worker has claimed, in milliseconds. */
const LOOK_AGAIN = 25;

/** Time for which the claims of a lost worker stay its own, in milliseconds. */
const SESSION_TTL = 1000;

class LineWorker {
  readonly #setup: Setup;
  readonly #node: ClusterNode;
  readonly #log: ClaimsLog;
  readonly #complete: Promise<unknown>;

  /** `complete` resolves when the terminated worker is back. */
  constructor(setup: Setup, node: ClusterNode, complete: Promise<unknown>) {
    this.#setup = setup;
    this.#node = node;
    this.#log = new ClaimsLog(setup.log);
    this.#complete = complete;
  }

  /** Processes all lines together with the other workers, and resolves to the published results. */
  async run(): Promise<LineResult[]> {
    const done: Promise<void>[] = [];
    await this.#forEachLine(async (line) => {
      if (line >= this.#setup.shared) await this.#complete;
      // After a restart most lines are done already, and need no claim.
      if (this.#setup.again && await this.#isDone(line)) return;
      await this.#race(line);
      done.push(this.#lookAfter(line));
    });
    await Promise.all(done);
    const results: LineResult[] = [];
    await this.#forEachLine(async (line) => {
      results[line] = await this.#read(line);
    });
    return results;
  }

  /** Claims a line. The winner does the work; the others go on to the next line. */
  async #race(line: number): Promise<void> {
    const { kv, id, members } = this.#node;

    // A process ends with the session of its node, and so does the claim.
    await using session = this.#node.spawn();
    const begun = now();
    const claim = await this.#claim(line);
    if (claim === null) return;
    const { token, mine: won } = claim;
    const attempt = this.#log.add({ line, token, owner: members.indexOf(claim.value), won, begun });
    if (!won) return;
    tell({ type: "claimed", line });

    const sha256 = await digest(this.#setup.lines[line]);

    // If this thread was suspended, another worker may own the line by now. The signal tells of past
    // events only; the node alone knows whether the session holds at this instant.
    if (session.signal.aborted || !this.#node.hasQuorum) return;
    this.#log.publishing(attempt);
    const result: LineResult = { sha256, by: id, token };
    await kv.put(["result", line], result, { noQuorum: "retry" });
    this.#log.published(attempt);
    tell({ type: "published", line });
  }

  /** The current owner of a line. `null`: the node has lost its session, and its claims with it. */
  async #claim(line: number): Promise<Claim<string> | null> {
    const { kv, id } = this.#node;
    try {
      const claim = await kv.claim(["line", line], id, { node: id, noQuorum: "retry" });
      return claim.ok ? claim.value : null;
    } catch (error) {
      if (error instanceof SynodError && error.code === "outcome_unknown") return null;
      throw error;
    }
  }

  /** Waits until a line is done. If its owner is lost, races for the line again. */
  async #lookAfter(line: number): Promise<void> {
    const { kv } = this.#node;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
      if (await this.#isDone(line)) return;
      const owner = await kv.get(["line", line], { noQuorum: "retry" });
      if (!owner.ok) await this.#race(line);
    }
  }

  /** Whether the result of a line is published. */
  async #isDone(line: number): Promise<boolean> {
    return (await this.#node.kv.get(["result", line], { noQuorum: "retry" })).ok;
  }

  /** The published result of a line that is done. */
  async #read(line: number): Promise<LineResult> {
    const result = await this.#node.kv.get<LineResult>(["result", line], { noQuorum: "retry" });
    if (!result.ok) throw new Error(`the result of line ${line} has disappeared`);
    return result.value;
  }

  /**
   * Calls `work` for every line, in order and for several at a time. A worker that was restarted begins
   * at the end, since the others have advanced far from the beginning.
   */
  async #forEachLine(work: (line: number) => Promise<void>): Promise<void> {
    const inOrder = [...this.#setup.lines.keys()];
    const lines = (this.#setup.again ? inOrder.reverse() : inOrder).values();
    const hand = async () => {
      for (const line of lines) await work(line);
    };
    await Promise.all(Array.from({ length: HANDS }, hand));
  }
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** The main thread. (The type checker takes every file for one of the main thread.) */
const main = self as unknown as Worker;

function tell(message: FromWorker): void {
  main.postMessage(message);
}

/**
 * The message of this type, which comes once. A worker may be done before "complete" comes, or get "go" and
 * "complete" in one turn, so each message has a listener of its own from the start.
 */
function received<T extends ToWorker["type"]>(type: T): Promise<Extract<ToWorker, { type: T }>> {
  return new Promise((resolve) => {
    main.addEventListener("message", ({ data }: MessageEvent) => {
      if (data.type === type) resolve(data);
    });
  });
}

const [start, go, complete, leave] = [
  received("start"),
  received("go"),
  received("complete"),
  received("leave"),
];
const { setup } = await start;

const node = await join({
  id: setup.members[setup.self],
  members: setup.members,
  transport: broadcastChannel("synod-demo"),
  sessionTtl: SESSION_TTL,
  timeout: 500, // applies to leaving, too: the last node to leave has no quorum
});
await node.ready;
tell({ type: "joined", at: now() });

await go;
tell({ type: "finished", results: await new LineWorker(setup, node, complete).run() });

await leave; // after all workers are done, since a quorum needs two of three
await node.close();
self.close();
