/**
 * One of the three workers: a node of the cluster, which calls the counters and can host them.
 *
 * @module
 */
import { type ChildSpec, type ClusterNode, join, SynodError } from "../../mod.ts";
import { broadcastChannel } from "../../transports/broadcast_channel.ts";
import { type Counted, type FromWorker, type Fruit, FRUITS, type ToWorker } from "./messages.ts";

/** How long the counters of a worker that is gone stay its own, in milliseconds. */
const SESSION_TTL = 2000;

/** Between two calls of one worker for one counter, in milliseconds. */
const PAUSE = 2;

/** How to run a counter: wherever it is started, there is no other one of its name. */
const Counter: ChildSpec<{ inc(): Counted }, []> = {
  id: "fruit counter",
  start({ node: host, token }) {
    // It lives in the memory of one worker, and is gone with it.
    let count = 0;
    return {
      inc: () => ({ count: ++count, host, token, at: performance.timeOrigin + performance.now() }),
    };
  },
};

/** A call with its answer, or without: then nobody knows whether it counted. */
type Call = { readonly fruit: Fruit; readonly counted: Counted | undefined };

/** Counts one. That starts the counter if it does not run, on one of the workers. */
async function count(fruit: Fruit): Promise<Call> {
  const counter = node.name(fruit, Counter);
  try {
    return { fruit, counted: await counter.inc() };
  } catch (error) {
    // To call again could count it twice. Only who calls can know whether that would matter.
    if (!(error instanceof SynodError) || error.code !== "outcome_unknown") throw error;
    return { fruit, counted: undefined };
  }
}

/** Counts so many of each fruit, without waiting for one before the next. */
async function countAtOnce(times: number): Promise<Call[]> {
  return await Promise.all(
    FRUITS.flatMap((fruit) => Array.from({ length: times }, () => count(fruit))),
  );
}

/** Counts one by one, until `times` of this fruit were counted by another instance than at first. */
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

/** The other end. (The type checker takes every file for one of the main thread.) */
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
