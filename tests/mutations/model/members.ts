import type { MembersScope } from "../../model/members/world.ts";
import type { Edit } from "../../model/paxos.ts";

/** A broken rule for changes of the members, and the scope that it must turn red. */
export interface MembersMutation {
  /** The broken behaviour, as a sentence. */
  readonly name: string;
  /** Changes of the machines that ship. */
  readonly edits: readonly Edit[];
  /** A fault of the part that the model has its own. */
  readonly broken?: MembersScope["broken"];
  /** The name of the scope that shows it. */
  readonly scope: string;
  /** A part of the text of the violation. */
  readonly why: string;
}

const edit = (module: string, find: string, replace: string): Edit => ({ module, find, replace });

const MOVED = "one member, another is added, the first is removed, and an append";
const FORGOTTEN = "one member, another is added, and what was released is forgotten";
const SESSION = "three members, two are removed, one after the other, and a session";
const BESIDE =
  "two members, the second starts again beside its earlier process, and the first is removed";
const BACK =
  "three members, the third is back beside its earlier process, a fourth is added, the first is " +
  "removed, and two appends";
const NOT_OVER = "which was not written over it";
const TWICE = "took effect twice";
const BELIEVES = "a session has ended while its owner believes in it";

const TAKES_MEANWHILE = edit(
  "voter",
  "if (this.#isSettled) return withIds(request.id, this.acceptor.handle(request, from, now));",
  "return withIds(request.id, this.acceptor.handle(request, from, now));",
);

/** Each must turn its scope red. */
export const MEMBERS_MUTATIONS: readonly MembersMutation[] = [
  {
    name: "a change is settled without a sweep",
    edits: [
      edit("member_change", "this.#toRewrite = new Set(inventory.registers);", ""),
    ],
    scope: MOVED,
    why: TWICE,
  },
  {
    name: "a change sweeps what a minority lists",
    edits: [
      edit(
        "inventory",
        "this.#lists = new Tally(members);",
        "this.#lists = new Tally(members, [{ of: members, needed: 1 }]);",
      ),
    ],
    scope: MOVED,
    why: TWICE,
  },
  {
    name: "a member is admitted and settled at once: what is not settled is replaced",
    edits: [
      edit(
        "configuration",
        "members: [...members, { ...joining, since }], joining: null",
        "members: [...members, { ...joining, since }], joining: null, settled: true",
      ),
    ],
    scope: MOVED,
    why: TWICE,
  },
  {
    name: "requests of an older epoch are served, and replies of another one count",
    edits: [
      edit(
        "standing",
        'mark.epoch < epoch ? "tell" : "ask"',
        'mark.epoch < epoch ? "serve" : "ask"',
      ),
      edit(
        "configuration",
        "incarnation === null || header.epoch !== configuration.epoch",
        "incarnation === null",
      ),
    ],
    scope: MOVED,
    why: "is taken for chosen, but is not",
  },
  {
    name: "a new member copies before a majority knows that it joins",
    edits: [
      edit("recovery", "    if (header.epoch !== configuration.epoch) return { ask: [] };\n", ""),
      edit("recovery", "  if (header.epoch !== epoch) return undefined;\n", ""),
      edit(
        "recovery",
        "includes(from) && from !== joining?.id) return undefined;",
        "includes(from) && false) return undefined;",
      ),
    ],
    scope: FORGOTTEN,
    why: NOT_OVER,
  },
  {
    name: "registers are forgotten while the members change",
    edits: [
      edit("voter", "if (!this.#isSettled) return { reply: undefined, pushes: [] };", ""),
    ],
    broken: "they forget while the members change",
    scope: FORGOTTEN,
    why: NOT_OVER,
  },
  {
    name: "a new member neither copies the floor, nor is its floor raised by the sweep",
    edits: [
      edit("recovery", "floor: Math.max(...copies.map((copy) => copy.floor)),", "floor: 0,"),
      edit("acceptor", "if (floor > this.#floor) this.#floor = floor;", ""),
    ],
    scope:
      "one member, another is added, the first is removed, and an append to what was forgotten",
    why: NOT_OVER,
  },
  {
    name: "two members are removed at once",
    edits: [
      edit(
        "configuration",
        "members: members.filter((member) => member !== leaving),",
        "members: members.slice(-1),",
      ),
    ],
    scope: "three members, one is removed with the third, and two appends",
    why: TWICE,
  },
  {
    name: "a change is settled at once after it has spread",
    edits: [
      edit(
        "member_change",
        "if (now - this.#spreadAt < maxTtl / OWNER_SHARE + clockError()) return;",
        "",
      ),
    ],
    scope: SESSION,
    why: BELIEVES,
  },
  {
    name: "the wait before a change is settled counts from before it has spread",
    edits: [edit("member_change", "    this.#spreadAt = now;\n", "")],
    scope: SESSION,
    why: BELIEVES,
  },
  {
    name: "a configuration is written without looking at the one that it replaces",
    edits: [
      edit("configuration", "sameConfiguration(current, expected) ? next : null", "next"),
    ],
    scope: "two members, one is removed and added again, and another node finishes it",
    why: "does not follow",
  },
  {
    name: "while the members change, a member recovers from those of one configuration only",
    edits: [
      edit(
        "configuration",
        "if (!configuration.settled) lists.push(votersBefore(configuration));",
        "",
      ),
    ],
    scope: "three members, one is removed with the third, the second starts again, and an append",
    why: NOT_OVER,
  },
  {
    name: "one of two members recovers while a third may have decided with it",
    edits: [edit("recovery", "if (!this.#isCovered(memory))", "if (false)")],
    scope:
      "two members, a third is admitted with the first, which starts again, an append, and a read",
    why: NOT_OVER,
  },
  {
    name: "the first of two members comes back from the second before all is in its memory",
    edits: [
      edit(
        "recovery",
        "return settles(readConfiguration(accepted), configuration);",
        "return true;",
      ),
    ],
    scope: "one member, another is admitted, two appends, and the first starts again",
    why: NOT_OVER,
  },
  {
    name: "a configuration is passed on without incarnations",
    edits: [edit("incarnations", "return this.#withOthers([...this.#lives]);", "return [];")],
    scope: BACK,
    why: NOT_OVER,
  },
  {
    name: "a member passes on a configuration without incarnations",
    edits: [edit("place", "incarnations: this.incarnations.all };", "incarnations: [] };")],
    scope: BESIDE,
    why: NOT_OVER,
  },
  {
    name: "a node that changes the members passes on a configuration without incarnations",
    edits: [
      edit(
        "member_change",
        "const incarnations = this.#options.incarnations();",
        "const incarnations: [] = [];",
      ),
    ],
    scope: BESIDE,
    why: NOT_OVER,
  },
  {
    name: "the incarnations that a quorum knows do not go with the configuration that it chooses",
    edits: [
      edit(
        "incarnations",
        "if (vector[i] > this.#entries[i]) this.raise(this.#voices[i], vector[i]);",
        "",
      ),
    ],
    scope: BACK,
    why: NOT_OVER,
  },
  {
    name: "answers to a fast round count that are of another epoch",
    edits: [
      edit(
        "standing",
        'mark.epoch < epoch ? "tell" : "ask"',
        'mark.epoch < epoch ? "serve" : "ask"',
      ),
      edit(
        "configuration",
        "incarnation === null || header.epoch !== configuration.epoch",
        "incarnation === null",
      ),
    ],
    scope: "one member, another is added, and a fast append",
    why: "is taken for chosen, but is not",
  },
  {
    name: "a member takes a state in a fast round while another one joins",
    edits: [TAKES_MEANWHILE],
    scope: "one member, another joins meanwhile, a fast append, and another one with both",
    why: NOT_OVER,
  },
  {
    name: "a member takes a state in a fast round while another one leaves",
    edits: [TAKES_MEANWHILE],
    scope: "three members, one leaves meanwhile, two fast appends, and the second starts again",
    why: NOT_OVER,
  },
  {
    name: "votes of a fast round are read as chosen by their number while a member leaves",
    edits: [
      edit(
        "quorum_read",
        "this.#votes = settled ? members.length : Infinity;",
        "this.#votes = members.length;",
      ),
    ],
    scope:
      "three members, one leaves meanwhile, a fast append that it has not heard of, and a read",
    why: "is taken for chosen, but is not",
  },
];
