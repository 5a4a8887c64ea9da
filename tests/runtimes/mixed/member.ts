/**
 * The process of one member, for every runtime. It executes commands from its standard input, several at
 * a time, and writes an answer of one line for each to its standard output. When its input ends, it
 * closes the node, and does not call exit.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { Commands } from "./commands.ts";
import { readLine, writeLine } from "./line.ts";

/** A command; `args` are the arguments of the method `name` of {@linkcode Commands}. */
export interface Order {
  readonly number: number;
  readonly name: keyof Commands;
  readonly args: unknown[];
}

/** The outcome of the command with this number. */
export interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
}

const commands = new Commands();

async function carryOut({ number, name, args }: Order): Promise<Answer> {
  try {
    const command = commands[name] as (...args: unknown[]) => unknown;
    return { number, value: await command.apply(commands, args) };
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    return { number, error: { name, message, code } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  carryOut(readLine(line) as Order).then((answer) => console.log(writeLine(answer)));
}
await commands.close();
