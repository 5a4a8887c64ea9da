/**
 * Replaces `@std/testing/bdd` if JSR cannot be reached, and in Node and Bun: `describe`, `it`
 * and the hooks, with types that fit both. Each `it` becomes one test of the runtime's own runner,
 * named by its full path, so all three runtimes report the same tests and run hooks in the same way
 * (their own implementations of nested groups and hooks differ).
 *
 * It has no `skip` and no `only` on purpose: a test that did not run has not passed.
 *
 * @module
 */
type Body = () => void | Promise<void>;

// Not `node:test` in Deno: there an uncaught error, even one that stops the file from loading, goes
// unnoticed, and the run passes.
const register: (name: string, body: Body) => void = "Deno" in globalThis
  ? Deno.test
  : (await import("node:test")).test;

interface Group {
  /** The groups from the outermost to this one. */
  readonly path: readonly Group[];
  readonly name: string;
  readonly beforeAll: Body[];
  readonly afterAll: Body[];
  readonly beforeEach: Body[];
  readonly afterEach: Body[];
  /** Number of tests, including those of inner groups, that have not ended. */
  remaining: number;
  /** The single run of `beforeAll`: each test waits for it, and fails if it failed. */
  opening?: Promise<void>;
}

let current: Group | undefined;
let running = false;

/** Tests that {@linkcode registerAll} registers; `undefined`: each one is registered at once. */
let held: (() => void)[] | undefined;

async function runAll(hooks: readonly Body[]): Promise<void> {
  for (const hook of hooks) await hook();
}

async function runTest(path: readonly Group[], body: Body): Promise<void> {
  // A runner may start the first test while the file still registers others; `remaining` is complete
  // only after the registration.
  await Promise.resolve();
  const innermostFirst = path.toReversed();
  const errors: unknown[] = [];
  const attempt = async (step: () => Promise<void>): Promise<boolean> => {
    try {
      await step();
      return true;
    } catch (error) {
      errors.push(error);
      return false;
    }
  };
  running = true;
  const opened = await attempt(async () => {
    for (const group of path) await (group.opening ??= runAll(group.beforeAll));
  });
  if (opened) {
    await attempt(async () => {
      for (const group of path) await runAll(group.beforeEach);
      await body();
    });
    for (const group of innermostFirst) await attempt(() => runAll(group.afterEach));
  }
  for (const group of innermostFirst) {
    group.remaining--;
    if (group.remaining === 0) await attempt(() => runAll(group.afterAll));
  }
  running = false;
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join("; "));
  if (errors.length === 1) throw errors[0];
}

function mustNotRun(what: string): void {
  if (running) throw new Error(`${what} was called while a test runs: it would never be run`);
}

function newGroup(name: string, outer: Group | undefined): Group {
  const group: Group = {
    get path() {
      return [...outer?.path ?? [], group];
    },
    name,
    beforeAll: [],
    afterAll: [],
    beforeEach: [],
    afterEach: [],
    remaining: 0,
  };
  return group;
}

/**
 * Loads one of several files that share a process: its tests are in a group with the name `file`. They are registered
 * by {@linkcode registerAll}, after all files: otherwise they would begin while the next file is loaded.
 */
export async function loadFile(file: string, load: () => Promise<unknown>): Promise<void> {
  held ??= [];
  const group = current = newGroup(file, undefined);
  await load();
  current = undefined;
  if (group.remaining === 0) throw new Error(`${file} has no test`);
}

/** Registers the tests of all files that were loaded with {@linkcode loadFile}. */
export function registerAll(): void {
  for (const register of held ?? []) register();
  held = undefined;
}

/** Groups tests; `body` registers at least one test, synchronously. */
export function describe(name: string, body: () => void): void {
  mustNotRun(`describe("${name}")`);
  const outer = current;
  const group = current = newGroup(name, outer);
  try {
    if (body() as unknown instanceof Promise) {
      throw new TypeError(`describe("${name}") takes a function that is not async`);
    }
  } finally {
    current = outer;
  }
  if (group.remaining === 0) throw new Error(`describe("${name}") has no test`);
}

/** Registers one test. */
export function it(name: string, body: Body): void {
  mustNotRun(`it("${name}")`);
  const path = current?.path ?? [];
  for (const group of path) group.remaining++;
  const fullName = [...path.map((group) => group.name), name].join(" > ");
  const enter = () => register(fullName, () => runTest(path, body));
  if (held === undefined) enter();
  else held.push(enter);
}

function hook(kind: "beforeAll" | "afterAll" | "beforeEach" | "afterEach", body: Body): void {
  if (!current || running) throw new Error(`${kind}() works only directly inside describe()`);
  current[kind].push(body);
}

/** Runs once before the tests of the group. */
export function beforeAll(body: Body): void {
  hook("beforeAll", body);
}

/** Runs once after the tests of the group. */
export function afterAll(body: Body): void {
  hook("afterAll", body);
}

/** Runs before each test of the group, those of outer groups first. */
export function beforeEach(body: Body): void {
  hook("beforeEach", body);
}

/** Runs after each test of the group, whether it passed or not, those of outer groups last. */
export function afterEach(body: Body): void {
  hook("afterEach", body);
}
