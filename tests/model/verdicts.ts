import { isChosenState, judge, type Proposal, proposalOf, show, type Verdict } from "./choices.ts";
import type { Layout } from "./layout.ts";
import type { Message } from "./messages.ts";
import type { Parts } from "./parts.ts";
import { Violation } from "./past.ts";

/** Judges rows by all proposals and votes so far; rows that agree in these are judged once. */
export class Verdicts {
  readonly #layout: Layout;
  readonly #parts: Parts;
  /** What was proposed before the beginning. */
  readonly #first: readonly Proposal[];
  readonly #verdicts = new Map<string, Verdict>();

  /** For rows of `layout`, with the meanings in `parts`. */
  constructor(layout: Layout, parts: Parts, first: readonly Proposal[]) {
    this.#layout = layout;
    this.#parts = parts;
    this.#first = first;
  }

  /** Checks that a state that a client takes for chosen is chosen. */
  checkChosen(row: Uint32Array, { state, ballot }: Proposal): void {
    const verdict = this.judge(row);
    const isChosen = verdict.chosen.some((other) => isChosenState(other, ballot, state));
    if (!isChosen) throw new Violation(`${show(state)} is taken for chosen, but is not`);
  }

  /** Finds the chosen states of `row`; throws `Violation` if they are inconsistent. */
  judge(row: Uint32Array): Verdict & { ok: true } {
    const { outboxes, messages } = this.#parts;
    const layout = this.#layout;
    let key = "";
    for (let process = 0; process < layout.processes; process++) {
      key += `${outboxes.get(row[layout.outbox(process)]).votesId} `;
    }
    for (let client = 0; client < layout.clients; client++) key += `${row[layout.sent(client)]} `;
    let verdict = this.#verdicts.get(key);
    if (verdict === undefined) {
      const proposals = [...this.#first];
      for (let client = 0; client < layout.clients; client++) {
        for (const number of outboxes.get(row[layout.sent(client)]).asks) {
          const { request } = messages.value(number) as Message & { kind: "ask" };
          const proposal = proposalOf(request);
          if (proposal !== null) proposals.push(proposal);
        }
      }
      const votes = [];
      for (let process = 0; process < layout.processes; process++) {
        for (const number of outboxes.get(row[layout.outbox(process)]).votes) {
          const vote = messages.value(number) as Message & { kind: "vote" };
          votes.push({ ...vote, member: layout.memberOf(process) });
        }
      }
      verdict = judge(proposals, votes, layout.members);
      this.#verdicts.set(key, verdict);
    }
    if (!verdict.ok) throw new Violation(verdict.why);
    return verdict;
  }
}
