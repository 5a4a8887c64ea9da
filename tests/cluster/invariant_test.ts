import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { registerId } from "../../lib/codec.ts";
import { partsOf } from "../../lib/cluster/cluster_node.ts";
import { assertInvariant, InvariantError } from "../../lib/paxos/invariant.ts";
import { Lease } from "../../lib/paxos/lease.ts";
import { Tally } from "../../lib/paxos/quorum.ts";
import { type ClusterNode, SynodError, type Transport } from "../../mod.ts";
import { assertCode, valueOf } from "../support/expect.ts";
import { VirtualCluster } from "../support/virtual_cluster.ts";

const SESSION_TTL = 1_000;

/** The invariant that fails in these tests. */
const WHAT = "one and one are two";

const fail = (): never => {
  assertInvariant(false, WHAT);
  throw new Error("it has to fail");
};

/** Three members; records the frames that the first one sends. */
class Broken {
  readonly cluster: VirtualCluster;
  readonly node: ClusterNode;
  readonly errors: Error[] = [];
  readonly sent: { count: number };

  private constructor(cluster: VirtualCluster, sent: { count: number }) {
    this.cluster = cluster;
    this.sent = sent;
    this.node = cluster.nodes[0];
    this.node.addEventListener("error", ({ detail }) => void this.errors.push(detail.error));
  }

  static async start(): Promise<Broken> {
    const sent = { count: 0 };
    const wrap = (transport: Transport, id: string): Transport =>
      id !== "n1" ? transport : {
        open: (...user) => transport.open(...user),
        close: () => transport.close(),
        send: (to, frame) => {
          sent.count++;
          transport.send(to, frame);
        },
      };
    return new Broken(await VirtualCluster.start(3, { sessionTtl: SESSION_TTL }, wrap), sent);
  }

  get parts() {
    return partsOf(this.node);
  }

  /** Has the acceptor of the first member fail at its next `accept`. */
  breakAcceptor(): void {
    const { acceptor } = this.parts.engine.voter!;
    const handle = acceptor.handle.bind(acceptor);
    acceptor.handle = (request, ...rest) =>
      ["accept", "fast"].includes(request.type) ? fail() : handle(request, ...rest);
  }

  /** Checks that the node is gone, says why, and sends nothing; and that the others go on. */
  async check(): Promise<void> {
    const { cluster, node, errors } = this;
    const { count } = this.sent;
    assertEquals(errors.length, 1);
    const [error] = errors;
    assertInstanceOf(error, SynodError);
    assertEquals(error.code, "invariant_failed");
    assertStringIncludes(error.message, WHAT);
    assertStringIncludes(error.message, "n1");
    assertInstanceOf(error.cause, InvariantError);
    assertEquals([this.parts.engine.voter, node.hasQuorum], [null, false]);
    await cluster.time.until(assertCode(node.kv.put("after", 1), "invariant_failed"));
    await cluster.time.until(assertCode(node.lock("after"), "invariant_failed"));
    await cluster.pass(5 * SESSION_TTL);
    assertEquals([this.sent.count, errors.length], [count, 1]);
    const { kv } = cluster.nodes[1];
    assertEquals(valueOf(await cluster.time.until(kv.put("others", 2))), 2);
    await cluster.time.until(node.close());
    await cluster[Symbol.asyncDispose]();
    assertEquals(cluster.time.timers, 0);
  }
}

describe("a node whose invariant fails", () => {
  it("while it handles a frame: stops its vote, closes, and says which invariant", async () => {
    const broken = await Broken.start();
    broken.breakAcceptor();
    const { kv } = broken.cluster.nodes[1];
    assertEquals(valueOf(await broken.cluster.time.until(kv.put("key", 1))), 1);
    await broken.cluster.pass(10);
    await broken.check();
  });

  it("in a timer", async () => {
    const broken = await Broken.start();
    broken.parts.engine.runtime.setTimer(fail, 10);
    await broken.cluster.pass(20);
    await broken.check();
  });

  it("at the end of a turn", async () => {
    const broken = await Broken.start();
    broken.parts.engine.runtime.defer(fail);
    await broken.cluster.pass(1);
    await broken.check();
  });

  it("in an operation of a user, which ends with the same error", async () => {
    const broken = await Broken.start();
    const { core } = broken.parts;
    const operation = core.proposals.change(registerId("k", undefined, "x"), fail, core.limits());
    await broken.cluster.time.until(assertCode(operation, "invariant_failed"));
    await broken.check();
  });

  it("when a user asks for its session", async () => {
    const broken = await Broken.start();
    const { remaining } = Lease.prototype;
    Lease.prototype.remaining = fail;
    try {
      assertEquals(broken.node.hasQuorum, false);
    } finally {
      Lease.prototype.remaining = remaining;
    }
    await broken.cluster.pass(1);
    await broken.check();
  });

  it("as the lists of members are counted", async () => {
    const broken = await Broken.start();
    const { add } = Tally.prototype;
    const keys = broken.node.kv.keys();
    Tally.prototype.add = function (sender, reply) {
      if (Array.isArray(reply)) fail();
      return add.call(this, sender, reply);
    };
    try {
      await broken.cluster.time.until(assertCode(keys, "invariant_failed"));
    } finally {
      Tally.prototype.add = add;
    }
    await broken.check();
  });

  it("owns nothing from that moment on: processes end, locks are lost, signals abort", async () => {
    const broken = await Broken.start();
    const { cluster, node } = broken;
    const process = node.spawn();
    process.result.catch(() => {});
    const lock = await cluster.time.until(node.lock("lock"));
    const isOwner: boolean[] = [];
    for (const signal of [process.signal, lock.signal]) {
      signal.addEventListener("abort", () => isOwner.push(lock.held, node.hasQuorum));
    }
    broken.parts.engine.runtime.setTimer(fail, 10);
    await cluster.pass(20);
    assertEquals([process.signal.aborted, lock.signal.aborted, lock.held], [true, true, false]);
    assertEquals(isOwner, [false, false, false, false]);
    assertEquals((process.signal.reason as SynodError).code, "invariant_failed");
    // Nothing told the others, so they wait for the end of the session, as after a crash.
    const before = cluster.time.runtime.now();
    const next = await cluster.time.until(cluster.nodes[1].lock("lock"));
    const waited = cluster.time.runtime.now() - before;
    assert(next.held && waited > SESSION_TTL / 2, `${waited}`);
    await cluster.time.until(next.release());
    await broken.check();
  });

  it("sends nothing that waits to be sent: it may depend on the broken state", async () => {
    const broken = await Broken.start();
    const { engine } = broken.parts;
    const { count } = broken.sent;
    engine.ask(["n2"], {
      id: engine.pendingReplies.next(),
      type: "read",
      register: registerId("k", undefined, "x"),
    });
    engine.contain(new InvariantError(WHAT));
    engine.ask(["n3"], {
      id: engine.pendingReplies.next(),
      type: "read",
      register: registerId("k", undefined, "x"),
    });
    await broken.cluster.pass(10);
    assertEquals(broken.sent.count, count);
    await broken.check();
  });
});
