import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { bundleSize, isWithin } from "../../tasks/bundle_size.ts";
import { root } from "../../tasks/process.ts";

describe("bundleSize()", () => {
  it("counts what a module imports, and not what it imports when it is needed", async () => {
    const folder = `${root}build/bundle-size-test/`;
    await Deno.mkdir(folder, { recursive: true });
    try {
      const big = `export const big = ${JSON.stringify(crypto.randomUUID().repeat(100))};`;
      await Deno.writeTextFile(`${folder}big.js`, big);
      const sizes = [];
      for (
        const by of ['import { big } from "./big.js"', 'const { big } = await import("./big.js")']
      ) {
        await Deno.writeTextFile(`${folder}entry.js`, `${by};\nconsole.log(big);`);
        sizes.push(await bundleSize(["build/bundle-size-test/entry.js"]));
      }
      const [always, later] = sizes;
      assert(always.minified > 3_600 && always.compressed < 300, JSON.stringify(always));
      assertEquals(always.parts.map(([folder]) => folder), ["build/bundle-size-test"]);
      assert(later.minified < 200 && later.compressed < 200, JSON.stringify(later));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
});

describe("isWithin()", () => {
  it("compares the compressed size with the limit", () => {
    const size = { minified: 900, compressed: 300, parts: [["guest", 900]] as const };
    const within = [299, 300].map((limit) => isWithin({ name: "a bundle", limit }, size));
    assertEquals(within, [false, true]);
  });
});
