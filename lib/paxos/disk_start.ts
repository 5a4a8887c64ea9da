import type { Life } from "./ballot.ts";
import { type Configuration, helpersIn, isNewer, remembersIn, votersOf } from "./configuration.ts";
import type { DiskAnswer, DiskEvent, DiskMemory, DiskStartOptions } from "./disk_start_types.ts";
import { emptyPiece } from "./empty_piece.ts";
import { ForeignGeneses } from "./foreign_geneses.ts";
import type { Outgoing } from "./genesis.ts";
import { Incarnations, type KnownIncarnations, noteAnnouncement } from "./incarnations.ts";
import { assertInvariant } from "./invariant.ts";
import type { GenesisReply, GenesisRequest, Header, Reply } from "./messages.ts";
import { majority, Tally } from "./quorum.ts";
import { sameNodes } from "./same_nodes.ts";

export type { DiskEvent, DiskMemory, DiskStartOptions };

/**
 * How a member with a complete memory on its disk comes back (section 7, Storage). It asks first, in two rounds, and
 * writes nothing before it knows that no other has heard of a later memory of this member. If enough others are
 * operational it recovers from them, as without a disk. Otherwise, if a majority has a memory, operational or on disk, it
 * takes its disk, and votes once a majority knows its present life.
 */
export class DiskStart {
  readonly #options: DiskStartOptions;
  /** The incarnations that it has heard of. They have to be on its disk before an answer leaves that depends on them. */
  readonly incarnations: Incarnations = new Incarnations();
  readonly #foreign: ForeignGeneses;
  /** The incarnation of the disk as it was found. */
  readonly #found: Life;
  /** The lives of this process: what others know of these is its own doing. */
  readonly #lives: Set<Life>;
  #life: Life;
  #isWritten = false;
  #phase: "asks" | "writes" | "announces" | "started" = "asks";
  #number: number;
  #announcement = 0;
  #configuration: Configuration;
  #answers = new Map<string, DiskAnswer>();
  /** The lives that answered the first round; `null` in the first round. */
  #before: ReadonlyMap<string, Life> | null = null;
  /** Whether the copies of the others may lack what its own disk has, under this configuration. */
  #isUncovered = false;
  /** The members that know its life, on their disks. */
  readonly #raised = new Set<string>();

  /** Sends nothing before `tick`. */
  constructor(options: DiskStartOptions) {
    const { life, memory, nextId } = options;
    assertInvariant(life > memory.incarnation, "each start is in a life above that of the disk");
    // The order was for the first start: lives belong to members in that of the disk.
    const voters = votersOf(memory.configuration);
    const members = sameNodes(voters, options.members) ? voters : options.members;
    this.#options = { ...options, members };
    this.#foreign = new ForeignGeneses(options.self, memory.incarnation);
    this.#life = life;
    this.#lives = new Set([life]);
    this.#found = memory.incarnation;
    this.#number = nextId();
    this.#configuration = memory.configuration;
    this.incarnations.follow(memory.configuration, memory.known);
  }

  /** The life that counts as the incarnation of the disk. */
  get incarnation(): Life {
    return this.#isWritten ? this.#life : this.#found;
  }

  /** The newest configuration that it knows. It has to be on the disk before any answer under it. */
  get configuration(): Configuration {
    return this.#configuration;
  }

  /** Whether the disk is its memory, and it announces its life to those that do not know it yet. */
  get hasStarted(): boolean {
    return this.#phase === "started";
  }

  /** Whether it has started and all others know its life: nothing is left to do. */
  get isDone(): boolean {
    return this.hasStarted && this.#others().every((id) => this.#raised.has(id));
  }

  /** The life is on the disk, as the incarnation of what is there. The second round begins. */
  lifeWritten(): Outgoing[] {
    assertInvariant(this.#phase === "writes", "a life is written once it is confirmed");
    this.#isWritten = true;
    this.#phase = "asks";
    return this.#questions();
  }

  /**
   * Begins again under a newer configuration, which came with these incarnations, in the life that it has written and with
   * the memory that it has found; once it has started, announces that to the members of this one. Returns whether that is
   * still the memory of a member.
   */
  follow(configuration: Configuration, told: KnownIncarnations): boolean {
    const { self } = this.#options;
    this.#configuration = configuration;
    if (this.hasStarted) return true;
    this.#isUncovered = false;
    this.incarnations.follow(configuration, told);
    if (!remembersIn(configuration, self, this.#found)) return false;
    if (told.some(([id, life]) => id === self && this.#isLater(life))) return false;
    this.#askAgain();
    return true;
  }

  /** What the others remember is not enough to come back with: its own disk is needed. */
  cannotRecover(): void {
    this.#isUncovered = true;
  }

  /** Whether it announces its life, and too few have noted it yet. */
  get isAnnouncing(): boolean {
    return this.#phase === "announces";
  }

  /** Announces no more, and asks again: those who would have to note its life may have another cluster by now. */
  lookAgain(): void {
    if (this.isAnnouncing) this.#askAgain();
  }

  #askAgain(): void {
    if (this.isAnnouncing) this.#phase = "asks";
    this.#announcement = 0;
    this.#raised.clear();
    this.#begin();
  }

  /** It has taken a later life for its recovery, and that is on its disk. */
  changeLife(life: Life): void {
    assertInvariant(this.#isWritten && life > this.#life, "only a confirmed disk takes a new life");
    this.#life = life;
    this.#lives.add(life);
    this.#begin();
  }

  /** Ends the round if enough have answered, begins it afresh if not; returns what to ask now. */
  tick(): { ask: Outgoing[]; event?: DiskEvent } {
    if (this.#phase === "announces" || this.#phase === "started") {
      const event = this.#startIfKnown();
      return { ask: this.#announce(), event };
    }
    if (this.#phase === "writes") return { ask: [] };
    const event = this.#conclude();
    if (event === undefined && this.#answers.size > 0) this.#begin();
    return { ask: this.open(), event };
  }

  /** The questions and announcements that are not answered. */
  open(): Outgoing[] {
    switch (this.#phase) {
      case "asks":
        return this.#questions();
      case "writes":
        return [];
      default:
        return this.#announce();
    }
  }

  /** Answers a question of another node; `undefined`: no answer. */
  answer(from: string, header: Header, request: GenesisRequest): GenesisReply | undefined {
    const { self, members, memory: { record } } = this.#options;
    const configuration = this.#configuration;
    const { epoch, joining } = configuration;
    if (epoch === 0 && !sameNodes(request.members, members)) {
      return { type: "membersMismatch", members };
    }
    if (request.type !== "enquire") {
      if (request.type === "incarnation" || header.genesis !== record.id) return undefined;
      const noted = noteAnnouncement(this.incarnations, from, header, request);
      if (request.type === "announce" || noted === undefined) return noted;
      if (joining?.id !== self || joining.life !== this.#found) return undefined;
      if (header.epoch !== epoch) return undefined;
      return emptyPiece(request.announcement, this.incarnations);
    }
    const { incarnation, incarnations: { entries: vector } } = this;
    const news = epoch > 0 ? { configuration, incarnations: this.incarnations.all } : {};
    return { type: "stored", members, record, incarnation, vector, epoch, ...news };
  }

  /** Takes an answer. */
  receive(from: string, header: Header, reply: Reply): { ask: Outgoing[]; event?: DiskEvent } {
    const asked = this.#asked();
    const isOther = this.#others().includes(from);
    if (!isOther && !(asked.includes(from) && this.#isForeign(reply))) {
      // What it tells of a change is a fact, whenever it comes.
      return { ask: [], event: this.#given().includes(from) ? this.#newerIn(reply) : undefined };
    }
    const isAnnounced = reply.id === this.#announcement && this.#announcement > 0;
    if (!isAnnounced && reply.id !== this.#number) return { ask: [] };
    if (reply.type === "membersMismatch" && !this.hasStarted && !this.#isOfList(reply.members)) {
      return { ask: [], event: { type: reply.type, node: from, members: reply.members } };
    }
    if (isAnnounced) return this.#announced(from, reply);
    if (this.#phase !== "asks") return { ask: [] };
    const newer = this.#newerIn(reply);
    if (newer !== undefined) return { ask: [], event: newer };
    const answer = this.#read(from, header, reply);
    if (answer === undefined) return { ask: [] };
    if (answer.sender !== null) {
      const own = answer.sender.vector[this.#voters().indexOf(this.#options.self)] ?? "";
      if (this.#isLater(own)) {
        return { ask: [], event: { type: "putAside", why: "stale" } };
      }
      this.incarnations.merge(answer.sender.vector);
      this.incarnations.raise(from, answer.sender.incarnation);
    }
    this.#answers.set(from, answer);
    const count = this.#asked().length;
    if (this.#answers.size < count) return { ask: count > asked.length ? this.#questions() : [] };
    const event = this.#conclude();
    // While it recovers, nothing may change for long: the next round waits for `tick`.
    return { ask: event?.type === "recover" ? [] : this.open(), event };
  }

  /** Whether a life of this member is that of a later memory. Of its own lives others know because it announced them. */
  #isLater(life: Life): boolean {
    return life > this.#found && !this.#lives.has(life);
  }

  #announced(from: string, reply: Reply): { ask: Outgoing[]; event?: DiskEvent } {
    if (reply.type === "replaced") return { ask: [], event: { type: "replaced" } };
    if (reply.type !== "raised") return { ask: [] };
    this.#raised.add(from);
    return { ask: [], event: this.#startIfKnown() };
  }

  /** Its disk is its memory once a majority, itself counted, knows its life. */
  #startIfKnown(): DiskEvent | undefined {
    const isKnown = this.#raised.size + 1 >= majority(this.#voters().length);
    if (this.#phase !== "announces" || !isKnown) return undefined;
    this.#phase = "started";
    return { type: "start" };
  }

  /** What an answer says; `undefined`: it is none. */
  #read(from: string, header: Header, reply: Reply): DiskAnswer | undefined {
    const { life } = header;
    const { memory: { record } } = this.#options;
    const configuration = this.#configuration;
    switch (reply.type) {
      case "blank":
        return { life, kind: "blank", sender: null };
      case "stored": {
        const { incarnation, vector, epoch } = reply;
        if (!this.#isOfList(reply.members) || epoch !== configuration.epoch) return undefined;
        if (vector.length < this.#voters().length) return undefined;
        // A disk of another genesis is not judged yet: it says nothing about this one.
        if (reply.record.id !== record.id) return { life, kind: "blank", sender: null };
        return { life, kind: "stored", sender: { member: from, incarnation, vector } };
      }
      case "record": {
        const { incarnation, vector, epoch } = header;
        if (incarnation === null) return undefined;
        // Whatever list it has: lists are compared only where no cluster is known.
        if (this.#isForeign(reply)) {
          this.#foreign.tells(reply);
          return { life, kind: "foreign", sender: null, genesis: reply.record.id };
        }
        if (!this.#isOfList(reply.members)) return undefined;
        if (epoch !== configuration.epoch || vector.length < this.#voters().length) {
          return undefined;
        }
        return { life, kind: "operational", sender: { member: from, incarnation, vector } };
      }
    }
    return undefined;
  }

  /** A newer configuration of this genesis, which a member has told. */
  #newerIn(reply: Reply): DiskEvent | undefined {
    const { record } = this.#options.memory;
    if (reply.type !== "record" && reply.type !== "stored") return undefined;
    const { configuration, incarnations: known = [] } = reply;
    if (configuration === undefined || reply.record.id !== record.id) return undefined;
    if (!isNewer(configuration, this.#configuration)) return undefined;
    return { type: "follow", configuration, known };
  }

  #isForeign(reply: Reply): boolean {
    return reply.type === "record" && reply.record.id !== this.#options.memory.record.id;
  }

  /** Whether a list has the same members, in any order. After a change the disk names them, not the options. */
  #isOfList(members: readonly string[]): boolean {
    return this.#configuration.epoch > 0 || sameNodes(members, this.#options.members);
  }

  /** Ends the round if enough members have answered. */
  #conclude(): DiskEvent | undefined {
    const before = this.#before;
    const isSame = ([id, { life }]: [string, DiskAnswer]) =>
      before === null || before.get(id) === life;
    const counted = [...this.#answers].filter(isSame);
    const geneses = new Map(counted.flatMap(([id, { genesis: of }]) => of ? [[id, of]] : []));
    const isForeign = this.#foreign.areAlive(geneses, this.#voters());
    const tally = this.#count(counted);
    // A copy counts once its node is a member, which the others tell.
    const isReached = tally.reached && this.#voters().includes(this.#options.self);
    if (!isReached && !isForeign) return undefined;
    if (before === null) {
      this.#before = new Map(counted.map(([id, { life }]) => [id, life]));
      this.#ask();
      if (this.#isWritten || !isReached) return undefined;
      if (!this.#isOfList(this.#voters())) return { type: "otherList" };
      this.#phase = "writes";
      return { type: "writeLife" };
    }
    if (!isReached) return { type: "putAside", why: "foreign" };
    // A life that was not confirmed is not announced.
    if (!this.#isWritten) {
      this.#begin();
      return undefined;
    }
    const helps = (id: string) => tally.has(id) && this.#answers.get(id)?.kind === "operational";
    const canRecover = !this.#isUncovered && helpersIn(this.#configuration, this.#options.self)
      .every(({ of, needed }) => of.filter(helps).length >= needed);
    if (canRecover) {
      this.#begin();
      return { type: "recover" };
    }
    this.#phase = "announces";
    return { type: "announce" };
  }

  /** The answers of members that have a memory, this one's included, as far as they may be counted together. */
  #count(answers: readonly (readonly [string, DiskAnswer])[]): Tally<true> {
    const { self } = this.#options;
    const tally = new Tally<true>(this.#voters());
    const { incarnation, incarnations: { entries: vector } } = this;
    tally.add({ member: self, incarnation, vector: this.#withoutOwn(vector, incarnation) }, true);
    for (const [, { sender }] of answers) {
      if (sender === null) continue;
      tally.add({ ...sender, vector: this.#withoutOwn(sender.vector, incarnation) }, true);
    }
    return tally;
  }

  /** A vector that names this member's disk by its incarnation: what others know beyond that is a life of this process. */
  #withoutOwn(vector: readonly Life[], incarnation: Life): readonly Life[] {
    const index = this.#voters().indexOf(this.#options.self);
    return vector.map((life, place) => place === index ? incarnation : life);
  }

  /** Begins again with the first round. */
  #begin(): void {
    this.#before = null;
    this.#ask();
  }

  #ask(): void {
    this.#number = this.#options.nextId();
    this.#answers = new Map();
  }

  #questions(): Outgoing[] {
    const { members } = this.#options;
    const id = this.#number;
    const asked = [...this.#asked().filter((to) => !this.#answers.has(to)), ...this.#given()];
    return asked.map((to) => ({
      to,
      request: { id, type: "enquire", members, purpose: "record", round: 1 },
    }));
  }

  #announce(): Outgoing[] {
    const { members, nextId } = this.#options;
    if (this.#announcement === 0) this.#announcement = nextId();
    const id = this.#announcement;
    return this.#others().filter((to) => !this.#raised.has(to)).map((to) => ({
      to,
      request: { id, type: "announce", members, incarnation: this.#life },
    }));
  }

  #voters(): readonly string[] {
    return votersOf(this.#configuration);
  }

  /** The others, and those that live under another genesis that has this member. */
  #asked(): string[] {
    return [...new Set([...this.#others(), ...this.#foreign.nodes])];
  }

  /** Those of the list that it was given alone: they count for nothing, but may know a list that is newer than its disk. */
  #given(): string[] {
    const known = [this.#options.self, ...this.#asked()];
    return this.#options.members.filter((id) => !known.includes(id));
  }

  #others(): string[] {
    return this.#voters().filter((id) => id !== this.#options.self);
  }
}
