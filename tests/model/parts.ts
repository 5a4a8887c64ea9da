import { Automaton } from "./automaton.ts";
import { Client, type ClientAttributes, type ClientInput, type ClientOutput } from "./client.ts";
import { Codes, messagePool, textOfData, withNumbers } from "./messages.ts";
import { firstOf } from "./first.ts";
import { Outboxes } from "./outboxes.ts";
import type { Layout } from "./layout.ts";
import type { Past } from "./past.ts";
import type { Machines } from "./paxos.ts";
import { Pool } from "./pool.ts";
import { Process } from "./process.ts";
import type { ProcessAttributes, ProcessInput, ProcessOutput } from "./process_io.ts";
import type { Scope } from "./scope.ts";

/** The automaton of all processes. */
export type ProcessAutomaton = Automaton<ProcessInput, ProcessOutput, ProcessAttributes>;

/** The automaton of one client. */
export type ClientAutomaton = Automaton<ClientInput, ClientOutput, ClientAttributes>;

/** The meanings of the numbers in a row. */
export class Parts {
  readonly members: readonly string[];
  readonly codes = new Codes();
  readonly messages = messagePool();
  readonly outboxes: Outboxes;
  readonly processInputs = new Pool<ProcessInput>(textOfData);
  readonly clientInputs = new Pool<ClientInput>(textOfData);
  /** One automaton for all processes: they differ only by their `boot` input. */
  readonly process: ProcessAutomaton;
  readonly clients: readonly ClientAutomaton[];
  readonly pasts = new Pool<Past>(textOfData);

  /** The parts of a scope's world. */
  constructor(scope: Scope, layout: Layout, { shipping, opened }: Machines) {
    const { codes, processInputs: inputs } = this;
    const members = Array.from({ length: scope.members }, (_, index) => `m${index}`);
    const { clientsTell } = scope;
    const longValues = scope.pieces !== "one";
    const first = firstOf(scope);
    const world = { members, clientsTell, longValues, first };
    const constants = new Map<unknown, string>([[members, "members"]]);
    this.members = members;
    this.outboxes = new Outboxes(this.messages, codes, layout);
    this.process = new Automaton({
      make: (paxos) => new Process(paxos, members),
      shipping,
      opened,
      constants,
      inputs,
      decode: (input, numbers) => {
        if (input.do !== "reply") return input;
        // 1 is no question number of any process.
        const number = (code: number) => numbers.get(codes.place(code) ?? "") ?? 1;
        return { ...input, reply: withNumbers(input.reply, number) };
      },
      encode: (output, places) => {
        if (output.out !== "question") return output;
        const code = (number: number) => codes.code(places.get(number));
        return { ...output, request: withNumbers(output.request, code) };
      },
      describe: (process) => (process as Process).attributes,
    });
    this.clients = scope.clients.map((options) =>
      new Automaton({
        make: (paxos) => new Client(paxos, options, world),
        shipping,
        opened,
        constants,
        inputs: this.clientInputs,
        decode: (input) => input,
        encode: (output) => output,
        describe: (client) => (client as Client).attributes,
      })
    );
  }
}
