import { Acceptor } from "../../lib/paxos/acceptor.ts";
import { PROMISE_TTL } from "../../lib/paxos/bare_promises.ts";
import { LamportClock } from "../../lib/paxos/ballot.ts";
import { cellChange } from "../../lib/paxos/cell_register.ts";
import { answerChange } from "../../lib/paxos/change_answers.ts";
import {
  countedSender,
  firstConfiguration,
  isNewer,
  replaceConfiguration,
  sameConfiguration,
  votersOf,
} from "../../lib/paxos/configuration.ts";
import { DiskStart } from "../../lib/paxos/disk_start.ts";
import { Genesis } from "../../lib/paxos/genesis.ts";
import { GivingUp } from "../../lib/paxos/giving_up.ts";
import { beginFor, guestChange, TicketExpired } from "../../lib/paxos/guest_change.ts";
import {
  endedByOthers,
  identity,
  ownersOf,
  putChange,
  releaseChange,
} from "../../lib/paxos/kv_register.ts";
import { Learner } from "../../lib/paxos/learner.ts";
import { LockOrders } from "../../lib/paxos/lock_orders.ts";
import { applyCommand, FREE, sameLock } from "../../lib/paxos/lock_register.ts";
import { Inheritance } from "../../lib/paxos/inheritance.ts";
import { Incarnations } from "../../lib/paxos/incarnations.ts";
import { MemberChange } from "../../lib/paxos/member_change.ts";
import { Place } from "../../lib/paxos/place.ts";
import { Proposer } from "../../lib/paxos/proposer.ts";
import { CrashVector } from "../../lib/paxos/quorum.ts";
import { QuorumRead } from "../../lib/paxos/quorum_read.ts";
import { help, Recovery } from "../../lib/paxos/recovery.ts";
import { mayForget, openState, writeState } from "../../lib/paxos/state_register.ts";
import { IssuedTickets, ShownTickets } from "../../lib/paxos/tickets.ts";
import { Voter } from "../../lib/paxos/voter.ts";
import { replaceOnce } from "../mutations/code.ts";

/** The state machines under test. */
export const shipping = {
  Acceptor,
  CrashVector,
  DiskStart,
  FREE,
  Genesis,
  GivingUp,
  Incarnations,
  Inheritance,
  IssuedTickets,
  LamportClock,
  Learner,
  LockOrders,
  MemberChange,
  PROMISE_TTL,
  Place,
  Proposer,
  QuorumRead,
  Recovery,
  ShownTickets,
  TicketExpired,
  Voter,
  answerChange,
  applyCommand,
  beginFor,
  cellChange,
  countedSender,
  endedByOthers,
  firstConfiguration,
  guestChange,
  help,
  identity,
  isNewer,
  mayForget,
  openState,
  ownersOf,
  putChange,
  releaseChange,
  replaceConfiguration,
  sameConfiguration,
  sameLock,
  votersOf,
  writeState,
};

/** The state machines under test, as they ship or opened. */
export type Paxos = typeof shipping;

const FOLDER = new URL("../../lib/paxos/", import.meta.url);

/** The modules of the machines. */
const MODULES = [
  "acceptor",
  "bare_promises",
  "ballot",
  "cell_register",
  "change_answers",
  "configuration",
  "disk_start",
  "genesis",
  "giving_up",
  "guest_change",
  "held_register",
  "incarnations",
  "inheritance",
  "kv_register",
  "learner",
  "lock_orders",
  "lock_register",
  "member_change",
  "place",
  "proposer",
  "quorum",
  "quorum_read",
  "recovery",
  "state_register",
  "tickets",
  "voter",
];

/** The machines of one search. */
export interface Machines {
  /** The machines under test. */
  readonly shipping: Paxos;
  /** The same machines with visible private fields. */
  readonly opened: Paxos;
}

/** A replacement in the source of one module. */
export interface Edit {
  /** The name of the module, without its extension. */
  readonly module: string;
  /** Exactly once in the module, however it is formatted there. */
  readonly find: string;
  readonly replace: string;
}

/** The machines that ship, and their opened twins. */
export async function load(): Promise<Machines> {
  return { shipping, opened: await open([]) };
}

/** Silences the assertions of the machines. */
const UNASSERTED: Edit = {
  module: "invariant",
  find: "  if (condition) return;\n",
  replace: "  return;\n",
};

/**
 * Machines that are broken on purpose. They assert nothing: a search has to find a violation by its own rules, not by
 * those that the machines know.
 */
export async function loadBroken(edits: readonly Edit[]): Promise<Machines> {
  const opened = await open([...edits, UNASSERTED]);
  return { shipping: opened, opened };
}

/**
 * The machines with visible private fields: their source with `_name` in place of `#name`. A search must
 * distinguish states by all fields of the machines, including later additions, and code outside of a class
 * cannot read a private field.
 */
async function open(edits: readonly Edit[]): Promise<Paxos> {
  const urls = new Map<string, string>();
  try {
    // Sequentially, so that each module is opened once.
    const modules = [];
    for (const name of MODULES) {
      modules.push(await import(await opened(`./${name}.ts`, edits, urls)));
    }
    const machines: Paxos = Object.assign({}, ...modules);
    for (const name of Object.keys(shipping)) {
      if (!(name in machines)) throw new Error(`no opened module exports ${name}`);
    }
    return machines;
  } finally {
    for (const url of urls.values()) URL.revokeObjectURL(url);
  }
}

/** Opens a module and its imports; returns the URL of the result. */
async function opened(
  specifier: string,
  edits: readonly Edit[],
  urls: Map<string, string>,
): Promise<string> {
  const known = urls.get(specifier);
  if (known !== undefined) return known;
  let source = await Deno.readTextFile(new URL(specifier, FOLDER));
  for (const { module, find, replace } of edits) {
    if (specifier !== `./${module}.ts`) continue;
    source = replaceOnce(source, find, replace);
  }
  source = source.replace(/^import type [^;]*;$/gm, "").replace(/#(?=[a-z])/gi, "_");
  for (const [, imported] of source.matchAll(/^(?:import|\}) .*from "(\.\/[a-z_]+\.ts)";$/gm)) {
    source = source.replaceAll(`"${imported}"`, `"${await opened(imported, edits, urls)}"`);
  }
  const url = URL.createObjectURL(new Blob([source], { type: "application/typescript" }));
  urls.set(specifier, url);
  return url;
}
