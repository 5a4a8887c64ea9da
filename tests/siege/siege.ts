import type { Runtime } from "../../tasks/suites.ts";
import { Besieged } from "./besieged.ts";
import { Client, type Puts } from "./client.ts";
import * as floods from "./floods.ts";
import type { Memory } from "./server.ts";
import { garbageConnections, garbageRequests, silentConnections } from "./strangers.ts";
import type { Tally } from "./tally.ts";

/** So much garbage comes each way. */
export const GARBAGE = 10_000;

/** So many say nothing: as many as may be on their way in. */
export const SILENT = 1_000;

/** Who does something to the server. */
export type Who = "strangers" | "peers";

/** What came of one kind of attack, and what the server was like meanwhile. */
export interface Phase {
  readonly name: string;
  readonly who: Who;
  /** The codes or the status that were the answers. */
  readonly answers: Tally;
  /** How much a flood has sent, in bytes. */
  readonly sent?: number;
  readonly memory: Memory;
  /** In milliseconds. */
  readonly time: number;
  readonly puts: Puts;
}

/** What came of everything. */
export interface Outcome {
  /** What the server had of memory before, in bytes. */
  readonly before: number;
  readonly phases: readonly Phase[];
  /** What those that say nothing, who are there meanwhile, were closed with. */
  readonly sentAway: Tally;
  /** How often the honest client has lost its session. */
  readonly lost: number;
}

/** Besieges a server of `runtime`, and calls `tell` after each phase. */
export async function besiege(
  runtime: Runtime,
  tell: (phase: Phase) => void = () => {},
): Promise<Outcome> {
  const server = await Besieged.start(runtime);
  try {
    const client = await Client.start(server);
    try {
      return await attack(server, client, tell);
    } finally {
      await client.close();
    }
  } finally {
    await server.stop();
  }
}

async function attack(
  server: Besieged,
  client: Client,
  tell: (phase: Phase) => void,
): Promise<Outcome> {
  const phases: Phase[] = [];
  const phase = async (
    name: string,
    who: Who,
    run: () => Promise<Pick<Phase, "answers" | "sent">>,
  ): Promise<void> => {
    client.take();
    const begun = performance.now();
    const result = await run();
    const time = performance.now() - begun;
    const memory = await server.memory();
    const done = { name, who, ...result, memory, time, puts: client.take() };
    phases.push(done);
    tell(done);
  };
  const flood = (name: string, who: Who, pour: typeof floods.peerByHttp) =>
    phase(name, who, async () => {
      const { answer, sent } = await pour(server.at);
      return { answers: new Map([[`${answer}`, 1]]), sent };
    });

  const before = (await server.memory()).now;
  // They are at the door, and have to be borne, while the others come.
  const silent = await silentConnections(server.at, SILENT);
  await phase("garbage by webSocket", "strangers", async () => {
    return { answers: await garbageConnections(server.at, GARBAGE) };
  });
  await phase("garbage by http", "strangers", async () => {
    return { answers: await garbageRequests(server.at, GARBAGE) };
  });
  await flood("1 GiB of a stranger by webSocket", "strangers", floods.strangerByWebSocket);
  await flood("1 GiB of a stranger by http", "strangers", floods.strangerByHttp);
  await flood("1 GiB of a peer by http", "peers", floods.peerByHttp);
  await flood("1 GiB of a peer by webSocket", "peers", floods.peerByWebSocket);
  return { before, phases, sentAway: await silent.ended, lost: client.lost };
}
