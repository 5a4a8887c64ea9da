import { decodeValue, encodeValue, MalformedError } from "../codec.ts";
import { isUtf8Within } from "../codec/text.ts";
import type { Core } from "../node/core.ts";
import type { Limits } from "../node/shell.ts";
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

/** The first bytes of every question: a list of three whose first is the kind. */
const MARK = encodeValue([KIND, 0, 0], 100).subarray(0, 2 + KIND.length);

/**
 * The whole labels of requests for locks. The entries of a lock have only their beginnings, to bound its value; the rest
 * is asked of the nodes that made the requests.
 */
export class WholeLabels {
  readonly #core: Core;
  readonly #requests: ReadonlyMap<number, LockRequest>;

  /** `requests`: those of this node, by their numbers. */
  constructor(core: Core, requests: ReadonlyMap<number, LockRequest>) {
    this.#core = core;
    this.#requests = requests;
  }

  /** Answers a question of another node with `tell`; returns whether `body` is one. */
  asked(body: Uint8Array, tell: (body: Uint8Array) => void): boolean {
    if (!MARK.every((byte, at) => body[at] === byte)) return false;
    const [, register, numbers] = listFrom(body);
    if (!Array.isArray(numbers) || numbers.length > MOST_ASKED) return true;
    const found = numbers.flatMap((number) => {
      const label = this.#own(register, number);
      return label === undefined ? [] : [[number, label]];
    });
    tell(encodeValue(found, Infinity));
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
        const label = told.get(entry.request);
        if (isWhole(label, entry.label)) labels.set(entry, label);
      }
    }));
    return labels;
  }

  async #ask(
    node: string,
    register: RegisterId,
    entries: readonly LockEntry[],
    limits: Limits,
  ): Promise<ReadonlyMap<unknown, unknown>> {
    const core = this.#core;
    const numbers = entries.map(({ request }) => request);
    if (node === core.self) {
      return new Map(numbers.map((number) => [number, this.#own(register, number)]));
    }
    const deadline = Math.min(limits.deadline, core.runtime.now() + LONGEST_WAIT);
    const operation = core.operation<ReadonlyMap<unknown, unknown>>({ ...limits, deadline });
    const question = core.peerRequest(node, (reply) => {
      if (reply.type === "told") operation.resolve(toldBy(reply.body));
    });
    const body = encodeValue([KIND, register, numbers], Infinity);
    let cancel = () => {};
    const send = (attempt: number) => {
      question.send({ type: "ask", body });
      cancel = core.runtime.setTimer(() => send(attempt + 1), core.pacing.resend(attempt));
    };
    operation.onEnd(() => {
      cancel();
      question.close();
    });
    send(0);
    return await operation.promise.catch((error) => {
      if (limits.signal?.aborted || core.isOver) throw error;
      return new Map();
    });
  }

  #own(register: unknown, number: unknown): string | undefined {
    const request = this.#requests.get(number as number);
    return request?.register === register ? request?.label : undefined;
  }
}

/** The labels in an answer, by the numbers of their requests. */
function toldBy(body: Uint8Array): ReadonlyMap<unknown, unknown> {
  return new Map(listFrom(body).flatMap((one) => Array.isArray(one) ? [[one[0], one[1]]] : []));
}

/** The list in `body`, if it is one: an error would cost the other messages of the frame. */
function listFrom(body: Uint8Array): readonly unknown[] {
  try {
    const value = decodeValue(body);
    return Array.isArray(value) ? value : [];
  } catch (error) {
    if (error instanceof MalformedError) return [];
    throw error;
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
