import { programFor } from "../../tasks/program.ts";
import { root } from "../../tasks/process.ts";
import type { Runtime } from "../../tasks/suites.ts";
import { readLines } from "../chaos/lines.ts";
import { SECRET } from "../transports/support/networks.ts";
import type { Reachable } from "../transports/support/server.ts";
import type { Addresses, Memory } from "./server.ts";

/** The id of its node. */
export const SERVER = "server";

/** The process of the server. */
export class Besieged {
  /** Its address, in the form that the helpers of the transport tests use. */
  readonly at: Reachable;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, addresses: Addresses) {
    this.#child = child;
    this.at = { url: (scheme) => addresses[scheme] };
  }

  /** Starts the server; resolves when it is ready. */
  static async start(runtime: Runtime): Promise<Besieged> {
    const permissions = ["--allow-read", "--allow-net=127.0.0.1"];
    const [command, ...args] = await programFor(runtime, "tests/siege/server.ts", permissions);
    const child = new Deno.Command(command, {
      args: [...args, SECRET],
      cwd: root,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    for await (const line of readLines(child.stdout)) {
      return new Besieged(child, JSON.parse(line));
    }
    throw new Error(`the server has ended: ${JSON.stringify(await child.status)}`);
  }

  /** The memory of its process. */
  async memory(): Promise<Memory> {
    return await (await fetch(`${this.at.url("http")}/memory`)).json();
  }

  /** Stops it; resolves when it has ended. */
  async stop(): Promise<void> {
    await this.#child.stdin.close();
    await this.#child.status;
  }
}
