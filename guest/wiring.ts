import { Locks } from "../lib/locks/locks.ts";
import type { Runtime } from "../lib/node/runtime/runtime.ts";
import { LamportClock } from "../lib/paxos/ballot.ts";
import type { Process } from "../lib/processes/process.ts";
import { SingletonCalls } from "../lib/singletons/singleton_calls.ts";
import { Calls } from "../lib/singletons/calls.ts";
import { InstanceLocations } from "../lib/singletons/instance_locations.ts";
import { GuestAttempts, GuestFinder } from "./calls.ts";
import type { ConnectSettings } from "./connect_options.ts";
import { GuestHandovers } from "./handovers.ts";
import { Link, type LinkEvents } from "./link.ts";
import { GuestLocks } from "./locks.ts";
import { GuestOperations } from "./operations.ts";
import { GuestOwners } from "./owners.ts";
import { GuestSession, type GuestSessionEvents } from "./session.ts";
import { GuestShell } from "./shell.ts";
import { GuestCells } from "./cells.ts";
import { GuestStore } from "./store.ts";

/** The parts of a guest, each connected to those that it needs. */
export interface GuestParts {
  readonly shell: GuestShell;
  readonly session: GuestSession;
  readonly operations: GuestOperations;
  readonly link: Link;
  readonly owners: GuestOwners;
  readonly store: GuestStore;
  readonly cells: GuestCells;
  readonly lockRequests: GuestLocks;
  readonly locks: Locks;
  readonly calls: SingletonCalls;
  readonly processes: Set<Process<unknown>>;
  /** Aborts when the guest closes. */
  readonly closing: AbortController;
}

/** What the parts of a guest tell the guest itself. */
export type GuestHooks =
  & Omit<LinkEvents, "handover">
  & Pick<GuestSessionEvents, "granted" | "lost">;

/** Gateways tell of lost hosts when a call meets one: nothing is watched. */
const NO_MONITOR = { watch: () => () => {} };

/** Makes and connects the parts of a guest; connects to no server. */
export function wireGuest(
  settings: ConnectSettings,
  runtime: Runtime,
  hooks: GuestHooks,
): GuestParts {
  const { id, life, timeout, sessionTtl: ttl, callTimeout, transport } = settings;
  const name = `~${id}`;
  const shell = new GuestShell(runtime, timeout);
  const clock = new LamportClock();
  const link = new Link({
    ...{ shell, clock, transport, identity: { id, life } },
    events: {
      ...hooks,
      restarted: (genesis) => {
        locations.clear();
        hooks.restarted(genesis);
      },
      handover: (message) => handovers.take(message),
    },
  });
  const session = shell.session = new GuestSession(shell, { name, life, ttl }, {
    ...hooks,
    look: () => {
      const run = operations.begin({ type: "session", node: name }, { deadline: Infinity });
      return run.operation.promise.then(() => {}, () => {});
    },
    renew: (session, renewal, ttl) => link.post({ type: "renew", session, renewal, ttl }),
  });
  const operations = new GuestOperations(shell, clock, link);
  const owners = new GuestOwners(name, shell, operations);
  const store = new GuestStore(name, shell, operations, owners);
  const cells = new GuestCells(store, operations);
  const handovers: GuestHandovers = new GuestHandovers(shell, owners, store);
  const lockRequests = new GuestLocks(shell, operations);
  const locks = new Locks(shell, owners, lockRequests);
  const locations = new InstanceLocations(NO_MONITOR);
  const finder = new GuestFinder(shell, operations, locations);
  const outbound = new GuestAttempts({ shell, clock, life, operations });
  const attempts = new Calls({
    shell,
    finder,
    outbound,
    locations,
    callTimeout: settings.callTimeout,
  });
  const calls = new SingletonCalls({ shell, calls: attempts, finder, callTimeout });
  return {
    ...{ shell, session, operations, link, owners, store, cells, lockRequests, locks, calls },
    processes: new Set<Process<unknown>>(),
    closing: new AbortController(),
  };
}
