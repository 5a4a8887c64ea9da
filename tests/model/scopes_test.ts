import { describe } from "@std/testing/bdd";
import { testScopes } from "./check_scopes.ts";
import { fastRoundScopes } from "./fast_scopes.ts";
import { heirScopes } from "./heir_scopes.ts";
import {
  cellScopes,
  evenScopes,
  genesisScopes,
  livesScopes,
  recoveryScopes,
  registerScopes,
} from "./scopes.ts";

describe("agreement and linearizability", () => testScopes(registerScopes));

describe("agreement and linearizability of cells, whose operations take effect at most once,", () =>
  testScopes(cellScopes));

describe("agreement and linearizability, with fast rounds,", () => testScopes(fastRoundScopes));

describe("agreement and linearizability, with promises that are handed on,", () =>
  testScopes(heirScopes));

describe("agreement and linearizability, with the loss of a memory,", () =>
  testScopes(recoveryScopes));

describe("agreement and linearizability, with the loss of a memory and an even number of members,", () =>
  testScopes(evenScopes));

describe("agreement and one genesis, with two processes of one member,", () =>
  testScopes(livesScopes));

describe("one record, of lives that were all blank at one instant,", () =>
  testScopes(genesisScopes));
