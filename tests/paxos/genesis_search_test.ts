// Runs in Deno alone: a long search over pure code.

import { describe, it } from "@std/testing/bdd";
import { assert } from "@std/assert";
import { type GenesisPlan, GenesisSearch } from "./support/genesis_search.ts";

/** Visits every state, and at least `atLeast` of them: otherwise some were left out. */
function explore(plan: GenesisPlan, atLeast: number): void {
  const states = new GenesisSearch(plan).explore();
  assert(states >= atLeast, `${states} states`);
}

const two = { members: ["a", "b"], running: ["a1", "b1"] };
const three = { members: ["a", "b", "c"], running: ["a1", "b1", "c1"] };

describe("Genesis: never two majorities, never stuck, in every order of messages", () => {
  it("one member, and one that restarts", () => {
    explore({ members: ["a"], running: ["a1"], ticks: 2 }, 2);
    explore({ members: ["a"], running: ["a1"], restarts: ["a2"], ticks: 2 }, 4);
  });

  it("two members that ask twice each", () => {
    explore({ ...two, ticks: 2 }, 300);
  });

  it("two members, the second of which restarts at any time", () => {
    explore({ ...two, restarts: ["b2"], ticks: 1 }, 350);
  });

  it("two members, the first of which restarts at any time", () => {
    explore({ ...two, restarts: ["a2"], ticks: 1 }, 900);
  });

  it("two members, and a second process of the first one", () => {
    explore({ ...two, twins: ["a2"], ticks: 1 }, 5_000);
  });

  it("three members", () => {
    explore({ ...three, ticks: 1 }, 5_000);
  });

  it("three members, one of which restarts at any time, records pulled promptly", () => {
    explore({ ...three, restarts: ["c2"], ticks: 1, promptPulls: true }, 2_500);
    explore({ ...three, restarts: ["a2"], ticks: 1, promptPulls: true }, 8_000);
  });
});

describe("Genesis: the same along random paths", () => {
  it("three members, a second process of the first one, and a restart of another", () => {
    const plan = { ...three, twins: ["a2"], restarts: ["c2"], ticks: 2 };
    new GenesisSearch(plan).walk(100, 1);
    new GenesisSearch({ ...plan, promptPulls: true }).walk(200, 2);
    new GenesisSearch({ ...plan, twinsHear: true }).walk(100, 5);
    new GenesisSearch({ ...plan, twinsHear: true, promptPulls: true }).walk(200, 6);
  });

  it("members of which two go on from their disks, and a minority loses its disks", () => {
    const four = { members: ["a", "b", "c", "d"], running: ["a1", "b1", "c1", "d1"] };
    const plan = { ...four, resumes: ["c", "d"], ticks: 2, promptPulls: true };
    for (const seed of [1, 3]) new GenesisSearch({ ...plan, restarts: ["b2"] }).walk(100, seed);
    new GenesisSearch({ ...plan, restarts: ["a2"] }).walk(100, 5);
    const five = { members: [...four.members, "e"], running: [...four.running, "e1"] };
    new GenesisSearch({ ...plan, ...five, restarts: ["a2", "b2"] }).walk(60, 7);
  });

  it("members that go on from their disks beside a second process of the first one", () => {
    const plan = { ...three, twins: ["a2"], restarts: ["c2"], resumes: ["b"], ticks: 2 };
    new GenesisSearch(plan).walk(100, 1);
    new GenesisSearch({ ...plan, twinsHear: true }).walk(100, 2);
  });

  it("three members, two of which restart", () => {
    const plan = { ...three, restarts: ["a2", "c2"], ticks: 2 };
    new GenesisSearch(plan).walk(100, 3);
    new GenesisSearch({ ...plan, promptPulls: true }).walk(200, 4);
  });
});
