import { assert, assertEquals } from "@std/assert";
import { connectWith } from "../../../guest/connect.ts";
import type { GuestNode } from "../../../guest/guest_node.ts";
import type { ConnectOptions } from "../../../guest/connect_options.ts";
import { decodeUp, encodeDown } from "../../../lib/codec/guest_frame.ts";
import type {
  DownMessage,
  GuestOperation,
  GuestOutcome,
  UpFrame,
  UpMessage,
} from "../../../lib/codec/guest_messages.ts";
import type { LineUser } from "../../../transports/guest_line.ts";
import { VirtualTime } from "../../support/virtual_time.ts";

/** A message that runs an operation. */
export type RunMessage = UpMessage & { readonly type: "run" };

/** A life as gateways have. */
export function lifeOf(letter: string): string {
  return `0${letter.repeat(19)}`;
}

/** The promise itself, of which a rejection is no unhandled one when the test fails before it looks. */
export function observed<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** One connection of the guest to a gateway that the test plays by hand. */
export class ScriptedLine {
  readonly server: string;
  /** The frames of the guest that the test has not looked at. */
  readonly frames: UpFrame[] = [];
  /** Whether the guest has closed it. */
  isClosed = false;
  /** Whether the guest waits for anything that comes without a frame of its own. */
  isExpecting = false;
  /** The frames of the guest that a gateway refuses; `null`: there must be none. */
  malformed: string[] | null = null;
  life: string;
  genesis: string | null = "g1";
  clock = 1_000;
  #ticket = 0;
  readonly #user: LineUser;

  constructor(server: string, user: LineUser) {
    this.server = server;
    this.life = lifeOf(server);
    this.#user = user;
  }

  open(): void {
    this.#user.opened();
  }

  take(bytes: Uint8Array): void {
    const decoded = decodeUp(bytes);
    if (!decoded.ok && this.malformed !== null) {
      this.malformed.push(JSON.stringify(decoded));
      return;
    }
    assert(decoded.ok, JSON.stringify(decoded));
    this.frames.push(decoded.frame);
  }

  /** Sends a frame; `isOld`: with the ticket of the one before. */
  send(messages: readonly DownMessage[], isOld = false): void {
    if (!isOld) this.#ticket++;
    const { life: gateway, genesis, clock } = this;
    this.#user.received(encodeDown({ gateway, genesis, clock, ticket: this.#ticket, messages }));
  }

  /** Sends bytes that are no frame. */
  sendBytes(bytes: Uint8Array): void {
    this.#user.received(bytes);
  }

  end(kind: "lost" | "unauthorized" | "full" | "replaced", reason = "a test"): void {
    this.#user.ended({ kind, reason });
  }

  /** The messages of the guest since the last look. */
  said(): UpMessage[] {
    return this.frames.splice(0).flatMap(({ messages }) => messages);
  }

  /** The operations that the guest has sent since the last look, other messages aside. */
  runs(): RunMessage[] {
    return this.said().filter((message) => message.type === "run");
  }

  /** The only operation that the guest has sent since the last look. */
  run<T extends GuestOperation["type"]>(
    type: T,
  ): RunMessage & { operation: GuestOperation & { type: T } } {
    const runs = this.runs();
    assertEquals(runs.map(({ operation }) => operation.type), [type]);
    return runs[0] as RunMessage & { operation: GuestOperation & { type: T } };
  }

  result({ number }: { readonly number: number }, outcome: GuestOutcome): void {
    this.send([{ type: "result", number, outcome }]);
  }

  failed({ number }: { readonly number: number }, code: string): void {
    this.send([{ type: "failed", number, code, message: `a test: ${code}` }]);
  }

  welcome(maxTtl = 600_000): DownMessage {
    const members = ["a", "b", "c"];
    return { type: "welcome", member: this.server, maxTtl, maxValueBytes: 1_000, members };
  }
}

/** A guest on a virtual clock, and the connections that it makes. */
export class ScriptedGuest {
  readonly time = new VirtualTime();
  readonly lines: ScriptedLine[] = [];
  readonly node: GuestNode;

  constructor(options: Partial<ConnectOptions> = {}, servers: readonly string[] = ["A", "B"]) {
    const transport = {
      servers,
      isPushed: true,
      connect: (server: string, _guest: unknown, user: LineUser) => {
        const line = new ScriptedLine(server, user);
        this.lines.push(line);
        return {
          send: (frame: Uint8Array) => line.take(frame),
          expect: (isExpecting: boolean) => void (line.isExpecting = isExpecting),
          close(farewell?: Uint8Array) {
            if (farewell !== undefined && !line.isClosed) line.take(farewell);
            line.isClosed = true;
          },
        };
      },
    };
    this.node = connectWith({ id: "x", transport, ...options }, this.time.runtime);
  }

  /** The newest connection. */
  get line(): ScriptedLine {
    return this.lines[this.lines.length - 1];
  }

  /** Lets deferred work run, and then `duration` milliseconds pass. */
  async pass(duration = 0): Promise<void> {
    for (let i = 0; i < 30; i++) await Promise.resolve();
    await this.time.pass(duration);
    for (let i = 0; i < 30; i++) await Promise.resolve();
  }

  /** Accepts the newest connection, and grants the session. Returns the connection. */
  async serve(): Promise<ScriptedLine> {
    const { line } = this;
    line.open();
    await this.pass();
    const [hello, renew] = line.said();
    assertEquals([hello.type, renew.type], ["hello", "renew"]);
    line.send([line.welcome()]);
    this.grant(line, renew);
    await this.pass();
    return line;
  }

  /** Grants a renewal. */
  grant(line: ScriptedLine, renew: UpMessage): void {
    assert(renew.type === "renew", renew.type);
    const { session, renewal } = renew;
    line.send([{ type: "renewed", session, renewal }]);
  }

  /** Lets time pass while `line` grants every renewal and sends tickets. Returns what else the guest said. */
  async keep(line: ScriptedLine, duration: number): Promise<UpMessage[]> {
    const others: UpMessage[] = [];
    for (let past = 0; past < duration; past += 100) {
      await this.pass(Math.min(100, duration - past));
      for (const message of line.said()) {
        if (message.type === "renew") this.grant(line, message);
        else others.push(message);
      }
      line.send([]);
    }
    await this.pass();
    return others;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.time.until(this.node.close());
  }
}
