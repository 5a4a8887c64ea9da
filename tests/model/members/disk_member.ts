import type { Life } from "../../../lib/paxos/ballot.ts";
import { type Configuration, hasCopiedIn, remembersIn } from "../../../lib/paxos/configuration.ts";
import type { DiskEvent, DiskStart } from "../../../lib/paxos/disk_start.ts";
import type { Outgoing } from "../../../lib/paxos/genesis.ts";
import type { ConfigurationNews, KnownIncarnations } from "../../../lib/paxos/incarnations.ts";
import type { GenesisReply, GenesisRequest, Header } from "../../../lib/paxos/messages.ts";
import type { Place, PlaceEvent } from "../../../lib/paxos/place.ts";
import type { RecoveryEvent } from "../../../lib/paxos/recovery.ts";
import type { Voter } from "../../../lib/paxos/voter.ts";
import { REGISTER } from "../client.ts";
import type { Paxos } from "../paxos.ts";
import { CONFIGURATION } from "./changer.ts";
import {
  type AnyReply,
  configurationIn,
  Member,
  type MemberAttributes,
  type MemberDisk,
  type MemberInput,
  type MemberOutput,
  RECORD,
  sorted,
} from "./member.ts";

/** What is wrong with the shell of a member: what it does with its disk on its own. */
export type BrokenDisk = "the configuration that it learns is not on its disk before it answers";

/** A node that may be a member, and its disk: the machines that ship, connected as in `lib/node`. */
export class DiskMember extends Member {
  readonly #listed: readonly string[];
  readonly #broken: BrokenDisk | undefined;
  disk: MemberDisk | null = null;
  backup: MemberDisk | null = null;
  operationalSince: Life = "1";
  isKnown = false;
  recovered = false;
  wasMemory = false;
  diskStart: DiskStart | null = null;
  diskAsking: Outgoing[] = [];

  /** A node that does not run yet, and was given this list. */
  constructor(paxos: Paxos, self: string, listed: readonly string[], broken?: BrokenDisk) {
    super(paxos, self);
    this.#listed = listed;
    this.#broken = broken;
  }

  override get attributes(): MemberAttributes {
    const { diskStart, disk, backup, operationalSince, isKnown, recovered, wasMemory } = this;
    const questions = this.diskAsking.map(({ to, request }) => ({
      to,
      request: withoutNumber(request as GenesisRequest),
    }));
    const votes = this.place?.voter != null;
    const common = { content: disk, backup, operationalSince, isKnown, recovered, wasMemory };
    return {
      ...super.attributes,
      disk: { ...common, votes, questions, canTick: diskStart !== null },
    };
  }

  override handle(input: MemberInput): MemberOutput[] {
    switch (input.do) {
      case "lose":
        this.disk = null;
        return [];
      case "rollBack":
        this.disk = this.backup;
        return [];
      case "start":
        this.#start(input.life);
    }
    const outputs = super.handle(input);
    if (this.closed) return [];
    const { standing, configuration } = this.place ?? {};
    if (standing === "outside" && this.diskStart === null && this.#isOver(configuration!)) {
      this.disk = null;
    }
    // All that was decided is on the disk before anything leaves.
    this.#save();
    if (this.diskStart?.isDone) {
      this.isKnown = true;
      this.diskStart = null;
    }
    this.diskAsking = this.diskStart?.open() ?? [];
    return outputs;
  }

  override boot(input: MemberInput & { do: "boot" }): MemberOutput[] {
    const outputs = super.boot(input);
    const { configuration, remembers, life } = input;
    if (remembers && configuration !== null) {
      this.disk = { incarnation: life, known: [], configuration, registers: [], floor: 0 };
    }
    this.backup = this.disk;
    return outputs;
  }

  override answer(input: Exclude<MemberInput, { do: "boot" }>): AnyReply | undefined {
    switch (input.do) {
      case "stop":
        return this.#stop();
      case "tick":
        return this.#act(this.diskStart?.tick().event);
      case "asked":
        return this.#asked(input.from, input.header, input.request);
      case "told":
        return this.#told(input.from, input.header, input.reply);
      case "help":
        if (!this.#isUndecided) return this.#help(input) ?? super.answer(input);
        this.act(this.place?.hear(input.from, input.header));
        if (this.closed || !this.#isUndecided) return undefined;
        return this.diskStart!.answer(input.from, input.header, input.request);
    }
    return super.answer(input);
  }

  /** Before it lives under a record again it learns of a configuration only from the answers to its questions. */
  override learn(news: ConfigurationNews): undefined {
    if (this.#isUndecided && this.place === null) return;
    super.learn(news);
  }

  override act(event: PlaceEvent | undefined): undefined {
    if (event === "replaced") return this.#stop();
    if (this.diskStart?.hasStarted) this.diskStart.follow(this.place!.configuration, []);
    if (event === undefined) return;
    if (this.#isUndecided) {
      const { configuration, incarnations } = this.place!;
      this.#follow(configuration, incarnations.all);
      if (this.recovery !== null) this.recovery = this.newRecovery();
      return;
    }
    super.act(event);
    // What it remembers is of an earlier admission.
    if (event === "retired") this.disk = null;
  }

  override actOnRecovery(event: RecoveryEvent | undefined, now: number): void {
    if (event?.type === "uncovered") return this.diskStart?.cannotRecover();
    if (event?.type !== "recovered") return super.actOnRecovery(event, now);
    const { memory } = event;
    const voter = this.paxos.Voter.recovered(RECORD, memory, this.settings(), now);
    this.recovery = null;
    this.diskStart = null;
    // One transaction replaces the whole disk.
    const { incarnation } = memory;
    const { configuration } = this.place!;
    this.disk = { incarnation, known: memory.known, configuration, ...stored(voter) };
    Object.assign(this, { operationalSince: this.life, recovered: true, isKnown: true });
    this.act(this.place!.remember(voter, memory.known));
  }

  override takeLife(life: Life): void {
    super.takeLife(life);
    if (!this.#isUndecided) return;
    this.disk = { ...this.disk!, incarnation: life };
    this.diskStart!.changeLife(life);
  }

  override header(): Header {
    const header = super.header();
    return this.place === null ? { ...header, genesis: null } : header;
  }

  /** Whether it has neither taken its disk nor put it aside. */
  get #isUndecided(): boolean {
    return this.diskStart !== null && !this.diskStart.hasStarted;
  }

  /** Whether what is on the disk of a node that is no member is of no use. */
  #isOver({ epoch, settled }: Configuration): boolean {
    return settled || this.disk?.configuration.epoch !== epoch;
  }

  #stop(): undefined {
    const nothing = { place: null, recovery: null, asking: [], diskStart: null, diskAsking: [] };
    Object.assign(this, nothing, { life: "", closed: true });
  }

  #start(life: Life): void {
    this.#stop();
    this.closed = false;
    this.life = life;
    this.backup = this.disk;
    const { disk, self } = this;
    if (disk === null) return;
    const { configuration, incarnation, known } = disk;
    if (configuration.leaving?.id === self) {
      this.place = new this.paxos.Place(self, life, configuration, known);
      return;
    }
    const isCopied = hasCopiedIn(configuration, self, incarnation);
    if (!isCopied && !remembersIn(configuration, self, incarnation)) {
      this.disk = null;
      return;
    }
    this.diskStart = new this.paxos.DiskStart({
      ...{ self, members: this.#listed, life, memory: { record: RECORD, ...disk } },
      nextId: () => this.nextNumber(),
    });
  }

  #asked(from: string, header: Header, request: GenesisRequest): GenesisReply | undefined {
    if (header.genesis === RECORD.id) this.act(this.place?.hear(from, header));
    if (this.closed) return undefined;
    if (this.#isUndecided) return this.diskStart!.answer(from, header, request);
    const { place } = this;
    if (request.type !== "enquire") {
      return place?.helper
        ? this.paxos.help(place.helper, from, header, request, 0, configurationIn)
        : undefined;
    }
    if (place === null || place.standing === "recovers") {
      return { type: "blank", members: this.#listed, wall: 0, recovering: place !== null };
    }
    return this.#record(place);
  }

  /** It knows of its place only what it is told: that is its answer to who asks for a copy. */
  #help({ header, request }: MemberInput & { do: "help" }): GenesisReply | undefined {
    const { place } = this;
    if (place?.standing !== "outside" || request.type !== "transfer") return undefined;
    return header.epoch === place.configuration.epoch ? this.#record(place) : undefined;
  }

  #record(place: Place): GenesisReply {
    const members = this.paxos.votersOf(place.configuration);
    const news = place.configuration.epoch === 0 ? {} : sorted(place.news);
    return { type: "record", members, record: RECORD, ...news };
  }

  #told(from: string, header: Header, reply: GenesisReply): undefined {
    if (header.genesis === RECORD.id) this.act(this.place?.hear(from, header));
    const asked = this.diskAsking.find(({ to }) => to === from)?.request;
    if (this.closed || this.diskStart === null || asked === undefined) return;
    const numbered = { ...reply, id: asked.id } as never;
    this.#act(this.diskStart.receive(from, header, numbered).event);
  }

  #act(event: DiskEvent | undefined): undefined {
    const { diskStart } = this;
    if (event === undefined || diskStart === null) return;
    switch (event.type) {
      case "writeLife":
        this.disk = { ...this.disk!, incarnation: this.life };
        this.place = new this.paxos.Place(
          ...[this.self, this.life, diskStart.configuration, diskStart.incarnations.all] as const,
        );
        diskStart.lifeWritten();
        return;
      case "recover":
        this.recovery ??= this.newRecovery();
        return;
      case "announce":
        this.recovery = null;
        return;
      case "start":
        return this.#take(diskStart.incarnations.all);
      case "follow":
        if (this.place === null) return this.#follow(event.configuration, event.known);
        return super.learn({ configuration: event.configuration, incarnations: event.known });
      case "putAside":
        return this.#goBlank();
      case "replaced":
        return this.#stop();
    }
  }

  /** Its start begins again under a newer configuration. */
  #follow(configuration: Configuration, known: KnownIncarnations): undefined {
    if (this.diskStart!.follow(configuration, known)) return;
    if (configuration.leaving?.id !== this.self) return this.#goBlank();
    // Members may know no other node that has heard of its removal.
    const all = this.diskStart!.incarnations.all;
    this.place ??= new this.paxos.Place(this.self, this.life, configuration, all);
    Object.assign(this, { recovery: null, diskStart: null });
  }

  #goBlank(): undefined {
    const { configuration } = this.diskStart!;
    this.wasMemory = remembersIn(configuration, this.self, this.disk!.incarnation);
    const nothing = { place: null, recovery: null, diskStart: null, disk: null };
    // A node that has a life in its cluster takes another one.
    Object.assign(this, nothing, { life: this.place === null ? this.life : `${this.life}+` });
  }

  /** Its disk is its memory. */
  #take(known: KnownIncarnations): undefined {
    const { registers, floor, incarnation } = this.disk!;
    const memory = { incarnation, registers, floor, fenced: [], ended: [], over: [] };
    const voter = this.paxos.Voter.stored(RECORD, { ...memory, waited: true }, this.settings(), 0);
    Object.assign(this, { operationalSince: this.life, recovered: false, isKnown: false });
    this.act(this.place!.remember(voter, known));
  }

  #save(): void {
    const { disk, place, diskStart } = this;
    const source = this.#isUndecided ? diskStart : place;
    if (disk === null || source === null) return;
    const isBroken = this.#broken ===
      "the configuration that it learns is not on its disk before it answers";
    const configuration = isBroken ? disk.configuration : source.configuration;
    const known = [...source.incarnations.all].sort(([a], [b]) => a < b ? -1 : 1);
    const votes = place?.voter == null ? {} : stored(place.voter);
    this.disk = { ...disk, known, configuration, ...votes };
  }
}

/** What a voter has on its disk. */
function stored({ acceptor }: Voter): Pick<MemberDisk, "registers" | "floor"> {
  const entries = [REGISTER, CONFIGURATION].map((register) => acceptor.stored(register));
  return { registers: entries.filter((entry) => entry !== undefined), floor: acceptor.floor };
}

function withoutNumber(request: GenesisRequest & { id?: number }): GenesisRequest {
  const { id: _, ...rest } = request;
  return rest;
}
