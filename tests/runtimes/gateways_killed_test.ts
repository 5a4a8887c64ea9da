import { assert, assertEquals, assertGreater } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { connect, type GuestNode } from "../../guest/mod.ts";
import { type ChildSpec, type ClusterNode, join } from "../../mod.ts";
import { root } from "../../tasks/process.ts";
import { webSocket } from "../../transports/websocket.ts";
import { turn, within } from "../support/wait.ts";

const SECRET = "wK3mQ8vTz1Lx6RbYc4NhJ0pDfGs7UeAo";
const MEMBERS = ["w1", "w2", "w3"];

/** The time for which guests work between two kills, in milliseconds. */
const BETWEEN = 700;

/** The limit of an operation, in milliseconds: far longer than it takes to go on with another gateway. */
const PATIENCE = 20_000;

/** A member in a process of its own. */
class Gateway {
  readonly id: string;
  port = 0;
  #process: Deno.ChildProcess | undefined;
  #lines: ReadableStreamDefaultReader<string> | undefined;
  #said = "";

  constructor(id: string) {
    this.id = id;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/synod`;
  }

  /** Starts the process, which listens on the same port as before. */
  async start(): Promise<void> {
    const path = decodeURIComponent(new URL("support/gateway.ts", import.meta.url).pathname);
    const permissions = ["--allow-net=127.0.0.1", "--allow-read"];
    const options = ["--no-check", "--no-lock", "--import-map=tests/offline/import_map.json"];
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", ...options, ...permissions, path, this.id, `${this.port}`],
      cwd: root,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#said = "";
    this.port = Number(await this.#line());
  }

  /** Lets it join. */
  async join(urls: Record<string, string>): Promise<void> {
    const writer = this.#process!.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${JSON.stringify({ secret: SECRET, urls })}\n`));
    await writer.close();
    assertEquals(await this.#line(), "ready");
  }

  /** Ends it without a farewell. */
  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.status;
    await this.#lines?.cancel();
  }

  async #line(): Promise<string> {
    while (!this.#said.includes("\n")) {
      const { value, done } = await within(this.#lines!.read(), this.id, PATIENCE);
      if (done) throw new Error(`${this.id} has ended: ${this.#said}`);
      this.#said += value;
    }
    const [line, ...rest] = this.#said.split("\n");
    this.#said = rest.join("\n");
    return line;
  }
}

/** What guests did, and what it came to. */
class Load {
  readonly claims = new Map<string, { value: number; token: number }>();
  readonly returned: number[] = [];
  readonly ran = new Map<number, number>();
  readonly outcomes: string[] = [];
  readonly tokens: number[] = [];
  #calls = 0;
  #inside = 0;
  #goOn = true;
  readonly #working: Promise<void>[] = [];
  readonly spec: ChildSpec<{ note(call: number): number }, []> = {
    id: "book",
    start: () => ({
      note: (call) => {
        this.ran.set(call, (this.ran.get(call) ?? 0) + 1);
        return call;
      },
    }),
  };

  /** Has `guest` put, lock and call, until `stop`. */
  begin(guest: GuestNode): void {
    this.#working.push(
      this.#repeat((n) => this.#claim(guest, n)),
      this.#repeat(() => this.#lock(guest)),
      this.#repeat(() => this.#call(guest)),
    );
  }

  async stop(): Promise<void> {
    this.#goOn = false;
    await Promise.all(this.#working);
  }

  async #repeat(operate: (n: number) => Promise<void>): Promise<void> {
    for (let n = 0; this.#goOn; n++) {
      await operate(n);
      await turn(2);
    }
  }

  async #claim(guest: GuestNode, value: number): Promise<void> {
    const key = `${guest.id} ${value}`;
    const claim = await guest.kv.claim(key, value, { timeout: PATIENCE });
    assert(claim.ok, `${key}: ${JSON.stringify(claim)}`);
    assertEquals([claim.value.value, claim.value.mine], [value, true], key);
    this.claims.set(key, { value, token: claim.value.token });
  }

  async #lock(guest: GuestNode): Promise<void> {
    const lock = await guest.lock("shared", { timeout: PATIENCE });
    assertEquals(++this.#inside, 1, "the lock is held twice");
    this.tokens.push(lock.token);
    await turn(1);
    assert(lock.held);
    this.#inside--;
    await lock.release();
  }

  async #call(guest: GuestNode): Promise<void> {
    const call = ++this.#calls;
    try {
      assertEquals(await guest.name("one", this.spec).note(call), call);
      this.returned.push(call);
    } catch (error) {
      // A gateway that was lost in the middle of a call may leave its outcome unknown.
      this.outcomes.push((error as { code?: string }).code ?? String(error));
    }
  }
}

/** What the tests need of the cluster. */
async function startMembers(): Promise<{ gateways: Gateway[]; urls: Record<string, string> }> {
  const gateways = MEMBERS.map((id) => new Gateway(id));
  await Promise.all(gateways.map((gateway) => gateway.start()));
  const urls = Object.fromEntries(gateways.map(({ id, url }) => [id, url]));
  await Promise.all(gateways.map((gateway) => gateway.join(urls)));
  return { gateways, urls };
}

/** Checks each value that was acknowledged: it is there, and was written once. */
async function checkClaims(reader: ClusterNode, { claims }: Load): Promise<void> {
  await Promise.all([...claims].map(async ([key, { value, token }]) => {
    assertEquals(await reader.kv.get(key), { ok: true, value });
    assertEquals(await reader.kv.token(key), { ok: true, value: token });
  }));
}

describe("gateways that are killed under load, over WebSocket (section 13)", () => {
  it("cost no session: nothing that was acknowledged is lost, and nothing is done twice", async () => {
    const { gateways, urls } = await startMembers();
    const load = new Load();
    const transport = webSocket({ secret: SECRET, peers: urls });
    const host = await join({ id: "host", members: MEMBERS, transport, hosts: [load.spec] });
    await host.ready;
    const servers = Object.values(urls);
    const guests = await Promise.all(
      ["g1", "g2"].map((id) => connect({ id, servers, secret: SECRET })),
    );
    let lost = 0;
    for (const guest of guests) {
      guest.addEventListener("sessionlost", () => lost++);
      await within(guest.ready, guest.id, PATIENCE);
      load.begin(guest);
    }
    // One after the other, so each guest loses its gateway at least once.
    for (const gateway of gateways) {
      await turn(BETWEEN);
      await gateway.kill();
      await gateway.start();
      await gateway.join(urls);
    }
    await turn(BETWEEN);
    await load.stop();
    assertEquals(lost, 0);
    await checkClaims(host, load);
    for (const times of load.ran.values()) assertEquals(times, 1);
    for (const call of load.returned) assertEquals(load.ran.get(call), 1);
    assertEquals(new Set([...load.outcomes, "outcome_unknown"]), new Set(["outcome_unknown"]));
    assertEquals(load.tokens, load.tokens.toSorted((a, b) => a - b));
    assertEquals(new Set(load.tokens).size, load.tokens.length);
    for (const done of [load.claims.size, load.returned.length, load.tokens.length]) {
      assertGreater(done, 20);
    }
    await Promise.all(guests.map((guest) => guest.close()));
    await host.close();
    await Promise.all(gateways.map((gateway) => gateway.kill()));
  });
});
