import type { SqliteDatabase } from "../../../lib/storage/sqlite.ts";

/** Opens the SQLite database in a file, with what the runtime has; `undefined`: it has none. */
export async function opener(): Promise<((file: string) => SqliteDatabase) | undefined> {
  if ("Bun" in globalThis) {
    // Not a literal, so that other runtimes and the type checker do not look for it.
    const name = "bun:sqlite";
    const { Database } = await import(name);
    return (file) => new Database(file);
  }
  try {
    const name = "node:sqlite";
    const { DatabaseSync } = await import(name);
    return (file) => new DatabaseSync(file);
  } catch {
    return undefined;
  }
}
