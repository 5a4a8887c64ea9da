/**
 * The page: a simulation of five nodes at the pace of the clock on the wall. What the reader does is done between two
 * steps of virtual time.
 *
 * @module
 */
import { type ClusterNode, type Lock, singleton } from "../../mod.ts";
import { simulate, type World } from "../../testing/mod.ts";
import { View } from "./view.ts";

const MEMBERS = ["a", "b", "c", "d", "e"];

/** Milliseconds of virtual time in one step. */
const STEP = 4;

/** The longest time that one picture catches up with, in milliseconds: a hidden page stands still. */
const LONGEST = 100;

const NETWORKS = {
  fast: {},
  slow: { delay: [100, 300] },
  lossy: { loss: 0.2, duplicate: 0.1, delay: [1, 50] },
} as const;

const Counter = singleton({
  id: "counter",
  start: (context) => {
    let count = 0;
    return { next: () => ({ count: ++count, host: context.node }) };
  },
});

/** What the reader does, to be done in the next step. */
const waiting: ((world: World) => unknown)[] = [];
const nodes = new Map<string, ClusterNode>();
const locks = new Map<string, Lock>();
const cuts = new Set<string>();

const view = new View(MEMBERS, {
  node: (id) => act((world) => nodes.has(id) ? crash(world, id) : start(world, id)),
  pause: (id) => act((world) => world.pause(id, 8_000)),
  link: (a, b) => act((world) => toggle(world, a, b)),
  heal: () =>
    act((world) => {
      cuts.clear();
      world.heal();
    }),
  network: (name) => act((world) => world.setNetwork(NETWORKS[name as keyof typeof NETWORKS])),
  lock: (id) => act(() => locks.has(id) ? release(id) : lock(id)),
  count: (id) => act(() => count(id)),
  put: (id) => act(() => put(id)),
});

function act(action: (world: World) => unknown): void {
  waiting.push(action);
}

async function start(world: World, id: string): Promise<void> {
  const joined = world.join(id, { hosts: [Counter], sessionTtl: 3_000 });
  view.say(id, "state", "starts");
  const [node] = await joined;
  nodes.set(id, node);
}

function crash(world: World, id: string): void {
  world.crash(id);
  nodes.delete(id);
  locks.delete(id);
  view.forget(id);
}

function toggle(world: World, a: string, b: string): void {
  const key = `${a} ${b}`;
  const isCut = cuts.delete(key);
  if (!isCut) cuts.add(key);
  for (const [from, to] of [[a, b], [b, a]]) isCut ? world.mend(from, to) : world.cut(from, to);
}

async function lock(id: string): Promise<void> {
  const node = nodes.get(id);
  if (node === undefined) return;
  view.say(id, "lock", "waits …");
  const lock = await node.lock("door");
  if (nodes.get(id) !== node) return;
  locks.set(id, lock);
  view.say(id, "lock", `holds it, token …${String(lock.token).slice(-4)}`);
  lock.signal.addEventListener("abort", () => {
    if (locks.get(id) !== lock) return;
    locks.delete(id);
    view.say(id, "lock", "has lost it");
  });
}

async function release(id: string): Promise<void> {
  const lock = locks.get(id);
  locks.delete(id);
  view.say(id, "lock", "");
  await lock?.release();
}

async function count(id: string): Promise<void> {
  const node = nodes.get(id);
  if (node === undefined) return;
  view.say(id, "count", "calls …");
  const { count, host } = await node.name("main", Counter).next();
  view.say(id, "count", `${count}, counted by ${host}`);
}

async function put(id: string): Promise<void> {
  const node = nodes.get(id);
  if (node === undefined) return;
  view.say(id, "put", "puts …");
  const put = await node.kv.put("leader", id);
  view.say(id, "put", put.ok ? `it is ${put.value}` : put.error);
}

/** What an action says that fails: it is shown, and the page goes on. */
async function perform(world: World, action: (world: World) => unknown): Promise<void> {
  try {
    await action(world);
  } catch (error) {
    view.event(error instanceof Error ? error.message : String(error));
  }
}

/** Resolves with the next picture, and its time. */
const nextPicture = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));

async function live(world: World): Promise<void> {
  for (const id of MEMBERS) void perform(world, (world) => start(world, id));
  let [time, behind] = [performance.now(), 0];
  for (;;) {
    const now = await world.outside(nextPicture);
    behind += Math.min(LONGEST, now - time) * view.speed;
    time = now;
    for (const action of waiting.splice(0)) void perform(world, action);
    for (; behind >= STEP; behind -= STEP) await world.sleep(STEP);
    view.show(world.now(), (id) => {
      const node = nodes.get(id);
      if (node === undefined) return { state: "down", hasLock: false };
      return { state: node.hasQuorum ? "ready" : "no quorum", hasLock: locks.has(id) };
    }, cuts);
  }
}

const given = new URLSearchParams(location.hash.slice(1)).get("seed");
const seed = given ?? String(Math.floor(Math.random() * 1e6));
if (given === null) history.replaceState(null, "", `#seed=${seed}`);
view.seed(seed);
addEventListener("hashchange", () => location.reload());

const options = { seed, members: MEMBERS, globals: false, frames: true, limit: 1e12 };
await simulate({ ...options, trace: (line) => view.trace(line) }, live);
