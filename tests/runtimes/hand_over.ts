/**
 * A program for every runtime: five threads, each a member of one cluster, pass on locks. Prints how long the
 * next one waited, as one line of JSON, for the test beside it to judge.
 *
 * @module
 */
import { Member } from "./member_thread.ts";

const MEMBERS = ["w1", "w2", "w3", "w4", "w5"];

/** Long beside whatever a busy machine may add, so that the end of a session is not mixed up with a release. */
const SESSION_TTL = 3000;

/** So often each is done, where it can be done again. */
const RUNS = 20;

/** What the program prints; all times in milliseconds. */
export interface Report {
  readonly sessionTtl: number;
  /** Of a read of one member, which takes one round trip. */
  readonly roundTrip: number[];
  /** For a member to be told something by the program, and to answer. */
  readonly telling: number[];
  /** From the moment at which the owner is told, until the next one says that it has the lock. */
  readonly release: number[];
  readonly exit: number[];
  readonly close: number[];
  /** From the moment at which the owner's thread was ended. */
  readonly died: number[];
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
    })
  ),
);
const [first, next, another, closing, dying] = members;

let locks = 0;

/** How long `next` waits for a lock once its owner lets go of it. */
async function measure(owner: Member, letGo: (key: string) => void): Promise<number> {
  const key = `lock ${++locks}`;
  await owner.tell({ do: "lock", key });
  const waiting = next.tell({ do: "lock", key });
  // Until it is in the queue, and the owner has held the lock for long enough to watch it or not.
  await Promise.all([
    another.tell({ do: "reads", count: 5 }),
    new Promise((resolve) => setTimeout(resolve, locks % 2 * 150)),
  ]);
  const begun = performance.now();
  letGo(key);
  await waiting;
  return performance.now() - begun;
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
// Until the code is hot.
await again("exit");
const roundTrip = await next.tell<number[]>({ do: "reads", count: 10 * RUNS });
const report: Report = {
  sessionTtl: SESSION_TTL,
  telling,
  roundTrip: roundTrip.slice(-RUNS),
  release: await again("release"),
  exit: await again("exit"),
  close: [await measure(closing, () => void closing.tell({ do: "close" }))],
  died: [await measure(dying, () => dying.terminate())],
};
await Promise.all([first, next, another].map((member) => member.tell({ do: "close" })));
for (const member of members) member.terminate();
console.log(JSON.stringify(report));
