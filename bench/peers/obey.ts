import process from "node:process";
import { createInterface } from "node:readline";
import { now } from "../clock.ts";
import { closedLoop } from "../closed_loop.ts";
import { withGaveUp } from "../figures.ts";
import type { Command, Measured, Setup, Subject } from "./subject.ts";

/** Characters of each value, unless a command says otherwise. */
const VALUE_SIZE = 64;

/** Keys that are read in turn. */
const READ = 100;

/**
 * Executes the commands from standard input on the subject that `open` makes, and answers each with a line of JSON: the
 * result, or `{ error }`. The first line is `{ address }`: where this process listens, `null` if it does not.
 */
export async function obey(
  address: string | null,
  open: (setup: Setup) => Promise<Subject>,
): Promise<void> {
  console.log(JSON.stringify({ address }));
  let subject: Subject | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line) as Command;
    try {
      if (command.do === "open") subject = await open(command.setup);
      console.log(JSON.stringify(await execute(subject, command)));
    } catch (error) {
      console.log(JSON.stringify({ error: error instanceof Error ? error.message : `${error}` }));
    }
    if (command.do === "close") break;
  }
  process.stdin.destroy();
}

async function execute(subject: Subject | undefined, command: Command): Promise<unknown> {
  if (subject === undefined) throw new Error(`${command.do} before open`);
  switch (command.do) {
    case "open":
      return { does: ["put", "get", "lock"].filter((name) => name in subject) };
    case "measure":
      return withGaveUp(
        await closedLoop(
          command.count,
          command.concurrency,
          await operationOf(subject, command.row, "v".repeat(command.valueSize ?? VALUE_SIZE)),
        ),
        subject.gaveUp?.() ?? 0,
      );
    case "contend":
      return {
        granted: await contend(subject, command.key, command.contenders, command.times),
        gaveUp: subject.gaveUp?.() ?? 0,
      };
    case "close":
      await subject.close();
      return {};
  }
}

/** One operation of the row, by its index; what it needs is prepared. */
async function operationOf(
  subject: Subject,
  row: Measured,
  value: string,
): Promise<(index: number) => Promise<void>> {
  // 32 characters with the index.
  const prefix = crypto.randomUUID().slice(0, 24);
  const keyOf = (index: number) => prefix + String(index).padStart(8, "0");
  switch (row) {
    case "put":
      return (index) => subject.put!(keyOf(index), value);
    case "get": {
      for (let index = 0; index < READ; index++) await subject.preset!(keyOf(index), value);
      return async (index) => {
        if (await subject.get!(keyOf(index % READ)) !== value) throw new Error("another value");
      };
    }
    case "lock":
      return async (index) => {
        const release = await subject.lock!(keyOf(index));
        await release();
      };
  }
}

/** Has `contenders` contenders take one lock `times` times each; returns the time of each grant. */
async function contend(
  subject: Subject,
  key: string,
  contenders: number,
  times: number,
): Promise<number[]> {
  const granted: number[] = [];
  await Promise.all(Array.from({ length: contenders }, async () => {
    for (let time = 0; time < times; time++) {
      const release = await subject.lock!(key);
      granted.push(now());
      await release();
    }
  }));
  return granted;
}
