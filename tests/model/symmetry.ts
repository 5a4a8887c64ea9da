import { Renaming } from "./messages.ts";
import type { Past } from "./past.ts";
import type { ProcessInput } from "./process_io.ts";
import type { ClientInput } from "./client.ts";
import type { World } from "./world.ts";

/** The known results of a renaming of numbers. */
class Memory {
  readonly #rename: (number: number) => number;
  /** The result plus one; 0 if it is not known. */
  #known = new Uint32Array(1024);

  constructor(rename: (number: number) => number) {
    this.#rename = rename;
  }

  get(number: number): number {
    if (number >= this.#known.length) {
      const known = new Uint32Array(Math.max(number + 1, 2 * this.#known.length));
      known.set(this.#known);
      this.#known = known;
    }
    const known = this.#known[number];
    if (known !== 0) return known - 1;
    const renamed = this.#rename(number);
    this.#known[number] = renamed + 1;
    return renamed;
  }
}

/** A renaming of the members for rows: the source of each place, and the renaming of its number. */
interface RowRenaming {
  readonly from: readonly number[];
  readonly memories: readonly Memory[];
}

/**
 * Symmetry reduction: members that differ only by their names are interchangeable. Of all rows that differ only
 * by such a renaming, the search visits one (Ip & Dill, *Better Verification Through Symmetry*, 1996).
 */
export class Symmetry {
  readonly #renamings: readonly RowRenaming[];
  readonly #width: number;
  readonly #least: Uint32Array;

  /** With the symmetries of the scope of `world`. */
  constructor(world: World) {
    const { scope, parts, layout } = world;
    this.#renamings = scope.symmetries.map((to) =>
      renamingOf(world, new Renaming(to, parts.members, layout.lives, parts.codes))
    );
    this.#width = layout.width;
    this.#least = new Uint32Array(layout.width);
  }

  /** The row that represents all rows symmetric to `row`; valid until the next call. */
  canonical(row: Uint32Array): Uint32Array {
    this.#least.set(row);
    for (const renaming of this.#renamings) this.#rename(row, renaming);
    return this.#least;
  }

  /** The number of rows symmetric to `row`, including itself. */
  orbit(row: Uint32Array): number {
    const rows = this.#renamings.map(({ from, memories }) =>
      from.map((place, index) => memories[index].get(row[place])).join()
    );
    return new Set([row.join(), ...rows]).size;
  }

  /** Keeps the renamed row if it is less than the least one so far. */
  #rename(row: Uint32Array, { from, memories }: RowRenaming): void {
    const least = this.#least;
    let isLess = false;
    for (let i = 0; i < this.#width; i++) {
      const renamed = memories[i].get(row[from[i]]);
      if (!isLess && renamed !== least[i]) {
        if (renamed > least[i]) return;
        isLess = true;
      }
      least[i] = renamed;
    }
  }
}

function renamingOf({ parts, layout }: World, renaming: Renaming): RowRenaming {
  const { process, processInputs, clientInputs, messages, outboxes, pasts } = parts;
  const ofProcess = new Memory((state) =>
    process.replay(
      state,
      (input) => processInputs.number(renameProcessInput(processInputs.value(input), renaming)),
    )
  );
  const ofOutbox = new Memory((outbox) =>
    outboxes.of(
      outboxes.get(outbox).messages.map((message) =>
        messages.number(renaming.message(messages.value(message)))
      ),
    )
  );
  const ofPast = new Memory((past) => pasts.number(renamePast(pasts.value(past), renaming)));
  const from: number[] = [];
  const memories: Memory[] = [];
  const place = (to: number, source: number, memory: Memory) => {
    from[to] = source;
    memories[to] = memory;
  };
  for (let number = 0; number < layout.processes; number++) {
    const other = renaming.process(number);
    place(other, number, ofProcess);
    place(layout.outbox(other), layout.outbox(number), ofOutbox);
  }
  for (const [number, client] of parts.clients.entries()) {
    const ofClient = new Memory((state) =>
      client.replay(
        state,
        (input) => clientInputs.number(renameClientInput(clientInputs.value(input), renaming)),
      )
    );
    place(layout.client(number), layout.client(number), ofClient);
    place(layout.sent(number), layout.sent(number), ofOutbox);
  }
  place(layout.past, layout.past, ofPast);
  return { from, memories };
}

function renamePast(past: Past, renaming: Renaming): Past {
  return {
    ...past,
    records: past.records.map((record) => renaming.record(record)),
    blank: past.blank.map((lives) => renaming.perMember(lives))
      .sort((a, b) => a.join() < b.join() ? -1 : 1),
  };
}

function renameClientInput(input: ClientInput, renaming: Renaming): ClientInput {
  return "sender" in input ? { ...input, sender: renaming.sender(input.sender) } : input;
}

function renameProcessInput(input: ProcessInput, renaming: Renaming): ProcessInput {
  switch (input.do) {
    case "boot": {
      const { record } = input;
      return {
        ...input,
        member: renaming.member(input.member),
        record: record && renaming.record(record),
      };
    }
    case "hear":
      return { ...input, from: renaming.name(input.from), header: renaming.header(input.header) };
    case "question":
      return {
        ...input,
        from: renaming.name(input.from),
        header: renaming.header(input.header),
        request: renaming.request(input.request),
      };
    case "reply":
      return {
        ...input,
        from: renaming.name(input.from),
        header: renaming.header(input.header),
        reply: renaming.reply(input.reply),
      };
    case "ask":
      return { ...input, vector: renaming.perMember(input.vector) };
    default:
      return input;
  }
}
