import type { Life } from "../../lib/paxos/ballot.ts";
import type { Header } from "../../lib/paxos/messages.ts";
import type { Place } from "../../lib/paxos/place.ts";

/** The header of the frames of a node in `place`; time stands still. */
export function headerOf(life: Life, genesis: string, place: Place): Header {
  const { configuration: { epoch, settled }, incarnation, incarnations } = place;
  const mark = settled ? { epoch } : { epoch, unsettled: true as const };
  return { life, clock: 0, genesis, ...mark, incarnation, vector: incarnations.entries };
}
