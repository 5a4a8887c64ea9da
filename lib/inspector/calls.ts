import type { NodeParts } from "../cluster/wiring.ts";
import { askNode } from "../node/shell.ts";
import type { RegisterId } from "../paxos/register.ts";
import { isGuest } from "../paxos/sessions.ts";
import {
  type CallsUnderWay,
  decodeSingletonReply,
  encodeSingletonRequest,
  MAX_ASKED,
} from "../singletons/singleton_messages.ts";

/** Time for the hosts' answers, in milliseconds: a page does not wait longer for a host that is silent. */
const LONGEST_WAIT = 1_000;

/** An instance of a singleton, as its register names it. */
export interface NamedInstance {
  readonly register: RegisterId;
  /** The node that runs it. */
  readonly node: string;
  /** Its fencing token. */
  readonly token: number;
}

/** The calls under way at these instances, as far as their hosts tell: each host knows those of its own only. */
export async function callsUnderWay(
  parts: NodeParts,
  instances: readonly NamedInstance[],
): Promise<ReadonlyMap<RegisterId, CallsUnderWay>> {
  const byNode = new Map<string, NamedInstance[]>();
  for (const instance of instances) {
    const { node } = instance;
    // Guests run none.
    if (isGuest(node)) continue;
    const others = byNode.get(node);
    if (others === undefined) byNode.set(node, [instance]);
    else others.push(instance);
  }
  const found = new Map<RegisterId, CallsUnderWay>();
  await Promise.all(Array.from(byNode, async ([node, all]) => {
    for (let at = 0; at < all.length; at += MAX_ASKED) {
      const some = all.slice(at, at + MAX_ASKED);
      const told = await ask(parts, node, some.map(({ register }) => register));
      // A host that is silent now would be asked in vain for the others.
      if (told === null) return;
      for (const [index, { register, token }] of some.entries()) {
        const calls = told[index];
        // The host may run an earlier or a later instance than the one that is shown.
        if (calls?.token === token) found.set(register, calls);
      }
    }
  }));
  return found;
}

/** What one host tells of these instances, in their order; `null`: nothing in time. */
async function ask(
  { core, singletons }: NodeParts,
  node: string,
  registers: readonly RegisterId[],
): Promise<readonly (CallsUnderWay | null)[] | null> {
  if (node === core.self) return singletons.callsOf(registers);
  const body = encodeSingletonRequest({ type: "callsOf", registers });
  const limits = { deadline: core.runtime.now() + LONGEST_WAIT };
  // A node of an earlier version does not know the question, and is silent.
  return await askNode(core, node, body, limits, (told) => {
    const answer = decodeSingletonReply(told);
    if (answer.type === "calls" && answer.instances.length === registers.length) {
      return answer.instances;
    }
  }).catch(() => null);
}
