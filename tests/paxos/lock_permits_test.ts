// Runs in Deno alone: pure.
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  applyCommand,
  FREE,
  type LockCommand,
  type LockEntry,
  type LockValue,
} from "../../lib/paxos/lock_register.ts";

/** The kinds of requests: a number is that of permits. */
const KINDS = ["exclusive", "shared", 1, 2, 3] as const;

type Kind = typeof KINDS[number];

/** A lock, and what its sessions have done: not asked, asked, or gone. */
interface Step {
  readonly lock: LockValue;
  readonly asked: readonly Kind[];
  readonly gone: readonly number[];
}

const SESSIONS = ["a", "b", "c", "d"];

function entryOf(session: number, kind: Kind): LockEntry {
  const name = SESSIONS[session];
  const plain = { pid: { node: name, session: name, seq: 1 }, request: 1, token: 0 };
  if (typeof kind === "string") return { ...plain, mode: kind };
  return { ...plain, mode: "shared", permits: kind };
}

const kindOf = ({ mode, permits }: LockEntry): Kind => (permits ?? mode) as Kind;

/** Whether this request may be the next owner beside these. */
function fits(holders: readonly LockEntry[], entry: LockEntry): boolean {
  if (holders.length === 0) return true;
  const kind = kindOf(entry);
  if (kind === "exclusive") return false;
  if (kind === "shared") return holders.every((holder) => kindOf(holder) === "shared");
  return holders.length < kind && holders.every((holder) => typeof kindOf(holder) === "number");
}

/** Checks a step: who became an owner did so in order and fitted; who waits at the head does not fit. */
function check(before: LockValue, after: LockValue, sessionOf: (entry: LockEntry) => string): void {
  const was = new Set(before.holders.map(sessionOf));
  const stayed = after.holders.filter((entry) => was.has(sessionOf(entry)));
  const granted = after.holders.filter((entry) => !was.has(sessionOf(entry)));
  const owners = [...stayed];
  for (const entry of granted) {
    assert(fits(owners, entry), "it was granted beside owners that exclude it");
    owners.push(entry);
  }
  assertEquals(new Set(granted.map(({ token }) => token)).size <= 1, true);
  const [head] = after.queue;
  assert(head === undefined || !fits(after.holders, head), "the head of the queue could have it");
  // First come, first served: those of the queue that were granted were all before those that still wait.
  const places = before.queue.map(sessionOf);
  const waits = after.queue.map(sessionOf).map((name) => places.indexOf(name)).filter((at) =>
    at >= 0
  );
  for (const entry of granted) {
    const place = places.indexOf(sessionOf(entry));
    const passed = waits.filter((at) => place < 0 || at < place);
    assertEquals(passed, [], "a later request has passed an earlier one");
  }
}

describe("applyCommand() with all kinds of requests (section 9)", () => {
  it("grants in order, what fits and nothing else, in every history of four sessions", () => {
    const sessionOf = ({ pid }: LockEntry) => pid.session;
    let steps: Step[] = [{ lock: FREE, asked: [], gone: [] }];
    const known = new Set<string>();
    let token = 0;
    while (steps.length > 0) {
      token++;
      const next: Step[] = [];
      const go = (from: Step, command: LockCommand, to: Omit<Step, "lock">, ended = "") => {
        const { value } = applyCommand(from.lock, command, token, (session) => session === ended);
        check(from.lock, value, sessionOf);
        const text = JSON.stringify([
          ...[value.holders.map(sessionOf), value.queue.map(sessionOf), to.asked, to.gone],
        ]);
        if (known.has(text)) return;
        known.add(text);
        next.push({ lock: value, ...to });
      };
      for (const step of steps) {
        const { asked, gone } = step;
        const session = asked.length;
        if (session < SESSIONS.length) {
          for (const kind of KINDS) {
            const entry = entryOf(session, kind);
            const command = { type: "request", entry, steal: false, sent: false } as const;
            const to = { asked: [...asked, kind], gone };
            go(step, { ...command, ifAvailable: false }, to);
          }
        }
        for (let other = 0; other < session; other++) {
          if (gone.includes(other)) continue;
          const to = { asked, gone: [...gone, other].sort() };
          const name = SESSIONS[other];
          go(step, { type: "release", session: name, request: 1 }, to);
          go(step, { type: "tidy" }, to, name);
        }
      }
      steps = next;
    }
    // All that any session asks for, and every order of who leaves.
    assertEquals(known.size, 11_110);
  });
});
