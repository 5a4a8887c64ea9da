import type { Runtime } from "../../tasks/suites.ts";
import { Besieged } from "./besieged.ts";
import { Client, type Puts } from "./client.ts";
import * as floods from "./floods.ts";
import type { Memory } from "./server.ts";
import { garbageConnections, garbageRequests, silentConnections } from "./strangers.ts";
import type { Tally } from "./tally.ts";

/** Number of invalid connections, and of invalid requests. */
export const GARBAGE = 10_000;

/** Number of silent connections: as many as may be in the handshake at once. */
export const SILENT = 1_000;

/** The attackers: nodes without the secret, or with it. */
export type Who = "strangers" | "peers";

/** The result of one kind of attack, and the state of the server during it. */
export interface Phase {
  readonly name: string;
  readonly who: Who;
  /** The codes or statuses of the answers. */
  readonly answers: Tally;
  /** Number of bytes that a flood has sent. */
  readonly sent?: number;
  readonly memory: Memory;
  /** Duration in milliseconds. */
  readonly time: number;
  readonly puts: Puts;
}

/** The results of all attacks. */
export interface Outcome {
  /** The memory of the server before the attacks, in bytes. */
  readonly before: number;
  readonly phases: readonly Phase[];
  /** The codes with which the silent connections were closed. */
  readonly sentAway: Tally;
  /** Number of sessions that the honest client lost. */
  readonly lost: number;
}

/** Attacks a server of `runtime`, and calls `tell` after each phase. */
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
  // The silent connections stay in the handshake during the other attacks.
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
