import { DISK_MUTATIONS } from "../mutations/model/disks.ts";
import { GUEST_MUTATIONS } from "../mutations/model/guests.ts";
import { HEIR_MUTATIONS } from "../mutations/model/heirs.ts";
import { MEMBERS_MUTATIONS } from "../mutations/model/members.ts";
import { ORDER_MUTATIONS } from "../mutations/model/orders.ts";
import { STATE_MUTATIONS } from "../mutations/model/states.ts";
import { STORAGE_MUTATIONS } from "../mutations/model/storage.ts";
import type { Found } from "./breadth.ts";
import { findBrokenGuest } from "./guests/find_broken.ts";
import { deepGuestScopes, guestScopes } from "./guests/scopes.ts";
import { GuestWorld } from "./guests/world.ts";
import { findBrokenHeir } from "./heirs/find_broken.ts";
import { heirScopes } from "./heirs/scopes.ts";
import { HeirsWorld } from "./heirs/world.ts";
import { deepDiskScopes, diskScopes } from "./members/disk_scopes.ts";
import { deepMembersScopes, membersScopes, openMembersScopes } from "./members/scopes.ts";
import { MembersWorld } from "./members/world.ts";
import { deepOrderScopes, orderScopes } from "./orders/scopes.ts";
import { OrdersWorld } from "./orders/world.ts";
import { load, loadBroken } from "./paxos.ts";
import { deepStateScopes, stateScopes } from "./states/scopes.ts";
import { StatesWorld } from "./states/world.ts";
import { deepStorageScopes, storageScopes } from "./storage/scopes.ts";
import { StorageWorld } from "./storage/world.ts";

/** A scope of another world than that of `explore`, with its exact size. */
export interface WorldScope {
  readonly name: string;
  readonly states: number;
  readonly transitions: number;
  /** What has to come up in some state. */
  readonly sees: readonly string[];
  readonly search: () => Promise<Found & { readonly cases: readonly string[] }>;
}

/** A broken rule of such a world. */
export interface WorldMutation {
  readonly name: string;
  readonly scope: string;
  /** A part of the text of the violation. */
  readonly why: string;
  readonly search: () => Promise<Found>;
}

/** The limit of states: with broken machines a search may be endless. */
const LIMIT = 1_000_000;

/**
 * The scopes of guests, of changes of the members without and with disks, of orders that are handed over, of promises that
 * are handed on, of states of singletons, and of disks.
 */
export function worldScopes(isDeep: boolean): WorldScope[] {
  const all = <T>(scopes: readonly T[], deep: readonly T[]) =>
    isDeep ? [...scopes, ...deep] : scopes;
  return [
    ...all(guestScopes, deepGuestScopes).map(({ scope, ...sizes }) => ({
      ...{ ...sizes, name: `guest: ${scope.name}`, sees: [] },
      search: async () => ({ ...new GuestWorld(scope, await load()).search(), cases: [] }),
    })),
    ...all(membersScopes, deepMembersScopes).map(({ scope, reaches, ...sizes }) => ({
      ...{ ...sizes, name: `members: ${scope.name}`, sees: [reaches] },
      search: async () => {
        const { configurations, ...found } = new MembersWorld(scope, await load()).search();
        return { ...found, cases: configurations };
      },
    })),
    ...all(diskScopes, deepDiskScopes).map(({ scope, reaches, ways, ...sizes }) => ({
      ...{ ...sizes, name: `members with disks: ${scope.name}`, sees: [reaches, ...ways] },
      search: async () => {
        const found = new MembersWorld(scope, await load()).search();
        return { ...found, cases: [...found.configurations, ...found.ways] };
      },
    })),
    ...all(orderScopes, deepOrderScopes).map(({ scope, edits, ...sizes }) => ({
      ...{ ...sizes, name: `orders: ${scope.name}`, sees: [] },
      search: async () => {
        const machines = await (edits ? loadBroken(edits) : load());
        return { ...new OrdersWorld(scope, machines).search(), cases: [] };
      },
    })),
    ...heirScopes.map(({ scope, ...sizes }) => ({
      ...{ ...sizes, name: `heirs: ${scope.name}`, sees: ["a promise is handed on"] },
      search: async () => new HeirsWorld(scope, await load()).search(),
    })),
    ...all(stateScopes, deepStateScopes).map(({ scope, ...sizes }) => ({
      ...{ ...sizes, name: `states: ${scope.name}`, sees: [] },
      search: async () => ({ ...new StatesWorld(scope, await load()).search(), cases: [] }),
    })),
    ...all(storageScopes, deepStorageScopes).map(({ scope, ways, ...sizes }) => ({
      ...{ ...sizes, name: `storage: ${scope.name}`, sees: ways },
      search: async () => {
        const { ways: cases, ...found } = new StorageWorld(scope, await load()).search();
        return { ...found, cases };
      },
    })),
  ];
}

/** The broken rules of these worlds. */
export function worldMutations(): WorldMutation[] {
  const membersToSearch = [
    ...[...membersScopes, ...diskScopes].map(({ scope }) => scope),
    ...openMembersScopes,
  ];
  return [
    ...GUEST_MUTATIONS.map((mutation) => ({
      ...mutation,
      search: async () => await findBrokenGuest(mutation),
    })),
    ...[...MEMBERS_MUTATIONS, ...DISK_MUTATIONS].map(({ edits, broken, ...mutation }) => ({
      ...mutation,
      search: async () => {
        const scope = named(mutation.scope, membersToSearch, ({ name }) => name);
        return new MembersWorld({ ...scope, broken }, await loadBroken(edits)).search(LIMIT);
      },
    })),
    ...ORDER_MUTATIONS.map(({ edits, broken, ...mutation }) => ({
      ...mutation,
      search: async () => {
        const found = named(mutation.scope, orderScopes, ({ scope }) => scope.name);
        const machines = await loadBroken([...found.edits ?? [], ...edits]);
        return new OrdersWorld({ ...found.scope, broken }, machines).search(LIMIT);
      },
    })),
    ...HEIR_MUTATIONS.map((mutation) => ({
      ...mutation,
      search: async () => await findBrokenHeir(mutation),
    })),
    ...STATE_MUTATIONS.map(({ edits, broken, ...mutation }) => ({
      ...mutation,
      search: async () => {
        const { scope } = named(mutation.scope, stateScopes, ({ scope }) => scope.name);
        return new StatesWorld({ ...scope, broken }, await loadBroken(edits)).search(LIMIT);
      },
    })),
    ...STORAGE_MUTATIONS.map(({ edits, broken, ...mutation }) => ({
      ...mutation,
      search: async () => {
        const { scope } = named(mutation.scope, storageScopes, ({ scope }) => scope.name);
        return new StorageWorld({ ...scope, broken }, await loadBroken(edits)).search(LIMIT);
      },
    })),
  ];
}

function named<T>(name: string, all: readonly T[], nameOf: (one: T) => string): T {
  const found = all.find((one) => nameOf(one) === name);
  if (found === undefined) throw new Error(`there is no scope "${name}"`);
  return found;
}
