import type { Broken } from "../../model/orders/world.ts";
import type { Edit } from "../../model/paxos.ts";

/** A broken rule for orders that are handed over, and the scope that it must turn red. */
export interface OrderMutation {
  /** The broken behaviour, as a sentence. */
  readonly name: string;
  /** Changes of the machines that ship. */
  readonly edits: readonly Edit[];
  /** A fault of the nodes, which the model has its own. */
  readonly broken?: Broken;
  /** The name of the scope that shows it. */
  readonly scope: string;
  /** A part of the text of the violation. */
  readonly why: string;
}

const edit = (module: string, find: string, replace: string): Edit[] => [{ module, find, replace }];
const fault = (broken: Broken, scope: string, why: string): OrderMutation => ({
  name: broken,
  edits: [],
  broken,
  scope,
  why,
});

const TERMS = "an order, a release, and a new term";
const THEFT = "an order, and a theft";
const END = "an order, and the end of its session";
const TWO = "two requests, and a release";
const CROWD = "an order, and more sessions than are remembered";
const GHOST = "is a ghost";

/** Each must turn its scope red. */
export const ORDER_MUTATIONS: readonly OrderMutation[] = [
  {
    name: "an order of a term that is over is taken",
    edits: edit("lock_register", "|| value.term !== term ||", "||"),
    scope: TERMS,
    why: GHOST,
  },
  {
    name: "a lock keeps its term after absence",
    edits: edit(
      "lock_register",
      "? { ...applied, term: token, left: [] }",
      "? { ...applied, term: 1, left: [] }",
    ),
    scope: TERMS,
    why: GHOST,
  },
  {
    name: "an order whose request has left is taken",
    edits: edit("lock_register", "|| fresh.some(hasLeft);", ";"),
    scope: TWO,
    why: GHOST,
  },
  {
    name: "only the last request that left is compared",
    edits: edit("lock_register", "one.request >= request);", "one.request === request);"),
    scope: TWO,
    why: GHOST,
  },
  {
    name: "a lock that forgets who left keeps its term",
    edits: edit(
      "lock_register",
      "{ ...value, term: token, left: [] } :",
      "{ ...value, left: [] } :",
    ),
    scope: CROWD,
    why: GHOST,
  },
  {
    name: "a lock that drops the requests of a session keeps its term",
    edits: edit(
      "lock_register",
      "before.holders.length === 0 || live !== before",
      "before.holders.length === 0",
    ),
    scope: END,
    why: GHOST,
  },
  {
    name: "an order is sent while this node proposes earlier requests",
    edits: edit("lock_orders", "this.#own.length === 0 && this.#tries", "this.#tries"),
    scope: TWO,
    why: "the order of the calls changed",
  },
  fault("a removal does not write", TERMS, GHOST),
  fault("a removal leaves no trace", TWO, GHOST),
  fault("a removal is traced only if it removes", TWO, GHOST),
  fault("a full queue ends the request", TWO, GHOST),
  fault("a second order is sent before the first is found", TWO, "the order of the calls changed"),
  fault("a steal is handed over", THEFT, "is in it twice"),
  fault("a pushed vote counts as chosen", TERMS, "it never was"),
];
