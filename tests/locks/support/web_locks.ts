import { assertInstanceOf, assertStrictEquals } from "@std/assert";
import { afterAll, beforeAll } from "@std/testing/bdd";
import type { LockGrantedCallback, LockManager, ManagedLock } from "../../../mod.ts";
import { nameOf } from "../../support/node_kind.ts";
import { type Cluster, startCluster } from "../../support/real_cluster.ts";
import { reasonOf } from "../../support/expect.ts";

/** A cluster of three for the tests of one group; it starts before the first of them. */
export interface WebLocks {
  /** The locks of one node: the `navigator.locks` of one page. */
  readonly here: LockManager;
  /** The locks of another node: those of another page. */
  readonly there: LockManager;
  /** The name of the node of `here`, and of `there`. */
  readonly hereId: string;
  readonly thereId: string;
  /** A name that no other test of the group uses. */
  name(): string;
}

/** Starts a cluster for the tests of this group, and closes it after the last of them. */
export function webLocks(): WebLocks {
  let cluster: Cluster;
  let names = 0;
  beforeAll(async () => {
    cluster = await startCluster(3, { sessionTtl: 10_000, timeout: 10_000 });
  });
  afterAll(() => cluster[Symbol.asyncDispose]());
  return {
    get here() {
      return cluster.nodes[0].locks;
    },
    get there() {
      return cluster.nodes[1].locks;
    },
    hereId: nameOf("n1"),
    thereId: nameOf("n2"),
    name: () => `name ${++names}`,
  };
}

/** A lock that is held until the test releases it. */
export interface Holding {
  readonly lock: ManagedLock;
  /** Settles as the request does, with the result of its callback. */
  readonly done: Promise<unknown>;
  /** Lets the callback return, and waits until the request settles. */
  release(): Promise<void>;
}

/** Requests a lock with `request`, and holds it. */
export async function hold(
  request: (callback: LockGrantedCallback<void>) => Promise<void>,
): Promise<Holding> {
  let release = () => {};
  const until = new Promise<void>((resolve) => release = resolve);
  let granted: (lock: ManagedLock) => void = () => {};
  const lock = new Promise<ManagedLock>((resolve) => granted = resolve);
  const done = request((lock) => {
    granted(lock!);
    return until;
  });
  done.catch(() => {}); // it may be stolen
  return {
    lock: await Promise.race([
      lock,
      done.then(() => Promise.reject(new Error("it was not granted"))),
    ]),
    done,
    async release() {
      release();
      await done;
    },
  };
}

/** Fails unless `promise` rejects with a `DOMException` of the given name. */
export async function assertDomException(promise: Promise<unknown>, name: string): Promise<void> {
  const error = await reasonOf(promise);
  assertInstanceOf(error, DOMException);
  assertStrictEquals(error.name, name);
}
