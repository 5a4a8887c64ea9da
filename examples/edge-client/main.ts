/**
 * Three members, and a worker of workerd that is their guest. The worker sells seats over HTTP to
 * many buyers at once.
 *
 *     deno task example:edge-client
 *
 * Each seat is sold once, and a buyer that is too late learns who has it. The exit code is 1 if a check
 * fails. Start reading in `worker.ts`.
 *
 * @module
 */
import { bundle } from "../../tasks/bundle.ts";
import { installModules } from "../../tasks/node_modules.ts";
import { startWorkerd } from "../../tasks/workerd.ts";
import { type Members, startMembers } from "./members.ts";

/** In production from a secret store. */
const SECRET = crypto.randomUUID();

const SEATS = 5;
const BUYERS = 20;
const TURNS = 5;

const here = decodeURIComponent(new URL(".", import.meta.url).pathname);

/** The answers of the worker. */
type Ask = (method: "GET" | "POST", path: string) => Promise<Record<string, unknown>>;

/** Starts everything, calls `use`, and stops everything. */
async function withWorker<T>(use: (ask: Ask, members: Members) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "synod-edge-" });
  try {
    await bundle(`${here}worker.ts`, `${folder}/worker.js`);
    await Deno.copyFile(`${here}config.capnp`, `${folder}/config.capnp`);
    await using members = await startMembers(SECRET);
    const servers = JSON.stringify(members.servers);
    const env = { SERVERS: servers, SECRET };
    await using workerd = await startWorkerd(`${folder}/config.capnp`, env);
    const ask: Ask = async (method, path) => {
      const response = await fetch(`http://127.0.0.1:${workerd.port}${path}`, { method });
      if (!response.ok) throw new Error(`${method} ${path}: status ${response.status}`);
      return await response.json();
    };
    return await use(ask, members);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Whether each seat has one buyer, and all requests for it got the same answer. */
async function sellSeats(ask: Ask): Promise<boolean> {
  const answers = await Promise.all(
    Array.from({ length: BUYERS }, async (_, index) => {
      const [seat, buyer] = [`${index % SEATS + 1}`, `buyer-${index + 1}`];
      const answer = await ask("POST", `/seats/${seat}/${buyer}`);
      return { seat, mine: answer.mine, right: (answer.buyer === buyer) === answer.mine, answer };
    }),
  );
  const sold = answers.filter(({ mine }) => mine);
  console.log(`${BUYERS} buyers came for ${SEATS} seats: ${sold.length} were sold.`);
  let right = new Set(sold.map(({ seat }) => seat)).size === SEATS && sold.length === SEATS;
  for (const { seat, answer } of sold) {
    console.log(`  seat ${seat} is ${answer.buyer}'s`);
    const found = await ask("GET", `/seats/${seat}`);
    const told = answers.filter((other) => other.seat === seat);
    right &&= found.buyer === answer.buyer &&
      told.every((other) => other.right && other.answer.buyer === answer.buyer);
  }
  return right;
}

/** Whether every holder of the lock had a token of its own. */
async function takeTurns(ask: Ask): Promise<boolean> {
  const answers = await Promise.all(Array.from({ length: TURNS }, () => ask("POST", "/till/1")));
  const tokens = new Set(answers.map(({ token }) => token));
  console.log(`${TURNS} requests took the lock on the till, one after the other.`);
  return tokens.size === TURNS;
}

/** Whether a singleton on one of the members counted every visit. */
async function countVisits(ask: Ask): Promise<boolean> {
  const visits = [];
  for (let visit = 0; visit < 3; visit++) visits.push((await ask("POST", "/visits")).visits);
  console.log(`Visits were counted: ${visits.join(", ")}.`);
  return visits.join() === "1,2,3";
}

/** Whether one operation takes three requests of the worker: to connect, to ask, and to leave. */
async function countRequests(ask: Ask, members: Members): Promise<boolean> {
  const before = members.requests();
  await ask("GET", "/seats/1");
  const requests = members.requests() - before;
  console.log(`To look up a seat took ${requests} requests to the members.`);
  return requests === 3;
}

if (import.meta.main) {
  await installModules();
  const results = await withWorker(async (ask, members) => [
    await sellSeats(ask),
    await takeTurns(ask),
    await countVisits(ask),
    await countRequests(ask, members),
  ]);
  const right = results.every((result) => result);
  console.log(right ? "All is well." : "Something is wrong.");
  Deno.exitCode = right ? 0 : 1;
}
