import type { Life } from "./ballot.ts";
import type { Configuration, EpochMark } from "./configuration.ts";
import { type ConfigurationNews, Incarnations, type KnownIncarnations } from "./incarnations.ts";
import { assertInvariant } from "./invariant.ts";
import type { Helper } from "./recovery.ts";
import { judgeEpoch, KnownConfiguration, type Standing, standingIn } from "./standing.ts";
import type { Voter } from "./voter.ts";

/** What a node has to do because of a configuration, or of what it has heard. */
export type PlaceEvent =
  /** It is a member without its memory: it recovers under the configuration, from the beginning. */
  | "recover"
  /** It copies what the members know, from the beginning, to be admitted. */
  | "join"
  /** It is no member any more: its memory is dropped, and it needs a new life to be added again. */
  | "retired"
  /** Another process has its place, or had it since: it closes. */
  | "replaced";

/**
 * The place of a node in its cluster: the newest configuration that it knows, the incarnations that it has heard of, and
 * its memory. It says what the node may answer.
 */
export class Place {
  readonly #self: string;
  readonly #known: KnownConfiguration;
  /** The incarnations that it has heard of. */
  readonly incarnations: Incarnations = new Incarnations();
  #life: Life;
  /** Its memory, if it has one. A node that joins has copied it, and does not vote with it yet. */
  #memory: Voter | null = null;
  #standing: Standing;

  /**
   * The place of `self`, which lives in `life` and has no memory, under a configuration. `incarnations` came with that;
   * with the configuration of a genesis there are none.
   */
  constructor(
    self: string,
    life: Life,
    configuration: Configuration,
    incarnations: KnownIncarnations = [],
  ) {
    this.#self = self;
    this.#life = life;
    this.#known = new KnownConfiguration(configuration);
    this.incarnations.follow(configuration, incarnations);
    this.#standing = standingIn(configuration, self, life, null);
  }

  /** The newest configuration that it knows. */
  get configuration(): Configuration {
    return this.#known.latest;
  }

  /** What goes to a node that may not know its configuration. */
  get news(): ConfigurationNews {
    return { configuration: this.configuration, incarnations: this.incarnations.all };
  }

  /** What it is under that. */
  get standing(): Standing {
    return this.#standing;
  }

  /** The life that its memory began with, which replies carry; `null` while its answers do not count. */
  get incarnation(): Life | null {
    const counts = this.#standing === "votes" || this.#standing === "helps";
    return counts ? this.#memory?.incarnation ?? null : null;
  }

  /** Its vote; `null` unless it is a member with its memory. */
  get voter(): Voter | null {
    return this.#standing === "votes" ? this.#memory : null;
  }

  /** Whether it joins, and has copied its memory. */
  get hasCopied(): boolean {
    return this.#standing === "joins" && this.#memory !== null;
  }

  /** Takes a new life, without a memory. */
  changeLife(life: Life): void {
    this.#life = life;
    this.#memory = null;
    this.#stand();
  }

  /** Its memory is complete, under the present configuration, and it knows of the crashes that the copies tell of. */
  remember(memory: Voter, known: KnownIncarnations): PlaceEvent | undefined {
    assertInvariant(
      this.#standing === "recovers" || this.#standing === "joins",
      "only a node without a memory gets one",
    );
    memory.follow(this.configuration);
    this.#memory = memory;
    this.incarnations.raiseAll(known);
    this.incarnations.raise(this.#self, memory.incarnation);
    this.#stand();
    return this.#ifReplaced();
  }

  /**
   * Learns of a chosen configuration, with the incarnations that its teller has heard of; returns what to do. Members of
   * a later list need not know of a recovery that enough members of an earlier one have noted. The quorum that chose
   * the later list knows of it. So everybody does who knows that list, if each tells what it has heard.
   */
  learn(configuration: Configuration, incarnations: KnownIncarnations): PlaceEvent | undefined {
    if (this.#known.learn(configuration)) return this.#follow(incarnations);
    this.incarnations.raiseAll(incarnations);
    return this.#ifReplaced();
  }

  /** Learns from the header of a member's frame, which came directly. */
  hear(
    from: string,
    header: EpochMark & { readonly incarnation: Life | null; readonly vector: readonly Life[] },
  ): PlaceEvent | undefined {
    // The vector of another epoch has another order.
    if (header.epoch !== this.configuration.epoch) return undefined;
    this.incarnations.merge(header.vector);
    if (header.incarnation !== null) this.incarnations.raise(from, header.incarnation);
    const event = this.#known.hear(header) ? this.#follow() : undefined;
    return event ?? this.#ifReplaced();
  }

  /** What to do with a request of a sender with this mark; see {@linkcode judgeEpoch}. */
  judge(mark: EpochMark): "serve" | "tell" | "ask" {
    return judgeEpoch(this.configuration, mark);
  }

  /** What it needs to help a member to recover, or a node to join; `null`: it cannot help. */
  get helper(): Helper | null {
    const { configuration, incarnations } = this;
    const standing = this.#standing;
    if (standing === "joins") return { voter: null, configuration, incarnations };
    if (standing !== "votes" && standing !== "helps") return null;
    return { voter: this.#memory, configuration, incarnations };
  }

  /** Does what follows from the newest configuration, and from the incarnations that came with it. */
  #follow(incarnations: KnownIncarnations = []): PlaceEvent | undefined {
    const { configuration } = this;
    // First: it must not vote under the configuration without them.
    this.incarnations.follow(configuration, incarnations);
    // Also if it is removed, or was: one of the two processes goes on as a client, and may be added again.
    if (this.#isSucceeded(this.#memory?.incarnation ?? null)) return this.#replaced();
    const hadPlace = this.#standing !== "outside";
    this.#stand();
    this.#memory?.follow(configuration);
    switch (this.#standing) {
      case "recovers":
        return "recover";
      case "joins":
        this.#memory = null;
        return "join";
      case "outside":
        this.#memory = null;
        return hadPlace ? "retired" : undefined;
      case "replaced":
        return "replaced";
      default:
        return this.#ifReplaced();
    }
  }

  #stand(): void {
    // While it closes it hears more; it must not come back and take the place of its successor.
    if (this.#standing === "replaced") return;
    const { configuration } = this;
    const incarnation = this.#memory?.incarnation ?? null;
    this.#standing = standingIn(configuration, this.#self, this.#life, incarnation);
  }

  /** A member that knows of a later incarnation of itself never votes again. */
  #ifReplaced(): PlaceEvent | undefined {
    return this.#isSucceeded(this.incarnation) ? this.#replaced() : undefined;
  }

  /** Whether a later incarnation of it is known than this one. */
  #isSucceeded(incarnation: Life | null): boolean {
    return incarnation !== null && this.incarnations.of(this.#self) > incarnation;
  }

  #replaced(): PlaceEvent {
    this.#memory = null;
    this.#standing = "replaced";
    return "replaced";
  }
}
