import { lockOf } from "../../lib/locks/lock_value.ts";
import type { Life } from "../../lib/paxos/ballot.ts";
import type { LockEntry } from "../../lib/paxos/lock_register.ts";
import type { SessionId, State } from "../../lib/paxos/register.ts";
import { parseSession } from "../../lib/paxos/sessions.ts";
import { lockFaults, nameOf, showLock } from "./lock_links.ts";

/** A chosen state of a lock. */
export interface LockStep {
  readonly state: State;
  /** The place of its decision in the order of all decisions and endings. */
  readonly decided: number;
  /** The ballot at which it was chosen, for reports. */
  readonly at: string;
}

/** A decided state of a lock. */
export interface WrittenStep {
  readonly state: State;
  /** The life of its proposer. */
  readonly writer: Life;
  /** The place of its decision in the order of all decisions and endings. */
  readonly decided: number;
}

/**
 * The faults in the chosen states of a lock, in their order. `written` are all decided states with their
 * writers; `sessions` tells when each session was first seen to have ended. `isLeaving`: whether a guest has asked
 * for the end of the request of this name, which some member then writes.
 */
export function lockChainFaults(
  steps: readonly LockStep[],
  written: readonly WrittenStep[],
  sessions: ReadonlyMap<SessionId, number | null>,
  steals: boolean,
  isLeaving: (request: string) => boolean = () => false,
): string[] {
  const faults: string[] = [];
  const gone = new Set<string>();
  for (let i = 1; i < steps.length; i++) {
    const [{ state, at: from }, { state: next, at: to, decided }] = [steps[i - 1], steps[i]];
    if (next.token === state.token) continue; // the same state again, with a new ballot
    const tokens = [state.token, next.token] as const;
    const writers = written
      .filter(({ state }) => state.token > tokens[0] && state.token <= tokens[1])
      .map(({ writer }) => writer);
    const mayLeave = (entry: LockEntry) => {
      const { session } = entry.pid;
      const ended = sessions.get(session) ?? null;
      if (ended !== null && ended <= decided) return true;
      return isLeaving(nameOf(entry)) || writers.includes(parseSession(session).life);
    };
    const [before, after] = [lockOf(state), lockOf(next)];
    const direct = next.present && next.over === state.token;
    const between = written.filter(({ state }) =>
      state.token >= tokens[0] && state.token < tokens[1]
    );
    const wasRobbed = (entry: LockEntry) =>
      isRobbed(entry, between, sessions.get(entry.pid.session) ?? null);
    const link = { before, after, tokens, direct, gone, mayLeave, steals, wasRobbed };
    for (const fault of lockFaults(link)) {
      faults.push(`${fault}: ${from} ${showLock(before)} to ${to} ${showLock(after)}`);
    }
    // A holder that lost the lock to a theft before it knew of its grant requests it again.
    const known = steals ? (direct ? before.queue : []) : [...before.holders, ...before.queue];
    const left = new Set([...after.holders, ...after.queue].map(nameOf));
    for (const entry of known) if (!left.has(nameOf(entry))) gone.add(nameOf(entry));
  }
  return faults;
}

/**
 * Whether a theft from this holder was written: by another node, over a state with it, before the `end` of its session.
 * Its own node would have released it, and after that end any node may drop it.
 */
function isRobbed(entry: LockEntry, written: readonly WrittenStep[], end: number | null): boolean {
  const holds = (state: State) =>
    lockOf(state).holders.some((one) => nameOf(one) === nameOf(entry));
  const { life } = parseSession(entry.pid.session);
  return written.some(({ state, writer, decided }) =>
    state.present && writer !== life && !holds(state) && (end === null || decided < end) &&
    written.some((replaced) => replaced.state.token === state.over && holds(replaced.state))
  );
}
