import type { BrokenShell } from "../../model/storage/member.ts";
import type { Edit } from "../../model/paxos.ts";

/** A broken rule for members with disks, and the scope that it must turn red. */
export interface StorageMutation {
  /** The broken behaviour, as a sentence. */
  readonly name: string;
  /** Changes of the machines that ship. */
  readonly edits: readonly Edit[];
  /** What a member does wrong with its disk. */
  readonly broken?: BrokenShell;
  /** The name of the scope that shows it. */
  readonly scope: string;
  /** A part of the text of the violation. */
  readonly why: string;
}

const edit = (module: string, find: string, replace: string): Edit => ({ module, find, replace });

const ROLLED_BACK =
  "one is rolled back to before it recovered, while another is gone, and stops once more";
const ROLLED_BACK_TO_DISK =
  "one is rolled back to before it started from its disk, while another is gone";
const RECOVERS = "one recovers over its disk as another goes, stops, and an append";
const INTERRUPTED =
  "the first start of four is interrupted, and one of the two that remember loses its disk";
const EMPTY_AGAIN =
  "one of five has the disk of before its first memory, one has lost its disk, and one is gone";
const VOTED_SINCE = "5 adopts the record, and has voted since";
const NOT_OVER = "which was not written over it";

const ANY_COUNT_KNOWS = edit(
  "disk_start",
  "const isKnown = this.#raised.size + 1 >= majority(this.#voters().length);",
  "const isKnown = true;",
);

/** Each must turn its scope red. */
export const STORAGE_MUTATIONS: readonly StorageMutation[] = [
  {
    name: "a member does not compare its disk with the others' vectors",
    edits: [edit("disk_start", "life > this.#found && !this.#lives.has(life)", "false")],
    scope: ROLLED_BACK,
    why: NOT_OVER,
  },
  {
    name: "a member takes its disk without answers of a majority",
    edits: [
      edit("disk_start", "if (!isReached && !isForeign) return undefined;", ""),
      edit("disk_start", 'if (!isReached) return { type: "putAside", why: "foreign" };', ""),
      edit(
        "disk_start",
        "if (this.#isWritten || !isReached) return undefined;",
        "if (this.#isWritten) return undefined;",
      ),
      ANY_COUNT_KNOWS,
    ],
    scope: ROLLED_BACK,
    why: NOT_OVER,
  },
  {
    name: "a member writes its life before it has compared its disk",
    edits: [],
    broken: "it writes its life at once",
    scope: ROLLED_BACK,
    why: NOT_OVER,
  },
  {
    name: "a stale disk is not put aside, and a life is written on it",
    edits: [],
    broken: "it keeps a disk that is stale",
    scope: ROLLED_BACK,
    why: NOT_OVER,
  },
  {
    name: "a member never writes its life",
    edits: [],
    broken: "it never writes its life",
    scope: "all stop, and two start again and stop once more",
    why: "puts aside a disk that is its memory",
  },
  {
    name: "a disk is cleared when a recovery begins",
    edits: [],
    broken: "it clears its disk as a recovery begins",
    scope: RECOVERS,
    why: "it cannot go on",
  },
  {
    name: "a copy is written over the disk piece by piece",
    edits: [],
    broken: "it copies piece by piece over its disk",
    scope: RECOVERS,
    why: NOT_OVER,
  },
  {
    name: "who hears an announcement does not note it",
    edits: [
      edit("incarnations", "incarnations.raise(from, incarnation);\n  return", "return"),
    ],
    scope: ROLLED_BACK_TO_DISK,
    why: NOT_OVER,
  },
  {
    name: "a state that was copied counts as a vote after a start from the disk",
    edits: [
      edit(
        "acceptor",
        '"copied" in one ? one.copied : accepted !== null',
        '"copied" in one ? false : accepted !== null',
      ),
    ],
    scope: "one has copied an append that is not chosen, all stop, two start again, and a read",
    why: "is taken for chosen, but is not",
  },
  {
    name: "a start from the disk is not announced",
    edits: [
      ANY_COUNT_KNOWS,
      edit("disk_start", "!this.#raised.has(to)", "false"),
      edit(
        "disk_start",
        "return this.hasStarted && this.#others().every((id) => this.#raised.has(id));",
        "return this.hasStarted;",
      ),
    ],
    scope:
      "one starts from its disk, takes a late append, and may be rolled back, while another is gone",
    why: NOT_OVER,
  },
  {
    name: "answers of members without a memory count",
    edits: [
      edit(
        "disk_start",
        'return { life, kind: "blank", sender: null };\n      case "stored"',
        'return { life, kind: "blank", sender: { member: from, incarnation: life, vector: [] } };\n      case "stored"',
      ),
    ],
    scope: "five members, one of which is rolled back, one has lost its disk, and one is gone",
    why: NOT_OVER,
  },
  {
    name: "a member that is blank in the life that the record names is no witness of a first start",
    edits: [
      edit("witnesses", "this.#blank.get(member) === life &&", "false &&"),
    ],
    scope: INTERRUPTED,
    why: "it cannot go on",
  },
  {
    name: "only all others, or a majority that remembers, may be witnesses of a first start",
    edits: [
      edit(
        "witnesses",
        "if (counted.length >= majority(members.length)) return record;",
        "if (counted.length >= members.length || this.#remembering.size + 1 >= majority(members.length)) return record;",
      ),
    ],
    scope: INTERRUPTED,
    why: "it cannot go on",
  },
  {
    name: "a blank member in another life is a witness of a first start",
    edits: [
      edit("witnesses", "this.#blank.get(member) === life &&", "this.#blank.has(member) &&"),
    ],
    scope: EMPTY_AGAIN,
    why: VOTED_SINCE,
  },
  {
    name: "fewer than a majority may be witnesses of a first start",
    edits: [
      edit(
        "witnesses",
        "if (counted.length >= majority(members.length)) return record;",
        "return record;",
      ),
    ],
    scope: EMPTY_AGAIN,
    why: VOTED_SINCE,
  },
  {
    name: "a member that tells of a later life of another one does not end its count as a witness",
    edits: [
      edit(
        "witnesses",
        "=== life && !Array.from(all.values()).some(({ vector }) => vector[index] > life)",
        "=== life",
      ),
    ],
    scope: "two of five have the disks of before their first memory, and one is gone",
    why: VOTED_SINCE,
  },
  {
    name:
      "a member with the disk of before its first memory does not compare its life with the others' vectors",
    edits: [
      edit(
        "genesis",
        "const isOver = this.#witnesses !== null && vector[voicesOf(present).indexOf(self)] > life;",
        "const isOver = false;",
      ),
    ],
    scope: EMPTY_AGAIN,
    why: VOTED_SINCE,
  },
  {
    name: "a vote of a fast round comes back from the disk as a classic one",
    edits: [
      edit(
        "acceptor",
        "new HeldRegister(promised, accepted, copied)",
        "new HeldRegister(promised, accepted && { ballot: accepted.ballot, state: accepted.state }, copied)",
      ),
    ],
    scope: "one took a fast append, the others an append, all stop, two start again, and an append",
    why: NOT_OVER,
  },
];
