import type { Life } from "./ballot.ts";
import type { ConfigurationReply, ConfigurationRequest } from "./configuration_messages.ts";
import type { Header } from "./messages.ts";
import type { Place } from "./place.ts";

/**
 * Answers a request about a change of the members; `undefined`: no answer. The configuration in a `configure` was learned
 * before. `changeLife`: the node has to take a life above the one that the request names, and then answers again.
 */
export function answerChange(
  place: Place,
  life: Life,
  header: Pick<Header, "epoch" | "unsettled">,
  request: ConfigurationRequest,
): ConfigurationReply | "changeLife" | undefined {
  if (request.type === "configure") {
    // The sender of an older one counts no member that follows another, and would ask for ever.
    if (place.judge(header) === "tell") return { type: "newerConfiguration", ...place.news };
    return { type: "configured", copied: place.hasCopied };
  }
  if (request.type === "stand") {
    // Only a node without a memory may be added: what it knew of an earlier time would count as a vote.
    if (place.standing !== "outside") return undefined;
    return life > request.above ? { type: "standing" } : "changeLife";
  }
  switch (place.judge(header)) {
    case "tell":
      return { type: "newerConfiguration", ...place.news };
    case "ask":
      return { type: "unknownEpoch" };
  }
  const { voter } = place;
  if (voter === null) return undefined;
  switch (request.type) {
    case "incarnationOf":
      return { type: "known", incarnation: place.incarnations.of(request.node) };
    case "inventory": {
      const { registers, more } = voter.acceptor.inventory(request.after);
      // The floor is read last: a register that is dropped meanwhile shows in it.
      return { type: "inventoried", registers, floor: more ? null : voter.acceptor.floor };
    }
    case "raiseFloor":
      voter.acceptor.raiseFloor(request.floor);
      return { type: "raised" };
  }
}
