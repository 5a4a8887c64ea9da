/**
 * A program for every runtime: five threads, each a member of one cluster, hand over locks. It prints the
 * waiting times as one line of JSON, which its test evaluates.
 *
 * @module
 */
import { SteadyClock } from "../../support/steady_clock.ts";
import { Member } from "./member_thread.ts";

const MEMBERS = ["w1", "w2", "w3", "w4", "w5"];

/** Far longer than delays on a busy machine, to tell the end of a session from a release; milliseconds. */
const SESSION_TTL = 9000;

/** Repetitions of each measurement that can be repeated. */
const RUNS = 20;

/** The output of the program; all times in milliseconds. */
export interface Report {
  readonly sessionTtl: number;
  /** Durations of a read on one member, which takes one round trip. */
  readonly roundTrip: number[];
  /** Durations of a message from the program to a member, and its answer. */
  readonly telling: number[];
  /** From the command to the owner until the next owner reports that it has the lock. */
  readonly release: number[];
  readonly exit: number[];
  readonly close: number[];
  /** From the termination of the owner's thread. */
  readonly died: number;
  /** The rest of its session shortly before, and the time since it was asked for that. */
  readonly remaining: number;
  readonly diedAsked: number;
}

const members = await Promise.all(MEMBERS.map((id) => Member.start(id)));
const channel = `hand over ${crypto.randomUUID()}`;
await Promise.all(
  members.map((member) =>
    member.tell({
      do: "join",
      id: member.id,
      members: MEMBERS,
      channel,
      sessionTtl: SESSION_TTL,
      locks: false,
    })
  ),
);
const [first, next, another, closing, dying] = members;

let locks = 0;

/**
 * The time that `next` waits for a lock after its owner is told to let go of it. That in which the process stood still
 * does not count.
 */
async function measure(
  owner: Member,
  letGo: (key: string) => void,
  before = async () => {},
): Promise<number> {
  const key = `lock ${++locks}`;
  await owner.tell({ do: "lock", key });
  const waiting = next.tell({ do: "lock", key });
  // Until `next` is queued, and the owner has held the lock for long enough to watch it, or not.
  await Promise.all([
    another.tell({ do: "reads", count: 5 }),
    new Promise((resolve) => setTimeout(resolve, locks % 2 * 150)),
  ]);
  await before();
  const measured = new SteadyClock().measure();
  letGo(key);
  await waiting;
  return measured();
}

async function again(by: "release" | "exit"): Promise<number[]> {
  const took: number[] = [];
  while (took.length < RUNS) {
    took.push(await measure(first, (key) => void first.tell({ do: "unlock", key, by })));
  }
  return took;
}

const telling: number[] = [];
while (telling.length < RUNS) {
  const begun = performance.now();
  await next.tell({ do: "nothing" });
  telling.push(performance.now() - begun);
}
// Warms up the code.
await again("exit");
let asked = 0;
let remaining = 0;
const roundTrip = await next.tell<number[]>({ do: "reads", count: 10 * RUNS });
const report: Report = {
  sessionTtl: SESSION_TTL,
  telling,
  roundTrip: roundTrip.slice(-RUNS),
  release: await again("release"),
  exit: await again("exit"),
  close: [await measure(closing, () => void closing.tell({ do: "close" }))],
  died: await measure(dying, () => dying.terminate(), async () => {
    asked = performance.now();
    remaining = await dying.tell({ do: "remaining" });
  }),
  diedAsked: performance.now() - asked,
  remaining,
};
await Promise.all([first, next, another].map((member) => member.tell({ do: "close" })));
for (const member of members) member.terminate();
console.log(JSON.stringify(report));
