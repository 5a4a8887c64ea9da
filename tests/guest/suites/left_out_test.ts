// Runs in Deno alone: it reads the project.
import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";

/** The suites of features that guests share with full nodes. */
const SUITES = ["kv", "cells", "locks", "locks/web", "singletons"];

/** Files with whole nodes that say nothing about a guest, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "kv/polled_claim": "its nodes keep promises; a gateway keeps none for a put of its guest",
  "kv/settled": "a guest has no quorum of its own, and asks for each value",
  "locks/closing": "its nodes propose their requests themselves; a guest's session is over at once",
  "locks/hand_over": "it counts the frames between members",
  "locks/hot": "it counts round trips between members",
  "locks/one_operation": "it counts round trips between members",
  "locks/queue": "4,096 hand-overs through gateways take minutes",
  "locks/sent_orders": "a guest's requests are not handed over: its gateways propose them",
  "locks/taken_orders": "a guest's requests are not handed over: its gateways propose them",
  "locks/whole_labels": "of a guest others know only what its request carries",
  "singletons/cancellation": "its nodes are the hosts",
  "singletons/departures": "its nodes are the hosts",
  "singletons/drain": "its nodes are the hosts",
  "singletons/kept": "its nodes are the hosts",
  "singletons/return":
    "what hosts start again after the loss of their memory; half a minute each over guests",
};

/** How a test makes whole nodes. */
const NODES = /\b(?:startCluster|VirtualCluster\.start|TimedCluster\.start|webLocks|startSource)\(/;

const testRoot = new URL("../../", import.meta.url);

async function suiteFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(new URL(`${folder}/`, testRoot))) {
    if (!name.endsWith("_test.ts")) continue;
    const text = await Deno.readTextFile(new URL(`${folder}/${name}`, testRoot));
    if (NODES.test(text)) files.push(`${folder}/${name.slice(0, -"_test.ts".length)}`);
  }
  return files;
}

describe("the suites over guests", () => {
  it("have each file of the suites over full nodes, or say why not", async () => {
    const all = (await Promise.all(SUITES.map(suiteFiles))).flat();
    const here = new URL("guest/suites/", testRoot);
    const used: string[] = [];
    for await (const { name } of Deno.readDir(here)) {
      if (!name.endsWith("_test.ts")) continue;
      const text = await Deno.readTextFile(new URL(name, here));
      for (const [, file] of text.matchAll(/^import "\.\.\/\.\.\/(.*)_test\.ts";$/gm)) {
        used.push(file);
      }
    }
    assertEquals([...used, ...Object.keys(LEFT_OUT)].sort(), all.sort());
  });
});
