import { encodeValue } from "../../../lib/codec.ts";
import { Puts } from "../../../lib/kv/puts.ts";
import { ProcessTable } from "../../../lib/owners/process_table.ts";
import type { Binding } from "../../../lib/paxos/register.ts";
import { acceptRequest } from "../../support/accept_request.ts";
import { KEY, life, ScriptedNode, type ScriptOptions } from "../../support/scripted_node.ts";
import type { PutOutcome } from "../../../lib/kv/store.ts";
import type { Owner } from "../../../lib/owners/owner.ts";

/** The value of each put. */
export const VALUE = encodeValue("x", 100);

/** A node that puts values, and one of its processes. */
export class ScriptedPuts {
  readonly node: ScriptedNode;
  readonly table: ProcessTable;
  readonly puts: Puts;
  readonly owner: Owner;
  #operations = 0;

  private constructor(node: ScriptedNode) {
    this.node = node;
    this.table = new ProcessTable(node.core);
    this.puts = new Puts(node.core, this.table);
    this.owner = this.table.add();
  }

  static async start(options: ScriptOptions = {}): Promise<ScriptedPuts> {
    // Without a way to the members, nothing begins with a fast round.
    return new ScriptedPuts(await ScriptedNode.start({ way: () => "none", ...options }));
  }

  /** Puts a value with these bindings; `outcome` is its result, once that is known. */
  put(bindings: readonly Binding[], timeout = Infinity): { outcome: string } {
    const op = `${life(9)}/${++this.#operations}`;
    const deadline = this.node.time.runtime.now() + timeout;
    const put = { op, register: KEY, value: VALUE, bindings };
    const result = { outcome: "pending" };
    this.puts.run(put, { deadline }, () => {}).then(
      (outcome) => result.outcome = show(outcome),
      (error) => result.outcome = error.code ?? error.message,
    );
    return result;
  }

  /** Bound to the process. */
  get pid(): Binding {
    return { kind: "pid", pid: this.owner.pid };
  }

  /** The process exits, and releases what it owns. */
  exit(): { released: boolean } {
    const state = { released: false };
    this.table.end(this.owner);
    this.table.release(this.owner).then(() => state.released = true);
    return state;
  }

  /** Has these members promise this ballot, so that they refuse lower ones. */
  promise(counter: number, ...members: string[]): void {
    for (const member of members) {
      const ballot = { counter, life: life("r") };
      const request = { id: 0, type: "prepare", register: KEY, ballot } as const;
      this.node.voter(member).handle(request, { node: "r", life: life("r") }, 0);
    }
  }

  /** These members accept its release at this ballot, over any state. */
  seal(counter: number, ...members: string[]): void {
    for (const member of members) {
      const ballot = { counter, life: life("r") };
      const state = { present: false, token: counter } as const;
      const accept = acceptRequest(KEY, ballot, state);
      this.node.voter(member).handle(accept, { node: "r", life: life("r") }, 0);
    }
  }

  /** The states that the node asks `member` to accept from now on. */
  accepts(member: string): string[] {
    return this.node.trace.filter((line) => line.startsWith(`${member}< accept`));
  }
}

function show(outcome: PutOutcome): string {
  return outcome.kind === "agreed" ? `${outcome.mine ? "mine" : "theirs"}` : outcome.kind;
}
