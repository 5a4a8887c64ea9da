import type { Attempt } from "./claims_log.ts";
import type { LineResult } from "./messages.ts";

/** The input of {@linkcode findDisagreements}. */
export interface Evidence {
  readonly members: readonly string[];
  /** The attempts that each worker recorded in all its lives, won and lost. */
  readonly attempts: readonly (readonly Attempt[])[];
  /** The results that each worker read from the cluster at the end, by line. */
  readonly results: readonly (readonly LineResult[])[];
  /** The correct SHA-256 of each line. */
  readonly expected: readonly Uint8Array[];
}

/** A claim that a worker won. */
type Grant = Attempt;

/**
 * Checks the records of the workers and the final state of the cluster. Returns a description of each
 * disagreement:
 *
 * 1. Every line has a correct result, and all workers read the same bytes for it.
 * 2. Each claim was given to one worker only, and every worker that lost it learned of the same owner.
 * 3. The token of a line grew with each claim.
 * 4. The publisher of a result owned the line at that time. It must have recorded a claim with the
 *    token of the result, and no other worker may have won a later claim before that.
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

/** For each line, the claims that workers won, in the order of their tokens. */
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
    // Overlapping claims may come in either order; one that ended before the other began must be first.
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
    // The time of sending counts, not that of arrival: the result of a worker that was terminated just
    // after sending it may arrive when its claim is free again.
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
