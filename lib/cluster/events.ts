import type { Key } from "../codec/key.ts";
import type { Pid } from "../paxos/register.ts";

/** The events of every node that has processes, with the types of their `detail`. */
export interface ProcessEvents {
  /**
   * A process failed and its result was not observed: it threw, it was told to exit with a reason, or it lost
   * its session. Or a singleton of this node could not be started and no call was waiting for it: then `spec`
   * is the id of its spec, and `key` its key.
   */
  processerror: { pid: Pid; error: unknown; spec?: string; key?: Key };
}

/** The events of a node, with the types of their `detail`. */
export interface ClusterEvents extends ProcessEvents {
  /** The node has a quorum: its session was granted. */
  quorum: undefined;
  /** The node no longer has a quorum. */
  noquorum: undefined;
  /**
   * The node took a new life: its memory is gone, or the clock went back. A process that reports the ends of
   * others with `reportExit` needs the latest one.
   */
  life: { life: string };
  /** The node's session is over; everything that depended on it is lost. */
  sessionlost: { session: string };
  /**
   * A member's state changed: it came back without its memory and copies it (`recovering`), or it votes
   * (`operational`), in this incarnation; or nothing was heard from it for a `sessionTtl` (`unreachable`), which does
   * not say that it has ended.
   */
  membership: {
    id: string;
    state: "recovering" | "operational" | "unreachable";
    incarnation: string | null;
  };
  /** The list of members has changed: these vote now. */
  members: { members: string[]; epoch: number };
  /** The node is no member any more: it votes no more, and goes on as a client. */
  removed: undefined;
  /**
   * Half of the members or more lost their memory (of two, both): the cluster restarted empty, and its former
   * state is gone.
   */
  restart: { genesis: string };
  /**
   * A failure that no operation waits for, such as a `SynodError` `unreachable` about a member to which several
   * connections in a row have failed (once until it is reached). After a `SynodError` `invariant_failed`, whose `cause` says which rule of the
   * protocol the node's own state broke, the node is closed.
   */
  error: { error: Error };
}

/** An event target with typed `CustomEvent`s. The platforms have no names in common for the types of listeners. */
export class EventfulNode<Events> extends EventTarget {
  /** Calls `listener` with each event of this type, as `EventTarget` does. */
  override addEventListener<K extends keyof Events & string>(
    type: K,
    listener: ((event: CustomEvent<Events[K]>) => void) | null,
    options?: Parameters<EventTarget["addEventListener"]>[2],
  ): void;
  /** The same for an event with any other name. */
  override addEventListener(
    type: string,
    listener: Parameters<EventTarget["addEventListener"]>[1] | null,
    options?: Parameters<EventTarget["addEventListener"]>[2],
  ): void;
  override addEventListener(
    type: string,
    // deno-lint-ignore no-explicit-any -- one of the two signatures above
    listener: any,
    options?: Parameters<EventTarget["addEventListener"]>[2],
  ): void {
    super.addEventListener(type, listener, options);
  }

  /** Removes a listener, as `EventTarget` does. */
  override removeEventListener<K extends keyof Events & string>(
    type: K,
    listener: ((event: CustomEvent<Events[K]>) => void) | null,
    options?: Parameters<EventTarget["removeEventListener"]>[2],
  ): void;
  /** The same for an event with any other name. */
  override removeEventListener(
    type: string,
    listener: Parameters<EventTarget["addEventListener"]>[1] | null,
    options?: Parameters<EventTarget["removeEventListener"]>[2],
  ): void;
  override removeEventListener(
    type: string,
    // deno-lint-ignore no-explicit-any -- one of the two signatures above
    listener: any,
    options?: Parameters<EventTarget["removeEventListener"]>[2],
  ): void {
    super.removeEventListener(type, listener, options);
  }

  /** Dispatches an event to the listeners. */
  protected emit<K extends keyof Events & string>(type: K, detail: Events[K]): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
