import { encodeValue, registerId } from "../../../lib/codec.ts";
import { partsOf } from "../../../lib/cluster/cluster_node.ts";
import { encodeLock, sessionsOf } from "../../../lib/locks/lock_value.ts";
import type { RegisterId, State } from "../../../lib/paxos/register.ts";
import type { ClusterNode } from "../../../mod.ts";

/** Has the one member of a cluster accept keys, in the bucket `many`, and locks: much faster than by operations. */
export function fill(node: ClusterNode, { keys, locks }: { keys: number; locks: number }): void {
  const { engine, core } = partsOf(node);
  const { acceptor } = engine.voter!;
  const session = core.session.current;
  const accept = (
    register: RegisterId,
    draft: Omit<Extract<State, { present: true }>, "token" | "over" | "op" | "present">,
  ) => {
    const ballot = { counter: core.clock.next(), life: node.life };
    const op = core.nextOperation();
    const state = { present: true, token: ballot.counter, over: 0, op, ...draft } as const;
    const request = {
      type: "accept",
      register,
      ballot,
      state,
      next: false,
      fallback: null,
    } as const;
    acceptor.handle(request, { node: node.id, life: node.life, votes: true }, 0);
  };
  for (let i = 0; i < keys; i++) {
    const value = encodeValue({ number: i, html: "<b>not bold</b>" }, 1_000);
    accept(registerId("k", "many", `key/${i}`), { value, bindings: [], owners: [] });
  }
  for (let i = 0; i < locks; i++) {
    const pid = { node: node.id, session, seq: i + 1 };
    const held = {
      pid,
      request: 1e6 + i,
      mode: "exclusive",
      token: 1,
      since: 1_800_000_000_000,
    } as const;
    const lock = {
      holders: [{ ...held, label: `<u>task ${i}</u>` }],
      queue: [],
      term: 1,
      left: [],
    };
    const value = encodeLock(lock);
    accept(registerId("l", undefined, `lock/${i}`), {
      value,
      bindings: [],
      owners: sessionsOf(lock),
    });
  }
}
