/**
 * A program for every runtime: three threads, each a member of one cluster, one of which is terminated.
 * It prints the results as one line of JSON, which its test evaluates.
 *
 * @module
 */
import { SteadyClock } from "../../support/steady_clock.ts";
import type { Command, Work } from "./member.ts";
import { Member } from "./member_thread.ts";

const MEMBERS = ["w1", "w2", "w3"];

/** Longer than the pause after the loss of a member, to distinguish the two; in milliseconds. */
const SESSION_TTL = 9000;

/** The result of a `kv` operation, as JSON. */
type Outcome = { ok: boolean; value?: unknown; error?: string };

const members = await Promise.all(MEMBERS.map((id) => Member.start(id)));
const all = <T>(command: (member: Member) => Command) =>
  Promise.all(members.map((member) => member.tell<T>(command(member))));

const channel = `three members ${crypto.randomUUID()}`;
const locks = false;
await all(({ id }) => ({
  do: "join",
  id,
  members: MEMBERS,
  channel,
  sessionTtl: SESSION_TTL,
  locks,
}));

// All three at the same time, on the same keys.
const puts: Outcome[][] = [];
const claims: Outcome[][] = [];
for (let i = 0; i < 20; i++) {
  puts.push(await all(({ id }) => ({ do: "put", key: `put ${i}`, value: id })));
  claims.push(
    await all(({ id }) => ({ do: "claim", key: ["claim", i], value: id, bind: "nothing" })),
  );
}
const gets: Outcome[][] = [];
for (let i = 0; i < 20; i++) gets.push(await all(() => ({ do: "get", key: `put ${i}` })));
const keys = await all<unknown[]>(() => ({ do: "keys" }));

// A process that exits releases what it owns.
const [w1, w2, w3] = members;
await w2.tell({ do: "claim", key: "of a process", value: "w2", bind: "pid" });
const boundToProcess = await all<Outcome>(() => ({ do: "get", key: "of a process" }));
await w2.tell({ do: "exit" });
const afterExit = await all<Outcome>(() => ({ do: "get", key: "of a process" }));

// One thread is terminated while the others work.
await w3.tell({ do: "claim", key: "of w3", value: "w3", bind: "node" });
await w3.tell({ do: "claim", key: "of a process of w3", value: "w3", bind: "pid" });
const boundTo = await w1.tell<Outcome>({ do: "node", key: "of w3" });
const work = [w1, w2].map((member) => member.tell<Work>({ do: "work", prefix: member.id }));
await w1.tell({ do: "put", key: "they have begun", value: "w1" });
const asked = performance.now();
const remaining = await w3.tell<number>({ do: "remaining" });
w3.terminate();
const clock = new SteadyClock();
const end = clock.measure();
const terminated = clock.now;

const taken: Outcome[] = [];
const takenAfter: TakenAfter[] = [];
for (const key of ["of w3", "of a process of w3"]) {
  for (;;) {
    const claim = await w1.tell<Outcome>({ do: "claim", key, value: "w1", bind: "node" });
    if ((claim.value as { mine: boolean }).mine) {
      taken.push(await w2.tell({ do: "get", key }));
      takenAfter.push({ asked: performance.now() - asked, terminated: clock.now - terminated });
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
end();
await Promise.all([w1, w2].map((member) => member.tell({ do: "stop" })));
const worked = await Promise.all(work);
const unbound = await w2.tell<Outcome>({ do: "get", key: "put 0" });

await Promise.all([w1, w2].map((member) => member.tell({ do: "close" })));
for (const member of members) member.terminate();

/** Durations in milliseconds. */
interface TakenAfter {
  /** Since the third member was asked for the rest of its session. */
  readonly asked: number;
  /** Since its termination, without the time in which the process stood still. */
  readonly terminated: number;
}

/** The output of the program. */
export interface Report {
  readonly puts: Outcome[][];
  readonly gets: Outcome[][];
  readonly claims: Outcome[][];
  readonly keys: unknown[][];
  readonly boundToProcess: Outcome[];
  readonly afterExit: Outcome[];
  readonly boundTo: Outcome;
  readonly sessionTtl: number;
  /** The operations of the survivors, from the termination of the third until its session ended. */
  readonly worked: Work[];
  readonly taken: Outcome[];
  /** The rest of the third member's session shortly before its termination, in milliseconds. */
  readonly remaining: number;
  readonly takenAfter: TakenAfter[];
  readonly unbound: Outcome;
}

const report: Report = {
  puts,
  gets,
  claims,
  keys,
  boundToProcess,
  afterExit,
  boundTo,
  sessionTtl: SESSION_TTL,
  worked,
  taken,
  remaining,
  takenAfter,
  unbound,
};
console.log(JSON.stringify(report));
