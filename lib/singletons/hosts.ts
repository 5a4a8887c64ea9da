import type { Key } from "../codec/key.ts";
import { MAX_HOSTS } from "../codec/limits.ts";
import { registerId } from "../codec/register_id.ts";
import { encodeValue, UnencodableError } from "../codec/value.ts";
import { type OptionNames, refuseUnknown } from "../options.ts";
import { REGISTER_KINDS, type RegisterId } from "../paxos/register.ts";
import { show } from "../show.ts";
import { type AnySpec, checkSpec } from "./spec.ts";

/**
 * An instance that always runs somewhere: it starts when the cluster has a quorum, and again after its end, whatever
 * `restart` says, and after all nodes were stopped.
 */
export interface KeptInstance {
  /** The spec; the node can also run other instances of it. */
  spec: AnySpec;
  /** The key of the instance. */
  key: Key;
  /** The arguments of its start, of the node that runs it. Default: none. */
  args?: readonly unknown[];
}

/** What is needed to start an instance. */
export interface StartableInstance {
  readonly spec: AnySpec;
  /** The encoded arguments of its start. */
  readonly args: Uint8Array;
}

/** What a node can run, and what of it always has to run somewhere. */
export interface Hosted {
  readonly specs: readonly AnySpec[];
  readonly kept: ReadonlyMap<RegisterId, StartableInstance>;
}

const NAMES: OptionNames<KeptInstance> = { spec: true, key: true, args: true };

/** Checks the list of what a node can host; the arguments of an instance take at most `maxBytes`. */
export function checkHosts(hosts: unknown, maxBytes: number): Hosted {
  if (hosts === undefined) return { specs: [], kept: new Map() };
  if (!Array.isArray(hosts)) {
    throw new TypeError(`Cannot join: hosts must be a list of specs, received ${show(hosts)}`);
  }
  if (hosts.length > MAX_HOSTS) {
    throw new TypeError(
      `Cannot join: hosts must be at most ${MAX_HOSTS}, received ${hosts.length}`,
    );
  }
  const specs = new Map<string, AnySpec>();
  const plain = new Set<string>();
  const kept = new Map<RegisterId, StartableInstance>();
  for (const [index, host] of hosts.entries()) {
    const where = `Cannot join: hosts[${index}]`;
    const isKept = isKeptInstance(host);
    const spec = checkSpec(isKept ? host.spec : host, isKept ? `${where}.spec` : where);
    const { id } = spec;
    const isOther = specs.has(id) && specs.get(id) !== spec;
    if (isOther || (!isKept && plain.has(id))) {
      throw new TypeError(`${where}${isKept ? ".spec" : ""}.id occurs twice: ${show(id)}`);
    }
    specs.set(id, spec);
    if (!isKept) {
      plain.add(id);
      continue;
    }
    const [register, args] = checkKept(host, where, maxBytes);
    if (kept.has(register)) {
      throw new TypeError(`${where}.key occurs twice for ${show(id)}: ${show(host.key)}`);
    }
    kept.set(register, { spec, args });
  }
  return { specs: [...specs.values()], kept };
}

function isKeptInstance(host: unknown): host is KeptInstance {
  return typeof host === "object" && host !== null && "spec" in host && !("start" in host);
}

function checkKept(
  host: KeptInstance,
  where: string,
  maxBytes: number,
): [register: RegisterId, args: Uint8Array] {
  refuseUnknown(where, host, NAMES);
  const { spec, key, args = [] } = host;
  if (!Array.isArray(args)) {
    throw new TypeError(`${where}.args must be a list, received ${show(args)}`);
  }
  return [registerOf(spec, key, where), encodeArgs(args, where, maxBytes)];
}

function registerOf(spec: AnySpec, key: Key, where: string): RegisterId {
  try {
    return registerId(REGISTER_KINDS.singleton, spec.id, key);
  } catch (error) {
    throw new TypeError(`${where}.key: ${(error as Error).message}`, { cause: error });
  }
}

function encodeArgs(args: readonly unknown[], where: string, maxBytes: number): Uint8Array {
  try {
    return encodeValue(args, maxBytes);
  } catch (error) {
    if (!(error instanceof UnencodableError)) throw error;
    throw new TypeError(`${where}.args cannot be sent: ${error.message}`);
  }
}
