import { PROMISE_TTL } from "../../lib/paxos/acceptor.ts";
import { LamportClock } from "../../lib/paxos/ballot.ts";
import { Genesis } from "../../lib/paxos/genesis.ts";
import { GivingUp } from "../../lib/paxos/giving_up.ts";
import { identity, putChange } from "../../lib/paxos/kv_register.ts";
import { Proposer } from "../../lib/paxos/proposer.ts";
import { CrashVector } from "../../lib/paxos/quorum.ts";
import { Reader } from "../../lib/paxos/reader.ts";
import { help, Recovery } from "../../lib/paxos/recovery.ts";
import { Voter } from "../../lib/paxos/voter.ts";

/** The state machines under test. */
export const shipping = {
  CrashVector,
  Genesis,
  GivingUp,
  LamportClock,
  PROMISE_TTL,
  Proposer,
  Reader,
  Recovery,
  Voter,
  help,
  identity,
  putChange,
};

/** The state machines under test, as they ship or opened. */
export type Paxos = typeof shipping;

const FOLDER = new URL("../../lib/paxos/", import.meta.url);

/** The modules that the machines come from. */
const MODULES = [
  "acceptor",
  "ballot",
  "genesis",
  "giving_up",
  "kv_register",
  "proposer",
  "quorum",
  "reader",
  "recovery",
  "voter",
];

/** The machines of one search. */
export interface Machines {
  /** Those that are searched through. */
  readonly shipping: Paxos;
  /** The same with all that is private in view. */
  readonly opened: Paxos;
}

/** A piece of the source of one module, and what stands there instead. */
export interface Edit {
  /** The name of the module, without its ending. */
  readonly module: string;
  /** Once in the module. */
  readonly find: string;
  readonly replace: string;
}

/** The machines that ship, and their opened twins. */
export async function load(): Promise<Machines> {
  return { shipping, opened: await open([]) };
}

/** Machines that do not ship, since something in them is broken on purpose. */
export async function loadBroken(edits: readonly Edit[]): Promise<Machines> {
  const opened = await open(edits);
  return { shipping: opened, opened };
}

/**
 * The machines with all that is private in view: their source, in which `_name` stands for
 * `#name`. A search has to tell states apart by everything that the machines remember, also by fields
 * that are added one day, and nothing outside a class can read a private field.
 */
async function open(edits: readonly Edit[]): Promise<Paxos> {
  const urls = new Map<string, string>();
  try {
    // One after the other, so that each is opened once.
    const modules = [];
    for (const name of MODULES) {
      modules.push(await import(await opened(`./${name}.ts`, edits, urls)));
    }
    const machines: Paxos = Object.assign({}, ...modules);
    for (const name of Object.keys(shipping)) {
      if (!(name in machines)) throw new Error(`no module of those that were opened has ${name}`);
    }
    return machines;
  } finally {
    for (const url of urls.values()) URL.revokeObjectURL(url);
  }
}

/** Opens a module and those that it imports; gives the address of what came out. */
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
    const parts = source.split(find);
    if (parts.length !== 2) throw new Error(`not once in ${module}.ts: ${find}`);
    source = parts.join(replace);
  }
  source = source.replace(/^import type [^;]*;$/gm, "").replace(/#(?=[a-z])/gi, "_");
  for (const [, imported] of source.matchAll(/^(?:import|\}) .*from "(\.\/[a-z_]+\.ts)";$/gm)) {
    source = source.replaceAll(`"${imported}"`, `"${await opened(imported, edits, urls)}"`);
  }
  const url = URL.createObjectURL(new Blob([source], { type: "application/typescript" }));
  urls.set(specifier, url);
  return url;
}
