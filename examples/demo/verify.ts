import type { Attempt } from "./claims_log.ts";
import type { LineResult } from "./messages.ts";

/** What is to be judged. */
export interface Evidence {
  readonly members: readonly string[];
  /** What each worker noted, in all its lives: its attempts to claim a line, won and lost. */
  readonly attempts: readonly (readonly Attempt[])[];
  /** For each worker, what the cluster told it about each line in the end. */
  readonly results: readonly (readonly LineResult[])[];
  /** The right SHA-256 of each line. */
  readonly expected: readonly Uint8Array[];
}

/** A claim that a worker was given. */
type Grant = Attempt;

/**
 * Says what is wrong, in words; an empty list if nothing is. It goes by what every worker noted at
 * the time and what the cluster says in the end, and asks:
 *
 * 1. Is every line done, rightly, and do all workers read the very same bytes about it?
 * 2. Was each claim given to one worker only, and was everybody who lost it told the same owner?
 * 3. Did the token of a line grow with each claim?
 * 4. Did whoever published a result own the line at that time? It must have noted a claim with just
 *    the token of the result, and nobody else may have been given a later one by then.
 */
export function findDisagreements(evidence: Evidence): string[] {
  const grants = grantsOfLines(evidence);
  return [
    ...checkResults(evidence),
    ...checkOwners(evidence),
    ...[...grants.values()].flatMap(checkTokens),
    ...checkPublishers(evidence, grants),
  ];
}

/** For each line, the claims that workers were given, in the order of their tokens. */
function grantsOfLines({ attempts }: Evidence): Map<number, Grant[]> {
  const byToken = attempts.flat().filter(({ won }) => won).sort((a, b) => a.token - b.token);
  return Map.groupBy(byToken, ({ line }) => line);
}

function checkResults({ members, results, expected }: Evidence): string[] {
  const wrong: string[] = [];
  const views = results.map((view, self) => ({ view, reader: members[self] }));
  expected.forEach((sha256, line) => {
    const first = views[0].view[line];
    for (const { view, reader } of views) {
      const result = view[line];
      if (result === undefined) wrong.push(`line ${line}: ${reader} has no result`);
      else if (!sameBytes(result.sha256, sha256)) wrong.push(`line ${line}: wrong for ${reader}`);
      else if (result.by !== first?.by || result.token !== first.token) {
        wrong.push(`line ${line}: ${views[0].reader} and ${reader} read different results`);
      }
    }
  });
  return wrong;
}

function checkOwners({ members, attempts }: Evidence): string[] {
  const wrong: string[] = [];
  const owners = new Map<string, number>();
  for (const { line, token, owner } of attempts.flat()) {
    const claim = `line ${line}, token ${token}`;
    const other = owners.get(claim) ?? owner;
    owners.set(claim, other);
    if (other === owner) continue;
    wrong.push(`${claim}: claimed by both ${members[other]} and ${members[owner]}`);
  }
  return wrong;
}

/** `grants`: the claims of one line, in the order of their tokens. */
function checkTokens(grants: readonly Grant[]): string[] {
  const wrong: string[] = [];
  grants.forEach((later, index) => {
    // Two that overlap may come in either order; but what had ended came before what then began.
    for (const earlier of grants.slice(0, index)) {
      if (earlier.token < later.token && earlier.begun <= later.answered) continue;
      wrong.push(`line ${later.line}: token ${later.token} was not above all earlier ones`);
    }
  });
  return wrong;
}

function checkPublishers(
  { members, attempts, results }: Evidence,
  grants: Map<number, Grant[]>,
): string[] {
  const wrong: string[] = [];
  results[0].forEach(({ by, token }, line) => {
    const claim = attempts[members.indexOf(by)]?.find((attempt) =>
      attempt.line === line && attempt.token === token && attempt.won
    );
    if (claim === undefined || claim.publishing < claim.answered) {
      wrong.push(`line ${line}: ${by} published a result without a claim`);
      return;
    }
    // The result may have arrived later than this, when the claim of a worker that was terminated
    // just then was free again: so it counts when it was sent, not when it could be read.
    for (const other of grants.get(line) ?? []) {
      if (other.token <= token || other.answered > claim.publishing) continue;
      wrong.push(`line ${line}: ${by} published a result when ${members[other.owner]} owned it`);
    }
  });
  return wrong;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
