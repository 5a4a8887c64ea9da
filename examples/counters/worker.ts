/**
 * One of the three workers: a node of the cluster, which calls the counters and can host them.
 *
 * @module
 */
import { type ChildSpec, type ClusterNode, join, SynodError } from "../../mod.ts";
import { broadcastChannel } from "../../transports/broadcast_channel.ts";
import { type Counted, type FromWorker, type Fruit, FRUITS, type ToWorker } from "./messages.ts";

/** Time for which the counters of a lost worker stay its own, in milliseconds. */
const SESSION_TTL = 5000;

/** Pause between two calls of one worker to one counter, in milliseconds. */
const PAUSE = 2;

/** How to start a counter; at most one instance of a name runs in the cluster. */
const Counter: ChildSpec<{ inc(): Counted }, []> = {
  id: "fruit counter",
  start({ node: host, token }) {
    // The count is in the memory of one worker, and is lost with it.
    let count = 0;
    return {
      inc: () => ({ count: ++count, host, token, at: performance.timeOrigin + performance.now() }),
    };
  },
};

/** A call with its answer, or without: then it may or may not have been counted. */
type Call = { readonly fruit: Fruit; readonly counted: Counted | undefined };

/** Counts one. The call starts the counter on one of the workers if it does not run. */
async function count(fruit: Fruit): Promise<Call> {
  const counter = node.name(fruit, Counter);
  try {
    return { fruit, counted: await counter.inc() };
  } catch (error) {
    // A second call could count it twice. Only the caller can know whether that matters.
    if (!(error instanceof SynodError) || error.code !== "outcome_unknown") throw error;
    return { fruit, counted: undefined };
  }
}

/** Counts `times` of each fruit, all at once. */
async function countAtOnce(times: number): Promise<Call[]> {
  return await Promise.all(
    FRUITS.flatMap((fruit) => Array.from({ length: times }, () => count(fruit))),
  );
}

/** Counts one at a time, until another instance than the first has counted `times` of this fruit. */
async function countOn(fruit: Fruit, times: number): Promise<Call[]> {
  const calls: Call[] = [];
  let left = times;
  let first: number | undefined;
  await Promise.all(FRUITS.map(async (each) => {
    for (let made = 1; left > 0; made++) {
      const call = await count(each);
      calls.push(call);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      if (each !== fruit) continue;
      if (made === times) tell({ type: "counting" });
      if (call.counted === undefined) continue;
      first ??= call.counted.token;
      if (call.counted.token !== first) left--;
    }
  }));
  return calls;
}

function toMessage(calls: readonly Call[]): FromWorker {
  const answers = calls.flatMap(({ fruit, counted }) => counted ? [{ fruit, ...counted }] : []);
  const unknown = calls.flatMap(({ fruit, counted }) => counted ? [] : [fruit]);
  return { type: "counted", calls: { answers, unknown } };
}

/** The main thread. (The type checker takes every file for one of the main thread.) */
const main = self as unknown as Worker;
let node: ClusterNode;

function tell(message: FromWorker): void {
  main.postMessage(message);
}

main.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "join":
      node = await join({
        id: data.members[data.self],
        members: data.members,
        transport: broadcastChannel("counters"),
        sessionTtl: SESSION_TTL,
        hosts: [Counter],
      });
      await node.ready;
      return tell({ type: "done" });
    case "count":
      return tell(toMessage(await countAtOnce(data.times)));
    case "countOn":
      return tell(toMessage(await countOn(data.fruit, data.times)));
    case "leave":
      await node.close();
      tell({ type: "done" });
  }
};
