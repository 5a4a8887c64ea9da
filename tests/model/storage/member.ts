import type { Life } from "../../../lib/paxos/ballot.ts";
import type { Configuration } from "../../../lib/paxos/configuration.ts";
import type { DiskEvent, DiskStart } from "../../../lib/paxos/disk_start.ts";
import type { Genesis, GenesisEvent, Outgoing } from "../../../lib/paxos/genesis.ts";
import type {
  GenesisRecord,
  GenesisReply,
  GenesisRequest,
  Header,
  RegisterReply,
  RegisterRequest,
  StoredRegister,
} from "../../../lib/paxos/messages.ts";
import type { Place } from "../../../lib/paxos/place.ts";
import type { Recovery, RecoveryEvent } from "../../../lib/paxos/recovery.ts";
import type { Actor } from "../automaton.ts";
import { REGISTER } from "../client.ts";
import { FIRST_NUMBER } from "../fingerprint.ts";
import { headerOf } from "../headers.ts";
import type { Paxos } from "../paxos.ts";

/** What is wrong with the shell of a member: what it does with its disk on its own. */
export type BrokenShell =
  | "it clears its disk as a recovery begins"
  | "it copies piece by piece over its disk"
  | "it never writes its life"
  | "it writes its life at once"
  | "it keeps a disk that is stale";

/** What is on a disk. */
export interface Disk {
  readonly incarnation: Life;
  readonly known: readonly (readonly [id: string, incarnation: Life])[];
  readonly registers: readonly StoredRegister[];
  /** Whether it is that of a member that has answered the first start in this life, and has not adopted its record. */
  readonly isBlank?: true;
}

/** A question, without its number: the answer comes at once. */
export interface Question {
  readonly to: string;
  readonly of: "disk" | "genesis" | "recovery";
  readonly request: GenesisRequest;
}

/** An input of a member. */
export type StorageInput =
  | { do: "boot"; life: Life }
  | { do: "crash" }
  /** Its disk is lost while it is down. */
  | { do: "lose" }
  /** Its disk becomes what it was when its process started last. */
  | { do: "rollBack" }
  /** Its disk becomes what it was before it adopted the record. */
  | { do: "empty" }
  | { do: "tick" }
  | { do: "vote"; request: RegisterRequest; from: string }
  | { do: "question"; from: string; header: Header; request: GenesisRequest }
  | { do: "answer"; of: Question["of"]; from: string; header: Header; reply: GenesisReply };

/** An output of a member. */
export interface StorageOutput {
  readonly header: Header;
  readonly reply: RegisterReply | GenesisReply;
}

/** How a member comes to vote. */
export type Way = "adopts the record" | "starts from its disk" | "recovers";

/** What other parts need to know of a member. */
export interface StorageAttributes {
  readonly isRunning: boolean;
  readonly votes: boolean;
  readonly header: Header;
  readonly questions: readonly Question[];
  readonly canTick: boolean;
  readonly disk: Disk | null;
  /** The life in which it last became operational; what is older on a disk is from before that. */
  readonly operationalSince: Life;
  /** How it became operational. */
  readonly way: Way;
  readonly backup: Disk | null;
  /** Whether enough others have its life on their disks, as it was told, for an older copy of its disk to do no harm. */
  readonly isKnown: boolean;
  /** Whether it has put a disk aside in this process. */
  readonly putAside: boolean;
}

const AT = { now: 0, wall: 0 };

/** The first life of each member, which the record names. */
const FIRST_LIFE = "1";

/** The process of a member, and its disk: the machines that ship, connected as in `lib/node`. */
export class StorageMember implements Actor<StorageInput, StorageOutput> {
  readonly #paxos: Paxos;
  readonly #self: string;
  readonly #configuration: Configuration;
  readonly #broken: BrokenShell | undefined;
  readonly #record: GenesisRecord;
  disk: Disk | null;
  backup: Disk | null = null;
  operationalSince: Life = "1";
  way: Way = "starts from its disk";
  isKnown = false;
  putAside = false;
  life: Life = "";
  isRunning = false;
  start: DiskStart | null = null;
  genesis: Genesis | null = null;
  place: Place | null = null;
  recovery: Recovery | null = null;
  asking: { of: Question["of"]; out: Outgoing }[] = [];
  /** Its questions for the record. */
  pulls: Outgoing[] = [];
  #numbers = FIRST_NUMBER;

  /** A member that is down, with the disk of a first life; `first`: what it holds, `null`: it has not adopted the record. */
  constructor(
    paxos: Paxos,
    self: string,
    configuration: Configuration,
    first: readonly StoredRegister[] | null,
    broken: BrokenShell | undefined,
  ) {
    this.#paxos = paxos;
    this.#self = self;
    this.#configuration = configuration;
    this.#broken = broken;
    const lives = configuration.members.map(({ life }) => life);
    this.#record = { id: FIRST_LIFE, lives, floor: 0, maxTtl: 1, clients: false };
    const known = configuration.members.map(({ id, life }) => [id, life] as const);
    this.disk = first === null ? EMPTY : { incarnation: FIRST_LIFE, known, registers: first };
  }

  get attributes(): StorageAttributes {
    const { isRunning, disk, backup, operationalSince, way, start, isKnown, putAside } = this;
    const questions = this.asking.map(({ of, out }) => ({
      of,
      to: out.to,
      request: withoutNumber(out.request as GenesisRequest),
    }));
    const votes = this.place?.voter != null;
    const canTick = start !== null ? !start.isDone : this.genesis !== null && !votes;
    const header = this.#header();
    return {
      ...{ isRunning, votes, header, questions, canTick, disk, operationalSince, way },
      ...{ backup, isKnown, putAside },
    };
  }

  handle(input: StorageInput): StorageOutput[] {
    switch (input.do) {
      case "boot":
        this.#boot(input.life);
        break;
      case "crash":
        this.#stop();
        return [];
      case "lose":
        this.disk = null;
        return [];
      case "rollBack":
        this.disk = this.backup;
        return [];
      case "empty":
        this.disk = EMPTY;
        return [];
    }
    if (!this.isRunning) return [];
    const reply = this.#handle(input);
    if (!this.isRunning) return [];
    // All that was decided is on the disk before anything leaves.
    this.#save();
    this.isKnown ||= this.start?.isDone === true;
    this.#list();
    return reply === undefined ? [] : [{ header: this.#header(), reply }];
  }

  #boot(life: Life): void {
    this.backup = this.disk;
    this.life = life;
    this.isRunning = true;
    const { disk } = this;
    if (disk === null) return this.#comeBackBlank();
    if (disk.isBlank) return this.#goOnBlank(disk.incarnation);
    const { incarnation, known } = disk;
    if (incarnation === life) {
      // The first life of all: it needs no other to begin.
      this.#enter();
      return this.#take();
    }
    if (this.#broken === "it writes its life at once") this.disk = { ...disk, incarnation: life };
    this.start = new this.#paxos.DiskStart({
      self: this.#self,
      members: this.#members,
      life,
      memory: { record: this.#record, configuration: this.#configuration, incarnation, known },
      nextId: () => ++this.#numbers,
    });
  }

  /** It answered the question of a life of the first member, and goes on in the life of then. */
  #goOnBlank(life: Life): void {
    this.life = life;
    this.genesis = new this.#paxos.Genesis({
      self: this.#self,
      members: this.#members,
      life,
      clock: new this.#paxos.LamportClock(),
      nextId: () => ++this.#numbers,
      maxTtl: 1,
      clients: false,
      answered: FIRST_LIFE,
    });
  }

  #stop(): void {
    const { disk, backup, operationalSince, way, isKnown } = this;
    const fresh = new StorageMember(
      ...[this.#paxos, this.#self, this.#configuration, [], this.#broken] as const,
    );
    Object.assign(this, fresh, { disk, backup, operationalSince, way, isKnown });
  }

  #handle(input: StorageInput): RegisterReply | GenesisReply | undefined {
    switch (input.do) {
      case "tick": {
        if (this.start !== null) this.#act(this.start.tick().event);
        else if (this.genesis !== null) {
          this.pulls = this.genesis.tick(AT).ask.filter(({ to }) => to !== this.#self);
        }
        return undefined;
      }
      case "vote": {
        const { voter } = this.place ?? {};
        if (voter == null) return undefined;
        const from = { node: input.from, life: input.from };
        const { reply } = voter.handle({ id: 0, ...input.request }, from, 0);
        return reply && (withoutId(reply) as RegisterReply);
      }
      case "question":
        return this.#answer(input.from, input.header, input.request);
      case "answer":
        this.#receive(input);
    }
    return undefined;
  }

  #answer(from: string, header: Header, request: GenesisRequest): GenesisReply | undefined {
    this.#hear(from, header);
    const { start, place, genesis } = this;
    if (!this.isRunning) return undefined;
    if (place?.voter == null) {
      if (start !== null) return start.answer(from, header, request);
      if (request.type !== "enquire") return undefined;
      if (genesis !== null) return genesis.answer(from, header, request, AT).reply;
      // As before it has heard of the record: others might rely on it more than later.
      return { type: "blank", members: this.#members, wall: 0, recovering: false };
    }
    if (request.type === "enquire") {
      return { type: "record", members: this.#members, record: this.#record };
    }
    return this.#paxos.help(place.helper!, from, header, request, 0, () => null);
  }

  #receive({ of, from, header, reply }: StorageInput & { do: "answer" }): void {
    this.#hear(from, header);
    const asked = this.asking.find(({ of: kind, out }) => kind === of && out.to === from)?.out;
    if (!this.isRunning || asked === undefined) return;
    const { request } = asked;
    const announcement = request.type === "transfer" ? request.announcement : 0;
    const numbered = {
      ...reply,
      id: request.id,
      ...("announcement" in reply && { announcement }),
    } as never;
    if (of === "disk") {
      return this.#act(this.start!.receive(from, header, numbered).event);
    }
    if (of === "genesis") {
      return this.#actOnGenesis(this.genesis!.receive(from, header, numbered, AT).event);
    }
    this.#note(reply);
    this.#actOnRecovery(this.recovery!.receive(from, header, numbered).event);
  }

  /** A broken shell puts each piece of a copy on the disk as it comes. */
  #note(reply: GenesisReply): void {
    if (this.#broken !== "it copies piece by piece over its disk") return;
    if (reply.type !== "piece" || this.disk === null) return;
    const registers = reply.registers.map((one) => ({ ...one, copied: true }));
    this.disk = { ...this.disk, registers };
  }

  #act(event: DiskEvent | undefined): void {
    switch (event?.type) {
      case "writeLife":
        if (this.#broken !== "it never writes its life") {
          this.disk = { ...this.disk!, incarnation: this.life };
        }
        this.#enter();
        this.start!.lifeWritten();
        return;
      case "recover":
        if (this.#broken === "it clears its disk as a recovery begins") this.disk = null;
        this.recovery ??= this.#newRecovery();
        return;
      case "announce":
        this.recovery = null;
        return;
      case "start":
        return this.#take();
      case "putAside":
        this.putAside = true;
        this.disk = this.#broken === "it keeps a disk that is stale"
          ? { ...this.disk!, incarnation: this.life }
          : null;
        this.start = null;
        this.recovery = null;
        return this.#comeBackBlank();
      case "replaced":
        return this.#stop();
    }
  }

  /** Its disk is its memory. */
  #take(): void {
    // A broken shell may have lost it.
    if (this.disk === null) return this.#stop();
    const { registers, incarnation } = this.disk;
    const memory = { incarnation, registers, floor: 0, fenced: [], ended: [], over: [] };
    const voter = this.#paxos.Voter.stored(this.#record, { ...memory, waited: true }, SETTINGS, 0);
    this.place!.remember(voter, this.start?.incarnations.all ?? []);
    const way: Way = "starts from its disk";
    Object.assign(this, { operationalSince: this.life, way, isKnown: false });
  }

  #actOnGenesis(event: GenesisEvent | undefined): void {
    switch (event?.type) {
      case "operational": {
        const { life } = this;
        this.pulls = [];
        this.recovery = null;
        this.#enter();
        this.disk = { incarnation: life, known: [], registers: [] };
        const way: Way = "adopts the record";
        Object.assign(this, { operationalSince: life, way, isKnown: false });
        const voter = new this.#paxos.Voter(this.#record, life, SETTINGS);
        this.place!.remember(voter, []);
        return;
      }
      case "recover":
        if (this.recovery === null) this.#comeBackBlank();
    }
  }

  #actOnRecovery(event: RecoveryEvent | undefined): void {
    switch (event?.type) {
      case "changeLife":
        this.life = event.life;
        if (this.start !== null) {
          this.disk = { ...this.disk!, incarnation: event.life };
          this.start.changeLife(event.life);
        }
        this.genesis?.changeLife(event.life);
        this.place!.changeLife(event.life);
        return;
      case "replaced":
        return this.#stop();
      case "recovered": {
        const { memory } = event;
        const voter = this.#paxos.Voter.recovered(this.#record, memory, SETTINGS, 0);
        this.recovery = null;
        this.start = null;
        // One transaction replaces the whole disk.
        this.disk = { incarnation: memory.incarnation, known: [], registers: [] };
        this.genesis = null;
        this.pulls = [];
        const way: Way = "recovers";
        Object.assign(this, { operationalSince: this.life, way, isKnown: true });
        this.place!.remember(voter, memory.known);
      }
    }
  }

  #comeBackBlank(): void {
    this.#enter();
    this.recovery = this.#newRecovery();
  }

  #enter(): void {
    this.place = new this.#paxos.Place(this.#self, this.life, this.#configuration);
  }

  #hear(from: string, header: Header): void {
    if (this.place === null || header.genesis !== this.#record.id) return;
    if (this.place.hear(from, header) === "replaced") this.#stop();
  }

  #newRecovery(): Recovery {
    return new this.#paxos.Recovery({
      self: this.#self,
      configuration: this.#configuration,
      life: this.life,
      genesis: this.#record.id,
      nextId: () => ++this.#numbers,
      lifeAfter: (life) => `${life}+`,
      isItsTurn: () => true,
      readConfiguration: () => null,
    });
  }

  #save(): void {
    const { disk, place, start } = this;
    if (disk === null || disk.isBlank) return;
    const known = this.#members.map((id) => {
      const lives = [place?.incarnations.of(id) ?? "", start?.incarnations.of(id) ?? ""];
      return [id, lives.sort().at(-1)!] as const;
    });
    const entry = place?.voter?.acceptor.stored(REGISTER);
    const registers = place?.voter == null ? disk.registers : entry ? [entry] : [];
    // What it knows of its own lives before it has confirmed its disk is not on it.
    const own = known.map(([id, life]) =>
      id === this.#self && place?.voter == null
        ? [id, disk.known.find(([one]) => one === id)?.[1] ?? ""] as const
        : [id, life] as const
    );
    this.disk = { ...disk, known: own, registers };
  }

  /** Lists what it asks now. */
  #list(): void {
    const disk = this.start?.open() ?? [];
    const recovery = this.recovery?.tick() ?? [];
    this.asking = [
      ...disk.map((out) => ({ of: "disk" as const, out })),
      ...this.pulls.map((out) => ({ of: "genesis" as const, out })),
      ...recovery.map((out) => ({ of: "recovery" as const, out })),
    ];
  }

  #header(): Header {
    const { life, place } = this;
    if (place === null) {
      return { life, clock: 0, genesis: null, epoch: 0, incarnation: null, vector: [] };
    }
    return headerOf(life, this.#record.id, place);
  }

  get #members(): readonly string[] {
    return this.#configuration.members.map(({ id }) => id);
  }
}

/** The disk of a member that waits for the record of its first start. */
const EMPTY: Disk = { incarnation: FIRST_LIFE, known: [], registers: [], isBlank: true };

const SETTINGS = { members: [], maxKeys: 10, maxBytes: Infinity };

function withoutId({ id: _, ...reply }: { id: number }): object {
  return reply;
}

function withoutNumber(request: GenesisRequest & { id?: number }): GenesisRequest {
  const { id: _, ...rest } = request;
  return rest.type === "transfer" ? { ...rest, announcement: 0 } : rest;
}
