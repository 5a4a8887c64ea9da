/**
 * One of the three workers: a node of the cluster that claims lines and publishes their SHA-256.
 * There is no coordinator. What keeps two workers from doing the same line is the claim alone.
 *
 * @module
 */
import { type Claim, type ClusterNode, join, SynodError } from "../../mod.ts";
import { broadcastChannel } from "../../transports/broadcast_channel.ts";
import { ClaimsLog, now } from "./claims_log.ts";
import type { FromWorker, LineResult, Setup, ToWorker } from "./messages.ts";

/** How many lines one worker is busy with at a time, so that none waits for the network idly. */
const HANDS = 8;

/** How often to look after a line that another worker has claimed and not finished, in milliseconds. */
const LOOK_AGAIN = 25;

/** How long the claims of a worker that is gone stay its own, in milliseconds. */
const SESSION_TTL = 1000;

class LineWorker {
  readonly #setup: Setup;
  readonly #node: ClusterNode;
  readonly #log: ClaimsLog;
  readonly #complete: Promise<unknown>;

  /** `complete` resolves when the worker that was terminated is back. */
  constructor(setup: Setup, node: ClusterNode, complete: Promise<unknown>) {
    this.#setup = setup;
    this.#node = node;
    this.#log = new ClaimsLog(setup.log);
    this.#complete = complete;
  }

  /** Sees to it that every line gets done, by whomever, and resolves to what was published. */
  async run(): Promise<LineResult[]> {
    const done: Promise<void>[] = [];
    await this.#forEachLine(async (line) => {
      if (line >= this.#setup.shared) await this.#complete;
      // After a restart much is done already: what is, nobody has to claim.
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

  /** Claims a line. Whoever wins does the work; the others go on to the next line. */
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

    // Has this thread slept for so long that the line may be somebody else's by now? The signal is
    // for what happened before; whether the session still holds at this instant, only the node knows.
    if (session.signal.aborted || !this.#node.hasQuorum) return;
    this.#log.publishing(attempt);
    const result: LineResult = { sha256, by: id, token };
    await kv.put(["result", line], result, { noQuorum: "retry" });
    this.#log.published(attempt);
    tell({ type: "published", line });
  }

  /** Who has a line now. `null`: the node lost its session meanwhile, and with it what it claimed. */
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

  /** Waits until a line is done. If its owner is gone without a word, races for it again. */
  async #lookAfter(line: number): Promise<void> {
    const { kv } = this.#node;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN));
      if (await this.#isDone(line)) return;
      const owner = await kv.get(["line", line], { noQuorum: "retry" });
      if (!owner.ok) await this.#race(line);
    }
  }

  /** Whether somebody has published the result of a line. */
  async #isDone(line: number): Promise<boolean> {
    return (await this.#node.kv.get(["result", line], { noQuorum: "retry" })).ok;
  }

  /** What was published about a line that is done. */
  async #read(line: number): Promise<LineResult> {
    const result = await this.#node.kv.get<LineResult>(["result", line], { noQuorum: "retry" });
    if (!result.ok) throw new Error(`the result of line ${line} was there, and is gone`);
    return result.value;
  }

  /**
   * Calls `work` for every line, in order and for several at a time. Who was away comes from the other
   * end: the others have gone far from this one.
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

/** The other end. (The type checker takes every file for one of the main thread.) */
const main = self as unknown as Worker;

function tell(message: FromWorker): void {
  main.postMessage(message);
}

/** The next message of the main thread. */
function next(): Promise<ToWorker> {
  return new Promise((resolve) => main.onmessage = ({ data }) => resolve(data));
}

const message = await next();
if (message.type !== "start") throw new TypeError(`"start" comes first, not "${message.type}"`);
const { setup } = message;

const node = await join({
  id: setup.members[setup.self],
  members: setup.members,
  transport: broadcastChannel("synod-demo"),
  sessionTtl: SESSION_TTL,
  timeout: 500, // also for leaving: the last one to leave has no quorum any more
});
await node.ready;
tell({ type: "joined", at: now() });

await next(); // "go"
const complete = next(); // "complete"
tell({ type: "finished", results: await new LineWorker(setup, node, complete).run() });

await next(); // "leave": not before all are through, since two of three are needed for a quorum
await node.close();
self.close();
