import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { eventually, turn } from "../support/wait.ts";
import { LifeLocks, MAX_AWAITED, type WebLocks } from "../../transports/life_locks.ts";

interface Request {
  readonly agent: string;
  readonly shared: boolean;
  grant(): void;
  readonly refuse: (error: unknown) => void;
}

/** Web Locks whose agents, workers or pages, end at the test's command; grants follow in a later microtask. */
class FakeLocks {
  readonly #held = new Map<string, Request[]>();
  readonly #queues = new Map<string, Request[]>();

  /** The locks as one agent sees them. */
  of(agent: string): WebLocks {
    return {
      request: (name, { mode = "exclusive", signal, ifAvailable }, callback) =>
        new Promise((resolve, refuse) => {
          if (ifAvailable && (this.#held.get(name) ?? []).length > 0) {
            return resolve(callback(null));
          }
          const request: Request = {
            agent,
            shared: mode === "shared",
            refuse,
            grant: () => {
              Promise.resolve(callback({ name })).then(resolve, refuse).then(() => {
                this.#drop(name, request);
              });
            },
          };
          signal?.addEventListener("abort", () => {
            this.#drop(name, request);
            refuse(signal.reason);
          });
          this.#queues.set(name, [...this.#queues.get(name) ?? [], request]);
          queueMicrotask(() => this.#serve(name));
        }),
    };
  }

  /** The agents that hold the lock of a life, and those that wait for it. */
  state(life: string): [string[], string[]] {
    const agents = (requests: Request[] = []) => requests.map(({ agent }) => agent);
    const name = `synod life ${life}`;
    return [agents(this.#held.get(name)), agents(this.#queues.get(name))];
  }

  /** An agent is terminated. */
  end(agent: string): void {
    for (const name of [...this.#held.keys(), ...this.#queues.keys()]) {
      for (const requests of [this.#held, this.#queues]) {
        for (const request of requests.get(name) ?? []) {
          if (request.agent === agent) this.#drop(name, request);
        }
      }
    }
  }

  /** Another page steals the lock of a life, and releases it. */
  steal(life: string): void {
    const name = `synod life ${life}`;
    for (const request of this.#held.get(name) ?? []) {
      this.#drop(name, request);
      request.refuse(new DOMException("stolen", "AbortError"));
    }
  }

  #drop(name: string, request: Request): void {
    for (const requests of [this.#held, this.#queues]) {
      requests.set(name, (requests.get(name) ?? []).filter((other) => other !== request));
    }
    queueMicrotask(() => this.#serve(name));
  }

  #serve(name: string): void {
    for (const request of [...this.#queues.get(name) ?? []]) {
      const held = this.#held.get(name) ?? [];
      if (held.length > 0 && !(request.shared && held.every(({ shared }) => shared))) return;
      this.#queues.set(name, this.#queues.get(name)!.filter((other) => other !== request));
      this.#held.set(name, [...held, request]);
      request.grant();
    }
  }
}

/** A node that uses the locks. */
class Node {
  life: string;
  isClosed = false;
  readonly ended: string[] = [];
  granted = 0;
  readonly locks: LifeLocks;

  constructor(
    all: FakeLocks,
    agent: string,
    { waits = true, locks = all.of(agent), tries = false } = {},
  ) {
    this.life = `${agent}1`;
    const user = {
      life: () => this.life,
      ended: (life: string) => void this.ended.push(life),
      isClosed: () => this.isClosed,
    };
    this.locks = new LifeLocks(locks, user, waits, () => this.granted++, tries);
  }

  get held(): string | undefined {
    return this.locks.held;
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

describe("LifeLocks (section 6)", () => {
  it("says that the lock is held only once it was granted", async () => {
    const node = new Node(new FakeLocks(), "a");
    assertEquals([node.held, node.granted], [undefined, 0]);
    await settle();
    assertEquals([node.held, node.granted], ["a1", 1]);
  });

  it("a life whose agent has ended is over for all that wait for it, once", async () => {
    const all = new FakeLocks();
    const [a, b, c] = ["a", "b", "c"].map((id) => new Node(all, id));
    for (const node of [a, b, c]) void node.held;
    await settle();
    for (const node of [a, b]) for (let i = 0; i < 2; i++) node.locks.heard("c1");
    await settle();
    assertEquals([a.ended, b.ended], [[], []]);
    assertEquals(all.state("c1"), [["c"], ["a", "b"]]);
    all.end("c");
    await settle();
    assertEquals([a.ended, b.ended], [["c1"], ["c1"]]);
    assertEquals(all.state("c1"), [[], []]);
  });

  it("waits for no life that did not say that it holds its lock, and not for its own", async () => {
    const all = new FakeLocks();
    const [a, b] = ["a", "b"].map((id) => new Node(all, id));
    void a.held;
    void b.held;
    await settle();
    a.locks.heard("a1");
    assertEquals(all.state("b1"), [["b"], []]);
    assertEquals(all.state("a1"), [["a"], []]);
    all.end("b");
    await settle();
    assertEquals(a.ended, []);
  });

  it("a late message of a life that has ended proves it once more", async () => {
    const a = new Node(new FakeLocks(), "a");
    a.locks.heard("c1");
    await settle();
    a.locks.heard("c1");
    await settle();
    assertEquals(a.ended, ["c1", "c1"]);
  });

  it("is silent after the node took a new life until that one's lock is held, and releases the old one then", async () => {
    const all = new FakeLocks();
    const [a, b] = ["a", "b"].map((id) => new Node(all, id));
    void a.held;
    await settle();
    b.locks.heard("a1");
    // Another one holds the lock of the new life for a while.
    const held = all.of("x").request("synod life a2", {}, () => new Promise(() => {}));
    held.catch(() => {});
    await settle();
    a.life = "a2";
    assertEquals(a.held, undefined);
    await settle();
    assertEquals([a.held, b.ended], [undefined, []]);
    assertEquals(all.state("a1"), [["a"], ["b"]]);
    all.end("x");
    await settle();
    assertEquals([a.held, a.granted], ["a2", 2]);
    assertEquals(b.ended, ["a1"]);
    assertEquals(all.state("a1"), [[], []]);
  });

  it("takes no lock of a life that the node has left before it was granted", async () => {
    const all = new FakeLocks();
    const a = new Node(all, "a");
    void a.held;
    a.life = "a2";
    void a.held;
    await settle();
    assertEquals([a.held, a.granted], ["a2", 1]);
    assertEquals([all.state("a1"), all.state("a2")], [[[], []], [["a"], []]]);
  });

  it("ends its own node when its lock is stolen", async () => {
    const all = new FakeLocks();
    const a = new Node(all, "a");
    void a.held;
    await settle();
    all.steal("a1");
    await settle();
    assertEquals([a.ended, a.held], [["a1"], undefined]);
  });

  it("holds no lock, and ends nothing, where the platform refuses it", async () => {
    const refused = { request: () => Promise.reject(new DOMException("no", "SecurityError")) };
    const throwing = {
      request: () => {
        throw new TypeError("no");
      },
    };
    for (const locks of [refused, throwing]) {
      const a = new Node(new FakeLocks(), "a", { locks });
      void a.held;
      a.locks.heard("b1");
      await settle();
      assertEquals([a.held, a.ended], [undefined, []]);
      a.isClosed = true;
      a.locks.close();
    }
  });

  it("close() releases the lock, and waits for none", async () => {
    const all = new FakeLocks();
    const [a, b] = ["a", "b"].map((id) => new Node(all, id));
    void a.held;
    void b.held;
    await settle();
    a.locks.heard("b1");
    b.locks.heard("a1");
    a.isClosed = true;
    a.locks.close();
    await settle();
    assertEquals([all.state("a1"), all.state("b1")], [[[], []], [["b"], []]]);
    assertEquals([a.ended, b.ended, a.held], [[], ["a1"], undefined]);
    a.locks.heard("b1");
    assertEquals(all.state("b1"), [["b"], []]);
  });

  it("close() keeps the lock while the node is open: it may own something", async () => {
    const all = new FakeLocks();
    const [a, b] = ["a", "b"].map((id) => new Node(all, id));
    void a.held;
    await settle();
    b.locks.heard("a1");
    a.locks.close();
    await settle();
    assertEquals(b.ended, []);
    a.isClosed = true;
    a.locks.close();
    await settle();
    assertEquals(b.ended, ["a1"]);
  });

  it("close() before the lock was granted leaves none", async () => {
    const all = new FakeLocks();
    const a = new Node(all, "a");
    void a.held;
    a.isClosed = true;
    a.locks.close();
    await settle();
    assertEquals([all.state("a1"), a.granted], [[[], []], 0]);
  });

  it("tries instead where waiting does not work, all lives in turn, until it closes", async () => {
    const all = new FakeLocks();
    const a = new Node(all, "a", { tries: true });
    const others = Array.from({ length: 9 }, (_, i) => new Node(all, `b${i}`));
    for (const node of others) void node.held;
    await settle();
    for (const { life } of others) a.locks.heard(life);
    assertEquals(all.state("b81"), [["b8"], []]);
    all.end("b2");
    all.end("b8");
    await eventually(() => a.ended.length === 2, "both are proved to be over");
    assertEquals(a.ended.toSorted(), ["b21", "b81"]);
    a.isClosed = true;
    a.locks.close();
    all.end("b3");
    await turn(50);
    assertEquals(a.ended.length, 2);
  });

  it("a node that is no member waits for no locks", async () => {
    const all = new FakeLocks();
    const a = new Node(all, "a", { waits: false });
    a.locks.heard("b1");
    await settle();
    assertEquals([all.state("b1"), a.ended], [[[], []], []]);
  });

  it("waits for a bounded number of lives, and for none with an impossible name", () => {
    const all = new FakeLocks();
    const a = new Node(all, "a");
    for (let i = 0; i < MAX_AWAITED + 5; i++) a.locks.heard(`b${i}`);
    assertEquals(all.state(`b${MAX_AWAITED - 1}`)[1], ["a"]);
    assertEquals(all.state(`b${MAX_AWAITED}`), [[], []]);
    const b = new Node(all, "b");
    for (const life of ["", "x".repeat(65)]) {
      b.locks.heard(life);
      assertEquals(all.state(life), [[], []]);
    }
    a.isClosed = true;
    a.locks.close();
  });
});
