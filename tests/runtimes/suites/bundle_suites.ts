import { bundle } from "../../../tasks/bundle.ts";

/** The file at this place in the folder of all tests. */
function file(path: string): string {
  return decodeURIComponent(new URL(`../../${path}`, import.meta.url).pathname);
}

/** Bundles a program of this folder that has tests in it, for browsers and workerd. */
export async function bundleSuites(name: string, output: string): Promise<void> {
  await bundle(file(`runtimes/suites/${name}`), output, {
    "@std/testing/bdd": file("offline/bdd.ts"),
    "@std/assert": file("offline/assert.ts"),
    "node:test": file("runtimes/suites/collected.ts"),
    "node:assert": file("runtimes/suites/deep_equal.ts"),
  });
}
