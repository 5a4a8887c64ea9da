import type { Core } from "../node/core.ts";
import { poll } from "../node/quorum/poll.ts";
import { majority, Tally } from "../paxos/quorum.ts";
import type { SessionId } from "../paxos/register.ts";

/** The outcome of one renewal of a guest's session. */
export type Renewed = "renewed" | "refused";

/**
 * Asks a quorum for one renewal of a guest's session: again for each request of the guest, since its deadline counts
 * from when it asked. Rejects with `no_quorum` after its time to live: then the answer would be worth nothing.
 */
export async function renew(
  { engine, pacing }: Core,
  session: SessionId,
  ttl: number,
  renewal: number,
): Promise<Renewed> {
  const { members, runtime } = engine;
  const granted = new Tally<true>(members);
  const refusals = new Set<string>();
  return await poll<Renewed>(engine, pacing, {
    deadline: runtime.now() + ttl,
    request: { type: "renew", session, ttl, renewal, wall: runtime.wallNow(), hosts: [] },
    receive: (sender, reply) => {
      if (reply.type === "refused" && reply.session === session) {
        refusals.add(sender.member);
        const spare = members.length - majority(members.length);
        return refusals.size > spare ? "refused" : undefined;
      }
      if (reply.type !== "renewed" || reply.session !== session) return undefined;
      return reply.renewal === renewal && granted.add(sender, true) ? "renewed" : undefined;
    },
    missing: () => granted.missing(),
  });
}
