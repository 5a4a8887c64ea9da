import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";

/**
 * The folders of the shipped code, from the bottom up. A folder imports only folders above it in this
 * list, so imports between folders have no cycle.
 */
const LAYERS = [
  "lib/paxos",
  "lib/codec",
  "lib/storage",
  "transports/link",
  "transports/auth",
  "transports/http",
  "transports/websocket",
  "transports",
  "lib",
  "lib/node/runtime",
  "lib/node/wire",
  "lib/node/disk",
  "lib/node/engine",
  "lib/node/quorum",
  "lib/node/membership",
  "lib/node",
  "lib/owners",
  "lib/kv",
  "lib/cells",
  "lib/locks",
  "lib/processes",
  "lib/singletons",
  "lib/gateway",
  "lib/cluster",
  "lib/inspector",
  "lib/opentelemetry",
  "guest",
  // The root, with the public entry point.
  "",
  "testing",
];

/** Files that lower folders import: interfaces and shared options, without a folder of their own. */
const BASE = new Set([
  "lib/errors.ts",
  "lib/options.ts",
  "lib/show.ts",
  "lib/codec.ts",
  "transports/guest_line.ts",
  "transports/guests.ts",
  "transports/transport.ts",
]);

/** The features, which see the shell of a node through `DOORS`. */
const FEATURES = [
  "lib/owners",
  "lib/kv",
  "lib/cells",
  "lib/locks",
  "lib/processes",
  "lib/singletons",
  "lib/gateway",
];

/** What a feature may import of `lib/node`: the core, and the interface of nodes that propose nothing themselves. */
const DOORS = new Set(["lib/node/core.ts", "lib/node/shell.ts"]);

const ROOT = new URL("../../", import.meta.url);

async function sources(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(`${folder}/`, ROOT))) {
    if (isDirectory) files.push(...await sources(`${folder}/${name}`));
    else if (name.endsWith(".ts")) files.push(`${folder}/${name}`);
  }
  return files.sort();
}

const folderOf = (file: string): string => file.slice(0, Math.max(0, file.lastIndexOf("/")));

/** `text` without doc comments, whose examples import the package by name. */
const withoutExamples = (text: string): string => text.replaceAll(/^ *\*.*$/gm, "");

/** The files that `text`, the source of `file`, imports or re-exports, types included. */
function importsOf(file: string, text: string): string[] {
  const base = new URL(file, "file:///");
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)]
    .map(([, specifier]) => new URL(specifier, base).pathname.slice(1));
}

/** What runs if `entry` is imported: the files, and the modules of other packages. */
async function contents(entry: string): Promise<{ reached: string[]; foreign: string[] }> {
  const reached = new Set([entry]);
  const foreign = new Set<string>();
  for (const file of reached) {
    const text = withoutExamples(await Deno.readTextFile(new URL(file, ROOT)));
    // Types are not in the code that runs.
    const code = text.replaceAll(/\b(?:import|export) type [^;]*;/g, "")
      .replaceAll(/\b(?:import|export) \{(?:\s*type [^,}]*,?)+\s*\} from [^;]*;/g, "");
    for (const [, name] of code.matchAll(/\b(?:from|import)\s*\(?\s*"([^".][^"]*)"/g)) {
      foreign.add(name);
    }
    for (const target of importsOf(file, code)) reached.add(target);
  }
  return { reached: [...reached], foreign: [...foreign] };
}

/** Imports of `file` that go upwards, or between two unrelated folders. */
function upwards(file: string, text: string): string[] {
  const place = LAYERS.indexOf(folderOf(file));
  if (place < 0) return [`${file}: its folder is in no layer`];
  return importsOf(file, text)
    .filter((target) => folderOf(target) !== folderOf(file) && !BASE.has(target))
    .filter((target) => {
      const layer = LAYERS.indexOf(folderOf(target));
      return layer < 0 || layer > place;
    })
    .map((target) => `${file} -> ${target}`);
}

/** Imports and uses of the shell in a feature that do not go through its doors. */
function aroundTheDoors(file: string, text: string): string[] {
  const imports = importsOf(file, text)
    .filter((target) => target.startsWith("lib/node/") && !DOORS.has(target))
    .map((target) => `${file} -> ${target}`);
  const code = text.replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, "").split("\n").map((line) =>
    line.trim()
  );
  const uses = code.filter((line) => /\bengine\b/.test(line) && !/^import |from "/.test(line));
  return [...imports, ...uses.map((line) => `${file}: ${line}`)];
}

describe("layout", () => {
  it("a folder imports only folders below it", async () => {
    const wrong: string[] = [];
    const folders = await Promise.all(["lib", "transports", "guest", "testing"].map(sources));
    for (const file of folders.flat()) {
      wrong.push(...upwards(file, await Deno.readTextFile(new URL(file, ROOT))));
    }
    assertEquals(wrong, []);
  });

  it("a feature uses nothing of the shell but its two doors", async () => {
    const wrong: string[] = [];
    for (const folder of FEATURES) {
      for (const file of await sources(folder)) {
        wrong.push(...aroundTheDoors(file, await Deno.readTextFile(new URL(file, ROOT))));
      }
    }
    assertEquals(wrong, []);
  });

  it("a feature that goes around the doors is found", () => {
    const found = aroundTheDoors(
      "lib/kv/puts.ts",
      'import type { Core } from "../node/core.ts";\n' +
        'import { onAbort } from "../node/runtime/on_abort.ts";\n' +
        "/** The engine of a core is not for features. */\n" +
        "const { engine } = this.#core; // the engine\n" +
        "this.#core.engine.ask();\n",
    );
    assertEquals(found, [
      "lib/kv/puts.ts -> lib/node/runtime/on_abort.ts",
      "lib/kv/puts.ts: const { engine } = this.#core;",
      "lib/kv/puts.ts: this.#core.engine.ask();",
    ]);
  });

  it("paxos imports nothing outside itself", async () => {
    const wrong: string[] = [];
    for (const file of await sources("lib/paxos")) {
      const text = await Deno.readTextFile(new URL(file, ROOT));
      const all = [...withoutExamples(text).matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)];
      wrong.push(
        ...all.map(([, specifier]) => specifier).filter((one) => !/^\.\/[^/]+\.ts$/.test(one)),
      );
    }
    assertEquals(wrong, []);
  });

  it("a guest contains no part of the protocol, no server and no library", async () => {
    const { reached, foreign } = await contents("guest/mod.ts");
    assertEquals(foreign, []);
    // Names, clocks, sessions and tickets; no proposer, acceptor or quorum.
    const allowed = [
      "ballot",
      "ended_lives",
      "invariant",
      "lease",
      "lock_register",
      "register",
      "renewals",
      "sessions",
      "tickets",
    ].map((name) => `lib/paxos/${name}.ts`);
    const folders = ["lib/gateway", "lib/node/quorum", "lib/node/membership", "lib/node/wire"];
    const wrong = reached.filter((file) =>
      (folderOf(file) === "lib/paxos" && !allowed.includes(file)) ||
      folders.includes(folderOf(file)) || file === "lib/codec.ts" ||
      file.endsWith("/transport.ts")
    );
    assertEquals(wrong, []);
  });

  it("a client over WebSocket contains no server and no library", async () => {
    for (const entry of ["transports/websocket_client.ts", "lib/cluster/join.ts"]) {
      const { reached, foreign } = await contents(entry);
      assertEquals(foreign, []);
      assertEquals(reached.filter((file) => file === "transports/websocket/server.ts"), []);
    }
  });

  it("the repository contains no symbolic link, such as one to installed packages", async () => {
    const listing = new Deno.Command("git", { args: ["ls-files", "--stage"], cwd: ROOT });
    const { stdout } = await listing.output();
    const files = new TextDecoder().decode(stdout).split("\n");
    assertEquals(files.filter((file) => file.startsWith("120000")), []);
  });

  it("an upward import is found, also of a type or a dynamic one", () => {
    const found = upwards(
      "lib/node/wire/links.ts",
      'import type { Engine } from "../engine/engine.ts";\nawait import("../../kv/puts.ts");\n' +
        'import { Gate } from "../runtime/gate.ts";',
    );
    assertEquals(found, [
      "lib/node/wire/links.ts -> lib/node/engine/engine.ts",
      "lib/node/wire/links.ts -> lib/kv/puts.ts",
    ]);
  });
});
