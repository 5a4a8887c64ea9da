import type { Life } from "./ballot.ts";
import { type Configuration, voicesOf } from "./configuration.ts";
import { MAX_FORMER } from "./member_limits.ts";
import type { GenesisReply, Header } from "./messages.ts";

/**
 * For some nodes the highest incarnation that the sender knows. An entry of the id `""` stands for all nodes that are not
 * named: none of them had a higher one.
 */
export type KnownIncarnations = readonly (readonly [id: string, incarnation: Life])[];

/** What a node tells of its configuration, see {@linkcode Place.learn}. */
export interface ConfigurationNews {
  /** The newest configuration that it knows. */
  readonly configuration: Configuration;
  /** The incarnations that it has heard of. */
  readonly incarnations: KnownIncarnations;
}

/**
 * For each node the highest known incarnation (Michael et al., *Recovering Shared Objects Without Stable Storage*,
 * section 4), also for those that are members no more. Of these it keeps only the highest ones, and one incarnation that
 * stands for all others. Entries only ever rise. What frames carry of it has the order of one configuration, see
 * {@linkcode voicesOf}.
 */
export class Incarnations {
  readonly #lives = new Map<string, Life>();
  /** No node without an entry had a higher one. All entries but those of the voices are above it. */
  #others: Life = "";
  #voices: readonly string[] = [];
  #entries: readonly Life[] = [];

  /** The entries in the order of the followed configuration; a new array after each change of any entry. */
  get entries(): readonly Life[] {
    return this.#entries;
  }

  /** All entries, by id: they go with a configuration to nodes that follow another one. */
  get all(): KnownIncarnations {
    return this.#withOthers([...this.#lives]);
  }

  /** The entries of nodes that the followed configuration does not name. */
  get former(): KnownIncarnations {
    return [...this.#lives].filter(([id]) => !this.#voices.includes(id));
  }

  /** All that the entries in the order of the followed configuration do not say. */
  get rest(): KnownIncarnations {
    return this.#withOthers(this.former);
  }

  /** The highest known incarnation of a node, or a higher one if that is not known exactly; `""`: none. */
  of(id: string): Life {
    return this.#lives.get(id) ?? this.#others;
  }

  /**
   * Takes the order of `configuration`, and raises each entry to the life that it names; and to those of `known`, which
   * came with it. What stands for unknown nodes does not count for those that it names: it admitted each in a life above
   * all that was known of the node then.
   */
  follow(configuration: Configuration, known: KnownIncarnations = []): void {
    const { members, joining, leaving } = configuration;
    this.#voices = voicesOf(configuration);
    for (const one of [...members, joining, leaving]) if (one !== null) this.#set(one.id, one.life);
    for (const [id, incarnation] of known) this.#set(id, incarnation);
    this.#changed();
  }

  /** Raises the entry of a node, never lowers it; returns whether it has changed. */
  raise(id: string, incarnation: Life): boolean {
    const voice = this.#voices.indexOf(id);
    // With each frame, and nearly always it is known.
    if (voice >= 0 && !(incarnation > this.#entries[voice])) return false;
    if (!this.#set(id, incarnation)) return false;
    this.#changed();
    return true;
  }

  /** Raises the entries of these nodes. */
  raiseAll(known: KnownIncarnations): void {
    let isNews = false;
    for (const [id, incarnation] of known) isNews = this.#set(id, incarnation) || isNews;
    if (isNews) this.#changed();
  }

  /** Raises every entry to that of `vector`, which has the order of the followed configuration. */
  merge(vector: readonly Life[]): void {
    const count = Math.min(vector.length, this.#voices.length);
    for (let i = 0; i < count; i++) {
      if (vector[i] > this.#entries[i]) this.raise(this.#voices[i], vector[i]);
    }
  }

  #set(id: string, incarnation: Life): boolean {
    const isVoice = this.#voices.includes(id);
    const known = this.#lives.get(id) ?? (isVoice ? "" : this.#others);
    if (!(incarnation > known)) return false;
    if (id === "") this.#others = incarnation;
    else this.#lives.set(id, incarnation);
    return true;
  }

  #changed(): void {
    const { former } = this;
    if (former.length > MAX_FORMER) {
      const lives = former.map(([, life]) => life).sort();
      this.#set("", lives[lives.length - MAX_FORMER - 1]);
    }
    for (const [id, life] of former) if (life <= this.#others) this.#lives.delete(id);
    // A new array: headers and tallies hold the old one and must not see it change.
    this.#entries = this.#voices.map((voice) => this.of(voice));
  }

  #withOthers(known: KnownIncarnations): KnownIncarnations {
    return this.#others === "" ? known : [...known, ["", this.#others]];
  }
}

/** Notes that `from` votes with the memory on its disk in the life that it announces; `undefined`: no answer. */
export function noteAnnouncement(
  incarnations: Incarnations,
  from: string,
  header: Header,
  { incarnation }: { readonly incarnation: Life },
): GenesisReply | undefined {
  if (header.life !== incarnation) return undefined;
  incarnations.raise(from, incarnation);
  return { type: incarnations.of(from) > incarnation ? "replaced" : "raised" };
}
