import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { encodeConfiguration } from "../../lib/codec.ts";
import type { Life } from "../../lib/paxos/ballot.ts";
import { firstConfiguration, withoutMember } from "../../lib/paxos/configuration.ts";
import { CONFIGURATION, type State } from "../../lib/paxos/register.ts";
import { Simulation } from "../../testing/simulation.ts";
import { Chain } from "./chain.ts";
import { Lists } from "./lists.ts";
import type { Station } from "./simulated_cluster.ts";
import { World } from "./world.ts";

const MEMBERS = ["a", "b", "c", "d", "e"];

function lifeOf(digit: string): Life {
  return digit.padStart(20, "0");
}

const FIRST = firstConfiguration(MEMBERS, MEMBERS.map(lifeOf));
const LESS = withoutMember(FIRST, "e");
/** Another one of the same epoch. */
const OTHER = withoutMember(FIRST, "d");
const BALLOT = { counter: 1, life: lifeOf("a") };
const STATE: State = {
  present: true,
  token: 1,
  over: 0,
  op: `${lifeOf("a")}/1`,
  value: encodeConfiguration(LESS),
  bindings: [],
  owners: [],
};

/** Members a to e, of which `a` asks for a configuration, and the checker of the votes for it. */
class Votes {
  readonly lists = new Lists(MEMBERS);
  readonly violations: string[] = [];
  readonly #stations: Station[] = [];
  readonly #world: World;
  readonly #chain: Chain;

  constructor() {
    this.#world = new World(new Simulation("votes"), () => this.#stations);
    const report = (violation: string) => void this.violations.push(violation);
    this.#chain = new Chain(this.#world, this.lists, report, false);
    for (const id of MEMBERS) this.start(id, lifeOf(id));
  }

  start(id: string, life: Life): void {
    const station = { id, name: id, node: { life, hasQuorum: false }, down: false };
    const machine = { time: 0, crashed: false };
    this.#stations.push({ ...station, machine } as unknown as Station);
  }

  /** A process stops, and the next one of this member starts, as `life`. */
  restart(id: string, life: Life): void {
    const station = this.#stations.findLast((one) => one.id === id)!;
    Object.assign(station.machine, { crashed: true });
    station.down = true;
    this.start(id, life);
  }

  /** The process with this life votes for another register, say. */
  votes(life: Life): void {
    this.#world.voted(life);
  }

  /** The process with this life accepts the configuration; `crashes`: the later incarnations that it knows of. */
  accept(life: Life, crashes: Record<string, Life> = {}): void {
    this.acceptAt(BALLOT.counter, STATE, life, crashes);
  }

  /** As {@linkcode accept}, a configuration at a ballot of `a`. */
  acceptAt(counter: number, state: State, life: Life, crashes: Record<string, Life> = {}): void {
    const known = new Map([...FIRST.members.map(({ id, life }) => [id, life] as const)]);
    for (const [id, later] of Object.entries(crashes)) known.set(id, later);
    this.#chain.accepted(CONFIGURATION, { ...BALLOT, counter }, state, life, FIRST, known);
  }

  /** The violations at the end. */
  finish(): readonly string[] {
    this.#chain.finish();
    return this.violations;
  }
}

describe("Chain", () => {
  it("takes a configuration for chosen with the vote of a process that had ended, for those that have not heard of the next one", () => {
    for (const hasVoted of [false, true]) {
      const votes = new Votes();
      votes.accept(lifeOf("a"));
      votes.accept(lifeOf("b"));
      votes.restart("b", lifeOf("f"));
      if (hasVoted) votes.votes(lifeOf("f"));
      assertEquals(votes.lists.follows(LESS), false, "two of five");
      votes.accept(lifeOf("c"));
      assertEquals(votes.lists.follows(LESS), true);
      assertEquals(votes.violations, []);
    }
  });

  it("takes it for not chosen, if one of those has heard of the next one", () => {
    const votes = new Votes();
    votes.accept(lifeOf("a"));
    votes.accept(lifeOf("b"));
    votes.restart("b", lifeOf("f"));
    votes.accept(lifeOf("c"), { b: lifeOf("f") });
    assertEquals(votes.lists.follows(LESS), false);
    // It answers again, to the same.
    votes.accept(lifeOf("c"));
    assertEquals(votes.lists.follows(LESS), false);
    votes.accept(lifeOf("d"));
    assertEquals(votes.lists.follows(LESS), true, "three of five");
  });

  it("takes it for not chosen with the vote of a process that runs beside the next one, either", () => {
    const votes = new Votes();
    votes.accept(lifeOf("a"));
    votes.accept(lifeOf("b"));
    votes.start("b", lifeOf("f"));
    votes.accept(lifeOf("c"), { b: lifeOf("f") });
    assertEquals(votes.lists.follows(LESS), false);
  });

  it("takes a floor for what a configuration was written over, unless that was chosen", () => {
    const other: State = { ...STATE, token: 2, over: 1, value: encodeConfiguration(OTHER) };
    const late = new Votes();
    late.accept(lifeOf("a"));
    late.acceptAt(2, other, lifeOf("b"));
    for (const voter of ["c", "d", "e"]) late.acceptAt(3, STATE, lifeOf(voter));
    assertEquals(late.finish(), []);
    const forked = new Votes();
    for (const voter of ["a", "b", "c"]) forked.accept(lifeOf(voter));
    for (const voter of ["a", "b", "c"]) forked.acceptAt(2, other, lifeOf(voter));
    assertEquals(forked.finish().length, 1, forked.violations.join());
  });
});
