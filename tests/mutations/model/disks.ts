import type { Edit } from "../../model/paxos.ts";
import type { MembersMutation } from "./members.ts";

const edit = (module: string, find: string, replace: string): Edit => ({ module, find, replace });

const ADMITTED =
  "two members, a third is admitted with the first and writes, all stop, and an append";
const REMOVED = "three members, one is removed with the third, all stop, and an append";
const RESTARTED =
  "three members, one is removed with the third, the second starts again, and an append";
const ROLLED_BACK =
  "two members, a third is added, the first is rolled back to before that, and an append";
const LEFT =
  "three members, one is removed while it is down, the second after it, all stop, and an append";
const ALONE =
  "three members, one is removed while it is down, the second after it, all stop, and these two start";
const NEW_LIST =
  "two members, a third is admitted with the first and writes, all stop, the first for ever, and the " +
  "others have the new list";
const NEITHER_KNOWS =
  "two members have accepted that one is removed, and do not know it, both stop, and an append";
const HALF_ADMITTED =
  "two members, one has accepted that a third is admitted, and the others start again";
const WITHOUT_DISK =
  "two members, one has accepted that a third is admitted, which loses its disk, the others start again, and " +
  "an append";
const NOT_OVER = "which was not written over it";

/** Broken rules for members with disks while the members change. Each must turn its scope red. */
export const DISK_MUTATIONS: readonly MembersMutation[] = [
  {
    name: "the configuration that a member learns is not on its disk before it answers",
    edits: [],
    broken: "the configuration that it learns is not on its disk before it answers",
    scope: ALONE,
    why: NOT_OVER,
  },
  {
    name: "a member takes its disk, and the list that is there, without answers of a majority",
    edits: [
      edit("disk_start", "if (!isReached && !isForeign) return undefined;", ""),
      edit("disk_start", 'if (!isReached) return { type: "putAside", why: "foreign" };', ""),
      edit(
        "disk_start",
        "if (this.#isWritten || !isReached) return undefined;",
        "if (this.#isWritten) return undefined;",
      ),
      edit(
        "disk_start",
        "const isKnown = this.#raised.size + 1 >= majority(this.#voters().length);",
        "const isKnown = true;",
      ),
    ],
    scope: ROLLED_BACK,
    why: NOT_OVER,
  },
  {
    name: "a disk of before a change is not compared with what the others know",
    edits: [edit("disk_start", "life > this.#found && !this.#lives.has(life)", "false")],
    scope: ROLLED_BACK,
    why: NOT_OVER,
  },
  {
    name: "a start from a disk does not follow a newer list",
    edits: [
      edit(
        "disk_start",
        "if (!isNewer(configuration, this.#configuration)) return undefined;",
        "return undefined;",
      ),
    ],
    scope: ADMITTED,
    why: "it cannot go on",
  },
  {
    name: "a node that joins, and has started again, does not say what its disk holds",
    edits: [
      edit(
        "disk_start",
        'if (request.type === "incarnation" || header.genesis !== record.id) return undefined;',
        'if (request.type !== "announce" || header.genesis !== record.id) return undefined;',
      ),
    ],
    scope: HALF_ADMITTED,
    why: "it cannot go on",
  },
  {
    name: "a node that joins, and has lost its disk, is waited for",
    edits: [edit("recovery", "isLost && this.#copies.reached", "false")],
    scope: WITHOUT_DISK,
    why: "it cannot go on",
  },
  {
    name: "a disk of an earlier list counts",
    edits: [
      edit(
        "disk_start",
        "if (!this.#isOfList(reply.members) || epoch !== configuration.epoch) return undefined;",
        "",
      ),
    ],
    scope: REMOVED,
    why: "puts aside a disk that is its memory",
  },
  {
    name: "while the members change, a member recovers over its disk from those of one list only",
    edits: [
      edit(
        "configuration",
        "if (!configuration.settled) lists.push(votersBefore(configuration));",
        "",
      ),
    ],
    scope: RESTARTED,
    why: NOT_OVER,
  },
  {
    name: "a disk of a node that was removed is a memory",
    edits: [
      edit("configuration", "return votersOf(configuration).includes(self) &&", "return true &&"),
      edit("standing", 'return "outside";', 'return incarnation === null ? "outside" : "votes";'),
      edit(
        "disk_start",
        "tally.reached && this.#voters().includes(this.#options.self)",
        "tally.reached",
      ),
    ],
    scope: LEFT,
    why: "votes under a list without it",
  },
  {
    name: "a member waits for a recovery that cannot come to an end, though its disk has all",
    edits: [edit("disk_start", "this.#isUncovered = true;", "")],
    scope: NEITHER_KNOWS,
    why: "it cannot go on",
  },
  {
    name: "a start from a disk asks only those that the disk names",
    edits: [
      edit(
        "disk_start",
        "return this.#options.members.filter((id) => !known.includes(id));",
        "return this.#options.members.filter((id) => !known.includes(id) && false);",
      ),
    ],
    scope: NEW_LIST,
    why: "it cannot go on",
  },
];
