import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { SynodError } from "../../lib/errors.ts";
import type { Core } from "../../lib/node/core.ts";
import type { ChangeOptions } from "../../lib/node/quorum/change_options.ts";
import { release, type ReleaseTask } from "../../lib/owners/release.ts";

const TASK: ReleaseTask = {
  register: "kx",
  session: "x/1/1",
  change: () => ({ draft: null, result: undefined }),
  unsure: false,
};

/** The core of a node; its changes fail `failures` times, each after `fail` was called. */
class Node {
  readonly tries: ChangeOptions[] = [];
  pauses = 0;
  isPossible = true;
  isOver = false;

  private failures: number;
  private readonly fail: (node: Node) => void;

  constructor(failures: number, fail: (node: Node) => void = () => {}) {
    this.failures = failures;
    this.fail = fail;
  }

  /** Releases a register; resolves to the number of tries. */
  async release(task: Partial<ReleaseTask> = {}): Promise<number> {
    await release(this.#core(), { ...TASK, ...task });
    return this.tries.length;
  }

  #core(): Core {
    const change = (_register: string, _change: unknown, options: ChangeOptions) => {
      this.tries.push(options);
      if (this.failures-- <= 0) return Promise.resolve();
      this.fail(this);
      return Promise.reject(new SynodError("full", "no room"));
    };
    const node = this as Node;
    return {
      proposals: { change },
      session: { isPossible: () => node.isPossible },
      get isOver() {
        return node.isOver;
      },
      releaseLimits: () => ({ deadline: 7 }),
      pause: () => {
        this.pauses++;
        return Promise.resolve();
      },
    } as unknown as Core;
  }
}

describe("release", () => {
  it("is over with the first try that succeeds, and needs no room for new values", async () => {
    const node = new Node(0);
    assertEquals(await node.release(), 1);
    const [{ reserve, mustWrite, deadline, retryAtOnce }] = node.tries;
    assertEquals([reserve, mustWrite, deadline, retryAtOnce], [true, false, 7, undefined]);
  });

  it("writes what it decides if an earlier write may still take effect", async () => {
    const node = new Node(0);
    await node.release({ unsure: true });
    assertEquals(node.tries[0].mustWrite, true);
  });

  it("tries again after a while, and then writes: the failed try may take effect, too", async () => {
    const node = new Node(2);
    assertEquals(await node.release({ retryAtOnce: true }), 3);
    assertEquals(node.pauses, 2);
    assertEquals(node.tries.map(({ mustWrite }) => mustWrite), [false, true, true]);
    assertEquals(node.tries.map(({ retryAtOnce }) => retryAtOnce), [true, true, true]);
  });

  it("takes the limits of each try when it begins", async () => {
    const node = new Node(1);
    let deadline = 0;
    await node.release({ limits: () => ({ deadline: ++deadline }) });
    assertEquals(node.tries.map(({ deadline }) => deadline), [1, 2]);
  });

  it("needs no try once the session is over", async () => {
    const node = new Node(9, (node) => node.isPossible = node.tries.length < 3);
    assertEquals(await node.release(), 3);
    assertEquals(await node.release(), 3);
  });

  it("gives up when the node has closed, or nothing can succeed any more", async () => {
    assertEquals(await new Node(9, (node) => node.isOver = true).release(), 1);
  });
});
