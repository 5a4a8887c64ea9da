import { majority, Tally } from "../../paxos/quorum.ts";
import type { SessionId } from "../../paxos/register.ts";
import type { Engine } from "../engine/engine.ts";
import type { Pacing } from "../runtime/pacing.ts";
import { poll } from "./poll.ts";

/** The outcome of one renewal of a guest's session. */
export type Renewed = "renewed" | "refused";

/**
 * Share of the time to live for which members are asked for one renewal: then the guest asks again. A renewal that
 * reaches a member later would only make the session of a lost guest look alive.
 */
const ASKED_SHARE = 1 / 6;

/**
 * Asks a quorum for one renewal of a guest's session: again for each request of the guest, since its deadline counts
 * from when it asked. Rejects with `no_quorum` after its time to live: then the answer would be worth nothing.
 */
export async function renewGuest(
  engine: Engine,
  pacing: Pacing,
  session: SessionId,
  ttl: number,
  renewal: number,
): Promise<Renewed> {
  const { runtime } = engine;
  const lastAsked = runtime.now() + ttl * ASKED_SHARE;
  const limits = { deadline: runtime.now() + ttl };
  return await poll<Renewed>(engine, pacing, limits, (members) => {
    const granted = new Tally<true>(members);
    const refusals = new Set<string>();
    return {
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
      missing: () => runtime.now() < lastAsked ? granted.missing() : [],
      // After a start, members grant no session for as long as one may last.
      mayBeHeldBack: true,
    };
  });
}
