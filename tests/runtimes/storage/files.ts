import type { FileCluster } from "./file_cluster.ts";

/** What may happen to the files of one member. */
export const FAULTS = [
  "flipped",
  "cut",
  "log cut",
  "rolled back",
  "deleted",
  "log flipped",
] as const;

/** One of {@linkcode FAULTS}. */
export type Fault = typeof FAULTS[number];

/** A database is these files. */
const ENDS = ["", "-wal", "-shm"];

/** The files of the members of a cluster, while that does not run. */
export class Files {
  readonly #cluster: FileCluster;
  /** Copies, by the number of the start that they were made before. */
  readonly #copies: Map<string, Uint8Array>[] = [];

  constructor(cluster: FileCluster) {
    this.#cluster = cluster;
  }

  /** Keeps a copy of all files. */
  async keep(): Promise<void> {
    const copy = new Map<string, Uint8Array>();
    for (const id of this.#cluster.ids) {
      for (const end of ENDS) {
        const file = this.#cluster.file(id) + end;
        const bytes = await Deno.readFile(file).catch(() => undefined);
        if (bytes !== undefined) copy.set(file, bytes);
      }
    }
    this.#copies.push(copy);
  }

  /** Deletes the log of a database. */
  async deleteLog(id: string): Promise<void> {
    for (const end of ENDS.slice(1)) {
      await Deno.remove(this.#cluster.file(id) + end).catch(() => {});
    }
  }

  /** Does this to the files of a member; returns whether that was possible. */
  async apply(fault: Fault, id: string): Promise<boolean> {
    const file = this.#cluster.file(id);
    switch (fault) {
      case "flipped":
        return await flip(file);
      case "log flipped":
        return await flip(`${file}-wal`);
      case "cut":
        return await cut(file);
      case "log cut":
        return await cut(`${file}-wal`);
      case "deleted":
        for (const end of ENDS) await Deno.remove(file + end).catch(() => {});
        return true;
      case "rolled back": {
        // Before the life before the last one.
        const copy = this.#copies.at(-2);
        if (copy === undefined || !copy.has(file)) return false;
        for (const end of ENDS) {
          await Deno.remove(file + end).catch(() => {});
          const bytes = copy.get(file + end);
          if (bytes !== undefined) await Deno.writeFile(file + end, bytes);
        }
        return true;
      }
    }
  }
}

/** Flips bits here and there. */
async function flip(file: string): Promise<boolean> {
  const bytes = await Deno.readFile(file).catch(() => undefined);
  if (bytes === undefined || bytes.length === 0) return false;
  for (let i = 0; i < 8; i++) {
    bytes[Math.floor(bytes.length * Math.random())] ^= 1 << Math.floor(8 * Math.random());
  }
  await Deno.writeFile(file, bytes);
  return true;
}

/** Cuts off a part of the end. */
async function cut(file: string): Promise<boolean> {
  const bytes = await Deno.readFile(file).catch(() => undefined);
  if (bytes === undefined || bytes.length === 0) return false;
  await Deno.writeFile(file, bytes.slice(0, Math.floor(bytes.length * Math.random())));
  return true;
}
