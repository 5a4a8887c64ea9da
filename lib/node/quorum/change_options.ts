import type { Ballot } from "../../paxos/ballot.ts";
import type { Limits } from "../runtime/operation.ts";

/** The options of a change. */
export interface ChangeOptions extends Limits {
  /**
   * Writes even an unchanged state, so that an earlier write with an unknown outcome can no longer be chosen.
   */
  readonly mustWrite?: boolean;
  /** Called before the new state of this change is sent to a member. */
  readonly writing?: (ballot: Ballot) => void;
  /**
   * Whether this node will soon change the register again: then the promise for that is requested with this
   * change.
   */
  readonly keepPromise?: boolean;
  /**
   * Whether others wait for this change while rivals with a similar change are unlikely: then it does not wait
   * after its first nack. (If all changes did so, their nacks would repeat.)
   */
  readonly retryAtOnce?: boolean;
  /** Whether to use no kept promise: it may be outdated, and the failed attempt would cost too much time. */
  readonly ignoreKeptPromise?: boolean;
  /**
   * Whether it may join a round that has not proposed its state yet. (The promises of such a round may be from before
   * this change: the round writes then, also if it changes nothing.)
   */
  readonly joins?: boolean;
  /**
   * Whether this is the very first message of an operation that has seen nothing of the register and has nothing to undo:
   * then it may begin with a fast round (section 3a).
   */
  readonly fast?: boolean;
  /** Its writes have counters above this; a kept promise that is not above it is not used. */
  readonly since?: number;
  /**
   * Whether it brings members a state that others hold: they accept it even without room for a new register.
   */
  readonly sweep?: boolean;
  /** The bytes of the value that it writes, for which members need room; by default few, as of an entry of a lock. */
  readonly valueBytes?: number;
  /**
   * Whether it takes the place of one like it and adds few bytes, which the next one does not add again: a register that
   * is there always has room for it.
   */
  readonly takesOver?: boolean;
  /** Whether it adds no new value: full members promise it from their reserve, as they do for a sweep. */
  readonly reserve?: boolean;
}
