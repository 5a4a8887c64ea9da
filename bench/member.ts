import { type ClusterNode, join } from "../mod.ts";
import type { Transport } from "../transports/transport.ts";
import { openEcho } from "./floor.ts";
import { OPTIONS } from "./setting.ts";
import { LocalWaiter } from "./waiter.ts";

/** The commands for a member that is not measured; it executes one at a time. */
export type Command<Setup> =
  | { readonly do: "join"; readonly setup: Setup }
  | { readonly do: "ask"; readonly keys: readonly string[] }
  | { readonly do: "granted" }
  | { readonly do: "release" }
  | {
    readonly do: "contend";
    readonly key: string;
    readonly contenders: number;
    readonly times: number;
  }
  | { readonly do: "close" };

/** The answer: times for `granted` and `contend`, empty for the others. */
export type Outcome = readonly number[];

/** The transports of a member: one for its node, and one for an echo. */
export interface Transports {
  readonly id: string;
  readonly cluster: Transport;
  readonly bare: Transport;
}

/** A member that executes commands; `connect` makes its transports. */
export class Member<Setup> {
  readonly #connect: (setup: Setup) => Transports;
  #bare: Transport | undefined;
  #node!: ClusterNode;
  #waiter!: LocalWaiter;

  /** Does nothing until the first command. */
  constructor(connect: (setup: Setup) => Transports) {
    this.#connect = connect;
  }

  /** Executes one command. */
  async obey(command: Command<Setup>): Promise<Outcome> {
    switch (command.do) {
      case "join": {
        const { id, cluster, bare } = this.#connect(command.setup);
        await openEcho(this.#bare = bare, id);
        this.#node = await join({ ...OPTIONS, id, transport: cluster });
        this.#waiter = new LocalWaiter(this.#node);
        await this.#node.ready;
        return [];
      }
      case "ask":
        await this.#waiter.ask(command.keys);
        return [];
      case "granted":
        return await this.#waiter.granted();
      case "release":
        await this.#waiter.release();
        return [];
      case "contend":
        return await this.#waiter.contend(command.key, command.contenders, command.times);
      case "close":
        await this.#node.close();
        await this.#bare?.close();
        return [];
    }
  }
}
