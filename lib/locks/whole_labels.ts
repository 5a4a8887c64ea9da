import { decodeValue, encodeValue } from "../codec.ts";
import { isUtf8Within } from "../codec/text.ts";
import type { Core } from "../node/core.ts";
import { askNode, type Limits } from "../node/shell.ts";
import { type LockEntry, MAX_LABEL_BYTES } from "../paxos/lock_register.ts";
import type { RegisterId } from "../paxos/register.ts";
import { isGuest } from "../paxos/sessions.ts";
import { MAX_LABEL, shortLabel } from "./label.ts";
import type { LockRequest } from "./lock_request.ts";

/** Requests of one lock whose labels one message asks for, to bound the work for it. */
const MOST_ASKED = 100;

/** Time for the nodes' answers, in milliseconds: without them the beginnings have to do. */
const LONGEST_WAIT = 1_000;

/** The bytes of UTF-8 of one character: a shorter label than the bound less these is whole. */
const CHARACTER = 4;

/** The first field of a question. */
const KIND = "label";

/** The number, label and session of requests, by their numbers. */
type Told = ReadonlyMap<unknown, readonly unknown[] | null>;

/** The first bytes of every question: a list of three whose first is the kind. */
const MARK = encodeValue([KIND, 0, 0], 100).subarray(0, 2 + KIND.length);

/**
 * The whole labels of requests for locks. The entries of a lock have only their beginnings, to bound its value; the rest
 * is asked of the nodes that made the requests.
 */
export class WholeLabels {
  readonly #core: Core;
  readonly #requests: Pick<ReadonlyMap<number, LockRequest>, "get">;

  /** `requests`: those of this node, by their numbers. */
  constructor(core: Core, requests: Pick<ReadonlyMap<number, LockRequest>, "get">) {
    this.#core = core;
    this.#requests = requests;
  }

  /** Answers a question of another node with `tell`; returns whether `body` is one. */
  asked(body: Uint8Array, tell: (body: Uint8Array) => void): boolean {
    if (!MARK.every((byte, at) => body[at] === byte)) return false;
    const [, register, numbers] = listFrom(body);
    if (Array.isArray(numbers) && numbers.length <= MOST_ASKED) {
      tell(encodeValue(this.#own(register, numbers), Infinity));
    }
    return true;
  }

  /** The whole labels of these entries of a lock, as far as they are longer and their nodes answer in time. */
  async of(
    register: RegisterId,
    entries: readonly LockEntry[],
    limits: Limits,
  ): Promise<ReadonlyMap<LockEntry, string>> {
    const labels = new Map<LockEntry, string>();
    const byNode = new Map<string, LockEntry[]>();
    for (const entry of entries) {
      const { node } = entry.pid;
      // A guest's request has never had more than the beginning.
      if (isGuest(node) || !mayBeLonger(entry.label)) continue;
      const asked = byNode.get(node) ?? [];
      if (asked.length < MOST_ASKED) byNode.set(node, [...asked, entry]);
    }
    await Promise.all(Array.from(byNode, async ([node, asked]) => {
      const told = await this.#ask(node, register, asked, limits);
      for (const entry of asked) {
        const row = told.get(entry.request);
        // An earlier life of the node has counted its requests from 1, too.
        if (row?.[2] === entry.pid.session && isWhole(row[1], entry.label)) {
          labels.set(entry, row[1]);
        }
      }
    }));
    return labels;
  }

  async #ask(
    node: string,
    register: RegisterId,
    entries: readonly LockEntry[],
    limits: Limits,
  ): Promise<Told> {
    const core = this.#core;
    const numbers = entries.map(({ request }) => request);
    if (node === core.self) {
      return toldBy(this.#own(register, numbers));
    }
    const deadline = Math.min(limits.deadline, core.runtime.now() + LONGEST_WAIT);
    const body = encodeValue([KIND, register, numbers], Infinity);
    const told = askNode(
      core,
      node,
      body,
      { ...limits, deadline },
      (answer) => toldBy(listFrom(answer)),
    );
    return await told.catch((error) => {
      if (limits.signal?.aborted || core.isOver) throw error;
      return new Map();
    });
  }

  /** The number, label and session of each of these requests that is one of this node for that lock, and has a label. */
  #own(register: unknown, numbers: readonly unknown[]): unknown[] {
    const rows: unknown[] = [];
    for (const number of numbers) {
      const request = this.#requests.get(number as number);
      if (request?.label && request.register === register) {
        rows.push([number, request.label, request.owner.pid.session]);
      }
    }
    return rows;
  }
}

/** The rows of an answer, which may be anything, by the numbers of their requests. */
function toldBy(rows: readonly unknown[]): Told {
  return new Map((rows as (readonly unknown[] | null)[]).map((row) => [row?.[0], row]));
}

/** The list in `body`, if it is one: an error would cost the other messages of the frame. */
function listFrom(body: Uint8Array): readonly unknown[] {
  try {
    const value = decodeValue(body);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

/** Whether a label with this beginning may have been cut. */
function mayBeLonger(label: string | undefined): boolean {
  return label !== undefined && !isUtf8Within(label, MAX_LABEL_BYTES - CHARACTER);
}

/** Whether `label` is one that has this beginning. */
function isWhole(label: unknown, beginning: string | undefined): label is string {
  return typeof label === "string" && label.length <= MAX_LABEL && shortLabel(label) === beginning;
}
