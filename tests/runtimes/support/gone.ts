/**
 * A program for every runtime: threads whose nodes own a lock are terminated, and the next owner waits for it;
 * beside it the same with the platform's own locks. It prints the waiting times as one line of JSON.
 *
 * @module
 */
import process from "node:process";
import { SteadyClock } from "../../support/steady_clock.ts";
import { Member } from "./member_thread.ts";

const MEMBERS = ["w1", "w2", "w3"];

/** The output of the program; times in milliseconds, from the termination of the owner's thread. */
export interface Gone {
  /** Until the next owner reports that it has the lock of the cluster, without standstills of the process. */
  readonly cluster: number[];
  /** The rest of each owner's session shortly before, and the time since it was asked for that. */
  readonly remaining: number[];
  readonly asked: number[];
  /** Until the next owner reports that it has the platform's lock; `null`: not within the limit. */
  readonly platform: (number | null)[];
  /** Whether the platform has locks at all. */
  readonly hasLocks: boolean;
  /** Whether an owner whose thread was blocked for longer than all these times lost its lock. */
  readonly blockedLost: boolean;
}

/** The longest wait for a lock of the platform, in milliseconds. */
const LIMIT = 500;

/** Time for which the thread of a living owner is blocked, in milliseconds. */
const BLOCKED = 1_000;

const [kind = "client", rounds = "3"] = process.argv.slice(2);
const channel = `gone ${crypto.randomUUID()}`;

async function start(id: string): Promise<Member> {
  const member = await Member.start(id);
  await member.tell({ do: "join", id, members: MEMBERS, channel, clients: true });
  return member;
}

const members = await Promise.all(MEMBERS.map(start));
const [next] = members;
const cluster: number[] = [];
const remaining: number[] = [];
const asked: number[] = [];
const platform: (number | null)[] = [];
let hasLocks = false;
let spare = kind === "client" ? start("c0") : Promise.resolve(members[2]);

for (let round = 0; round < Number(rounds); round++) {
  const owner = await spare;
  const key = `lock ${round}`;
  await owner.tell({ do: "lock", key });
  hasLocks = await owner.tell<boolean>({ do: "webLock", name: key });
  // Until the lock of its life is certainly known to all, and the next owner is queued.
  await new Promise((resolve) => setTimeout(resolve, 100));
  let begun = 0;
  const took = () => performance.now() - begun;
  const clock = new SteadyClock();
  let measured = () => 0;
  const waiting = next.tell({ do: "lock", key }).then(() => measured());
  const other = hasLocks ? next.tell({ do: "webLock", name: key }).then(took) : null;
  await members[1].tell({ do: "reads", count: 20 });
  const before = performance.now();
  remaining.push(await owner.tell({ do: "remaining" }));
  begun = performance.now();
  measured = clock.measure();
  owner.terminate();
  const limit = new Promise<null>((resolve) => setTimeout(() => resolve(null), LIMIT));
  const both = await Promise.all([waiting, other === null ? null : Promise.race([other, limit])]);
  cluster.push(both[0]);
  asked.push(performance.now() - before);
  platform.push(both[1]);
  spare = start(kind === "client" ? `c${round + 1}` : "w3");
}

const blocked = await spare;
await blocked.tell({ do: "lock", key: "blocked" });
const blocking = blocked.tell({ do: "block", time: BLOCKED });
let blockedLost = false;
const stolen = next.tell({ do: "lock", key: "blocked" }).then(() => blockedLost = true);
await blocking;
const report: Gone = { cluster, remaining, asked, platform, hasLocks, blockedLost };
await blocked.tell({ do: "unlock", key: "blocked", by: "release" });
await stolen;
console.log(JSON.stringify(report));
await Promise.all(members.slice(0, 2).map((member) => member.tell({ do: "close" })));
for (const member of [...members, blocked]) member.terminate();
process.exit(0);
