import type { Edit } from "../../model/paxos.ts";
import type { Broken } from "../../model/states/world.ts";

/** A broken rule for states of singletons, and the scope that it must turn red. */
export interface StateMutation {
  /** The broken behaviour, as a sentence. */
  readonly name: string;
  /** Changes of the machines that ship. */
  readonly edits: readonly Edit[];
  /** A fault of the hosts, which the model has its own. */
  readonly broken?: Broken;
  /** The name of the scope that shows it. */
  readonly scope: string;
  /** A part of the text of the violation. */
  readonly why: string;
}

const edit = (find: string, replace: string): Edit[] => [
  { module: "state_register", find, replace },
];
const fault = (broken: Broken, scope: string, why: string): StateMutation => ({
  ...{ name: broken, edits: [], broken, scope, why },
});

const WRITES = "a predecessor that still writes, and its successor";
const FORGETS = "two instances that may forget";
const LATE = "takes effect after 2 has opened the state";
const ENDED = "is the present instance, and is ended";

/** Each must turn its scope red. */
export const STATE_MUTATIONS: readonly StateMutation[] = [
  {
    name: "a write does not look at the token",
    edits: edit("if (kept === null || kept.token !== token) return null;", "void kept;"),
    scope: WRITES,
    why: LATE,
  },
  {
    name: "a write of a replaced instance takes effect where the state is absent",
    edits: edit(
      "if (kept === null || kept.token !== token) return null;",
      "if (kept !== null && kept.token !== token) return null;",
    ),
    scope: FORGETS,
    why: LATE,
  },
  {
    name: "an instance opens what a later one has opened",
    edits: edit("if (kept !== null && kept.token > token) return null;", ""),
    scope: WRITES,
    why: ENDED,
  },
  {
    name: "an instance that opens a state loses its value",
    edits: edit("value: kept?.value ?? null", "value: null"),
    scope: WRITES,
    why: "the value is lost",
  },
  {
    name: "an instance forgets what another one has opened",
    edits: edit(
      "return kept !== null && kept.token <= token;",
      "return kept !== null && token > 0;",
    ),
    scope: FORGETS,
    why: LATE,
  },
  fault("an instance that finds the state open does not write", WRITES, ENDED),
  fault("an instance does not look whether it is the present one", FORGETS, LATE),
  fault("an instance looks before it opens the state", FORGETS, LATE),
];
