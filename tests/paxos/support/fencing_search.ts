import { lifeOf as lifeOfSession } from "../../../lib/paxos/ended_lives.ts";
import { Fencing } from "../../../lib/paxos/fencing.ts";
import { type ClockReading, Lease } from "../../../lib/paxos/lease.ts";
import type { SessionReply } from "../../../lib/paxos/messages.ts";
import { CrashVector, type Sender, Tally } from "../../../lib/paxos/quorum.ts";
import { GRANT_SHARE, makeSession, SessionTable } from "../../../lib/paxos/sessions.ts";
import type { Random } from "../../../testing/random.ts";
import { isValid } from "./lease.ts";

const MEMBERS = ["a", "b", "c"];
const MAX_TTL = 1_000;

/** Duration of one history, in milliseconds of true time. */
const DURATION = 12 * MAX_TTL;

/** Counts that show whether a search has covered enough. */
export interface Sights {
  /** Sessions that a quorum granted, and sessions that a quorum fenced. */
  granted: number;
  ended: number;
  /** Members that came back with an empty memory. */
  crashes: number;
  /** Sessions whose fence an acceptor forgot while their owner still asked for them. */
  forgotten: number;
  /** Processes that ended, and proofs of that which a quorum has. */
  exits: number;
  proofs: number;
}

/** A proof that is wrong: of a process that still runs, or of the one that has taken its place. */
export type WrongProof = "early" | "wrong life";

interface Member {
  readonly rate: number;
  table: SessionTable;
  incarnation: number;
  readonly vector: CrashVector;
}

interface Owner {
  readonly node: string;
  readonly rate: number;
  /** The lease of its process; `null` while none runs. */
  lease: Lease | null;
  life: number;
  sequence: number;
}

/** Counts the fences of one session. */
interface Asker {
  readonly session: string;
  readonly rate: number;
  readonly fencing: Fencing;
}

/**
 * One random history of three acceptors, two owners of sessions and the nodes that fence them, in true time:
 * clocks whose rates differ by up to 5 %; messages that are lost, duplicated, and late by many times to live;
 * members that crash and come back, one at a time. Fences are requested at any time, also of sessions that are
 * alive. Processes end without a word, and start again under the same id; others prove the end at any moment
 * after it, several times, with late messages.
 */
export class SessionHistory {
  readonly violations: string[] = [];
  readonly #random: Random;
  readonly #sights: Sights;
  readonly #members: Member[];
  readonly #owners: Owner[];
  readonly #queue: { at: number; act: () => void }[] = [];
  /** Sessions that a quorum has fenced. */
  readonly #ended = new Set<string>();
  /** The lives that a quorum has proof about, with the true time until which all of it is kept. */
  readonly #proved = new Map<string, number>();
  readonly #wrong: WrongProof | undefined;
  /** The probability that a message of this link is lost; drawn again from time to time. */
  readonly #loss = new Map<string, number>();
  /** True time. */
  #now = 0;

  /** `wrong` is the fault of the nodes that give proofs, if they have one. */
  constructor(random: Random, sights: Sights, wrong?: WrongProof) {
    this.#random = random;
    this.#wrong = wrong;
    this.#sights = sights;
    this.#members = MEMBERS.map(() => {
      const vector = new CrashVector(MEMBERS.length);
      vector.merge(MEMBERS.map(() => lifeOf(1)));
      return { rate: this.#rate(), table: new SessionTable(MAX_TTL), incarnation: 1, vector };
    });
    this.#owners = ["m", "n"].map((node) => {
      const owner: Owner = { node, rate: this.#rate(), lease: null, life: 1, sequence: 0 };
      this.#open(owner);
      return owner;
    });
  }

  run(): void {
    for (const owner of this.#owners) this.#later(0, 300, () => this.#renew(owner));
    this.#later(0, 500, () => this.#ask());
    this.#later(0, 500, () => this.#drawLinks());
    if (this.#random.chance(0.5)) this.#later(0, 4_000, () => this.#crash());
    for (const owner of this.#owners) this.#later(0, 6_000, () => this.#exit(owner));
    while (this.#queue.length > 0) {
      let next = 0;
      for (let i = 1; i < this.#queue.length; i++) {
        if (this.#queue[i].at < this.#queue[next].at) next = i;
      }
      const [{ at, act }] = this.#queue.splice(next, 1);
      if (at > DURATION) return;
      this.#now = at;
      act();
    }
  }

  /** Rates that agree within 5 %. */
  #rate(): number {
    return this.#random.pick([0.976, 1, 1.024]);
  }

  #reading({ rate }: { readonly rate: number }): ClockReading {
    return { now: this.#now * rate, wall: this.#now * rate };
  }

  #later(shortest: number, longest: number, act: () => void): void {
    this.#queue.push({ at: this.#now + this.#random.between(shortest, longest), act });
  }

  /** A message in transit over a link; it may be lost, duplicated, and late. */
  #send(link: string, act: () => void): void {
    if (this.#random.chance(this.#loss.get(link) ?? 0)) return;
    const longest = this.#random.weighted({ 5: 20, 300: 3, 3_500: 1, 6_000: 1 });
    for (let copies = this.#random.chance(0.1) ? 2 : 1; copies > 0; copies--) {
      this.#later(0, Number(longest), act);
    }
  }

  /** Links are good, bad or cut, each direction independently. */
  #drawLinks(): void {
    for (const member of MEMBERS) {
      for (const node of ["m", "n", "asker"]) {
        for (const link of [`${node}>${member}`, `${member}>${node}`]) {
          this.#loss.set(link, Number(this.#random.weighted({ 0: 4, 0.5: 1, 1: 2 })));
        }
      }
    }
    this.#later(200, 3 * MAX_TTL, () => this.#drawLinks());
  }

  #open(owner: Owner): void {
    const ttl = this.#random.pick([300, MAX_TTL]);
    const session = makeSession(owner.node, lifeOfOwner(owner), ++owner.sequence);
    const grantWithin = GRANT_SHARE * MAX_TTL;
    const tally = () => new Tally<true>(MEMBERS);
    owner.lease = new Lease(session, { ttl, tally, grantWithin, clockError: () => 0 });
  }

  #renew(owner: Owner): void {
    const at = this.#reading(owner);
    if (owner.lease === null) return;
    if (owner.lease.isDead(at) || this.#random.chance(0.02)) {
      const over = owner.lease.session;
      owner.lease.end();
      if (this.#random.chance(0.5)) this.#end(owner, over);
      this.#open(owner);
    }
    const lease = owner.lease!;
    const renewal = lease.renew(at);
    for (const [index, member] of this.#members.entries()) {
      this.#send(`${owner.node}>${MEMBERS[index]}`, () => {
        if (!this.#isUp(member)) return;
        const { now } = this.#reading(member);
        const reply = member.table.renew(lease.session, lease.ttl, renewal, now);
        if (reply?.type !== "renewed") return;
        if (this.#ended.has(lease.session)) this.#sights.forgotten++;
        const sender = this.#sender(index);
        this.#send(`${MEMBERS[index]}>${owner.node}`, () => {
          if (owner.lease !== lease) return;
          const wasGranted = lease.wasGranted;
          lease.renewed(sender, renewal, this.#reading(owner));
          if (lease.wasGranted && !wasGranted) this.#sights.granted++;
          this.#judge(owner, lease);
        });
      });
    }
    this.#later(0, this.#random.pick([100, 300, 2_500]), () => this.#renew(owner));
  }

  #end(owner: Owner, session: string): void {
    for (const [index, member] of this.#members.entries()) {
      this.#send(`${owner.node}>${MEMBERS[index]}`, () => {
        if (this.#isUp(member)) member.table.end(session, this.#reading(member).now);
      });
    }
  }

  /** Its process ends without a word, and may start again, while others report it. */
  #exit(owner: Owner): void {
    const ended = lifeOfOwner(owner);
    const wrong = this.#wrong;
    if (wrong !== undefined) {
      this.#report(wrong === "early" ? ended : lifeOfOwner({ ...owner, life: owner.life + 1 }));
      if (wrong === "early") return;
    }
    this.#sights.exits++;
    owner.lease = null;
    for (let times = this.#random.integer(0, 3); times > 0 && wrong === undefined; times--) {
      this.#later(0, this.#random.pick([5, 3_000]), () => this.#report(ended));
    }
    this.#later(0, this.#random.pick([5, 2_000]), () => {
      owner.life++;
      owner.sequence = 0;
      this.#open(owner);
      this.#renew(owner);
      this.#later(0, 6_000, () => this.#exit(owner));
    });
  }

  /** Gives all members proof that the process of this life runs no more. */
  #report(life: string): void {
    const tally = new Tally<number>(MEMBERS);
    for (const [index, member] of this.#members.entries()) {
      this.#send(`asker>${MEMBERS[index]}`, () => {
        if (!this.#isUp(member)) return;
        member.table.over(life, this.#reading(member).now);
        const sender = this.#sender(index);
        const at = this.#now;
        this.#send(`${MEMBERS[index]}>asker`, () => {
          if (!tally.add(sender, at)) return;
          if (!this.#proved.has(life)) this.#sights.proofs++;
          // Less than the longest time to live by the fastest clock.
          const until = Math.min(...tally.replies) + 0.9 * MAX_TTL;
          this.#proved.set(life, Math.max(until, this.#proved.get(life) ?? 0));
        });
      });
    }
  }

  /** Begins to fence a session, again and again for a while. */
  #ask(): void {
    const { node, sequence, life } = this.#random.pick(this.#owners);
    const latest = this.#random.chance(0.8);
    const number = latest ? sequence : Math.max(1, sequence - 1);
    const fencing = new Fencing(MEMBERS, MAX_TTL);
    const session = makeSession(node, lifeOfOwner({ node, life }), number);
    this.#fence({ session, rate: this.#rate(), fencing }, this.#random.integer(1, 5));
    this.#later(0, 1_200, () => this.#ask());
  }

  #fence(asker: Asker, times: number): void {
    const { session, fencing } = asker;
    this.#judgeProof(session);
    const count = fencing.ask(this.#reading(asker).now);
    for (const [index, member] of this.#members.entries()) {
      this.#send(`asker>${MEMBERS[index]}`, () => {
        if (!this.#isUp(member)) return;
        const reply = member.table.fence(session, this.#reading(member).now);
        if (reply === undefined) return;
        const sender = this.#sender(index);
        this.#send(`${MEMBERS[index]}>asker`, () => this.#count(asker, count, sender, reply));
      });
    }
    if (times > 1) this.#later(20, 800, () => this.#fence(asker, times - 1));
  }

  #count(asker: Asker, count: number, sender: Sender, reply: SessionReply): void {
    const outcome = asker.fencing.receive(count, sender, reply, this.#reading(asker).now);
    if (outcome !== "ended" || this.#ended.has(asker.session)) return;
    this.#ended.add(asker.session);
    this.#sights.ended++;
    for (const owner of this.#owners) this.#judge(owner, owner.lease);
  }

  /** A session that a quorum has fenced is over for its owner, for ever: its property may belong to others. */
  #judge(owner: Owner, lease: Lease | null): void {
    if (lease === null) return;
    if (!this.#ended.has(lease.session) || !isValid(lease, this.#reading(owner))) return;
    this.violations.push(`${lease.session} is valid at ${this.#now.toFixed(0)}`);
  }

  /** While a quorum has a proof, a quorum of fences is there at once, also after restarts. */
  #judgeProof(session: string): void {
    if ((this.#proved.get(lifeOfSession(session)) ?? 0) < this.#now) return;
    const without = this.#members.filter((member) =>
      this.#isUp(member) && !member.table.isStale(session, this.#reading(member).now)
    );
    if (without.length > 1) {
      this.violations.push(`${session} counts as alive at ${this.#now.toFixed(0)}`);
    }
  }

  #isUp(member: Member): boolean {
    return member.incarnation > 0;
  }

  /** One member loses its memory, and copies that of both others after a while. */
  #crash(): void {
    const index = this.#random.integer(0, MEMBERS.length - 1);
    const member = this.#members[index];
    const before = member.incarnation;
    member.incarnation = 0;
    this.#sights.crashes++;
    this.#later(0, 1_500, () => {
      const others = this.#members.filter((other) => other !== member);
      member.incarnation = before + 1;
      for (const one of this.#members) one.vector.raise(index, lifeOf(member.incarnation));
      for (const other of others) member.vector.merge(other.vector.entries);
      member.table = new SessionTable(MAX_TTL);
      const fenced = others.flatMap(({ table }) => table.fenced());
      const ended = others.flatMap(({ table }) => table.ended());
      const over = others.flatMap(({ table }) => table.endedLives());
      member.table.recover(this.#reading(member).now, fenced, ended, over);
      this.#later(0, 5_000, () => this.#crash());
    });
  }

  #sender(index: number): Sender {
    const { incarnation, vector } = this.#members[index];
    return { member: MEMBERS[index], incarnation: lifeOf(incarnation), vector: vector.entries };
  }
}

/** Two nodes never share a life. */
function lifeOfOwner({ node, life }: Pick<Owner, "node" | "life">): string {
  return `${node}${lifeOf(life)}`;
}

function lifeOf(incarnation: number): string {
  return String(incarnation).padStart(3, "0");
}
