import type { Life } from "./ballot.ts";
import { type Configuration, type EpochMark, isNewer } from "./configuration.ts";

/**
 * What a node is under a configuration. `votes`: a member with its memory. `recovers`: a member without it. `joins`: it
 * copies what the members know. `helps`: it was removed, and keeps its memory for members that recover meanwhile.
 * `replaced`: its memory is from before the admission that the configuration names. `outside`: none of these.
 */
export type Standing = "votes" | "recovers" | "joins" | "helps" | "replaced" | "outside";

/**
 * What the node `self` is under a configuration, as it lives in `life`. `incarnation` is the life that its memory began
 * with; `null`: it has none.
 */
export function standingIn(
  configuration: Configuration,
  self: string,
  life: Life,
  incarnation: Life | null,
): Standing {
  const { members, joining, leaving, settled } = configuration;
  const member = members.find(({ id }) => id === self);
  if (member !== undefined) {
    if (incarnation === null) return "recovers";
    return incarnation < member.life ? "replaced" : "votes";
  }
  if (joining?.id === self && joining.life === life) return "joins";
  if (leaving?.id === self && incarnation !== null && !settled) return "helps";
  return "outside";
}

/**
 * What to do with a request of a sender with this mark. `serve`: both know the same epoch. `tell`: the sender is behind,
 * and gets this node's configuration instead of an answer. `ask`: this node is behind, and asks for the sender's.
 */
export function judgeEpoch(
  { epoch }: Configuration,
  mark: EpochMark,
): "serve" | "tell" | "ask" {
  if (mark.epoch === epoch) return "serve";
  return mark.epoch < epoch ? "tell" : "ask";
}

/** The newest configuration that a node knows to be chosen: it never goes back. */
export class KnownConfiguration {
  #configuration: Configuration;

  /** Begins with this one. */
  constructor(configuration: Configuration) {
    this.#configuration = configuration;
  }

  /** The newest one. */
  get latest(): Configuration {
    return this.#configuration;
  }

  /** Learns of a chosen configuration; returns whether it is newer. */
  learn(configuration: Configuration): boolean {
    if (!isNewer(configuration, this.#configuration)) return false;
    this.#configuration = configuration;
    return true;
  }

  /** Learns from a header of the same epoch; returns whether that shows that the configuration is settled. */
  hear({ epoch, unsettled }: EpochMark): boolean {
    const { epoch: own, settled, joining } = this.#configuration;
    if (epoch !== own || unsettled === true || settled || joining !== null) return false;
    this.#configuration = { ...this.#configuration, leaving: null, settled: true };
    return true;
  }
}
