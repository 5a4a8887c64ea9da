/**
 * The process of one node, for every runtime. It executes the commands of the driver from its standard
 * input, several at a time, and writes the outcomes to its standard output. Its arguments are the ways
 * in which it is broken.
 *
 * @module
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { type ClusterNode, join, type Process, type PutOptions, type Remote } from "../../mod.ts";
import { http } from "../../transports/http.ts";
import { Acceptor } from "../../lib/paxos/acceptor.ts";
import { assertInvariant, onInvariantFailure } from "../../lib/paxos/invariant.ts";
import { webSocket } from "../../transports/websocket.ts";
import { ClientWebSocket, TestServer, upgradeWebSocket } from "../transports/support/server.ts";
import { alwaysHeld, type Breakage, localLock, type UsedLock } from "./broken.ts";
import type { Answer, Bind, Event, NumberedOrder, Order } from "./orders.ts";
import { Owners } from "./owners.ts";

const broken = new Set(process.argv.slice(2) as Breakage[]);

/** Writes synchronously, so that a report arrives even if the process is killed right afterwards. */
function tell(line: Answer | Event): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  for (let written = 0; written < bytes.length;) {
    written += writeSync(1, bytes, written, bytes.length - written);
  }
}

/** Writes to the log, which is for people. */
function log(text: string): void {
  writeSync(2, `${new Date().toISOString()} ${text}\n`);
}

const pause = (duration: number) => new Promise((resolve) => setTimeout(resolve, duration));

type Counter = { mark(call: string, work: number): Promise<{ token: number; order: number }> };

/** A singleton that counts its calls, and reports each one. */
const counterSpec = {
  id: "counter",
  start: (
    { key, token, signal }: { key: unknown; token: number; signal: AbortSignal },
  ): Counter => {
    const name = key as string;
    owners.watch(
      { kind: "instance", key: name, shared: false, token, owner: `${node.life} ${name} ${token}` },
      () => broken.has("instance") || !signal.aborted,
    );
    let order = 0;
    return {
      async mark(call, work) {
        const mine = ++order;
        tell({ event: "ran", key: name, call, token, order: mine, at: performance.now() });
        if (work > 0) await pause(work);
        return { token, order: mine };
      },
    };
  },
};

onInvariantFailure(({ message: invariant }) => {
  tell({ event: "broken", node: node.id, invariant });
});
if (broken.has("invariant")) {
  const { handle } = Acceptor.prototype;
  Acceptor.prototype.handle = function (request, from, now) {
    const accepts = request.type === "accept" || request.type === "fast";
    assertInvariant(!accepts, "no member accepts anything");
    return handle.call(this, request, from, now);
  };
}

const owners = new Owners(tell);
const server = await TestServer.start();
const processes = new Map<number, Process<void>>();
const counters = new Map<string, Remote<Counter>>();
const remembered = new Map<string, unknown>();
let node: ClusterNode;
let resource: string;
let handles = 0;
let puts = 0;
let closed = false;

async function run(order: Order): Promise<unknown> {
  switch (order.do) {
    case "join":
      return await enter(order);
    case "ready":
      return await node.ready;
    case "put":
    case "claim":
      return await put(order);
    case "get":
    case "token":
    case "node": {
      const name = `${order.do} ${order.key}`;
      if (broken.has("stale") && remembered.has(name)) return remembered.get(name);
      const result = await node.kv[order.do](order.key);
      if (broken.has("stale") && (result.ok || result.error === "not_found")) {
        remembered.set(name, result);
      }
      return result;
    }
    case "watch":
      return await watch(order);
    case "exit":
      return await processes.get(order.user)?.exit();
    case "add":
      return await add(order);
    case "call":
      return await call(order);
    case "status": {
      const { life, hasQuorum, members, owned, frames } = await node.status();
      return { life, hasQuorum, members, owned, frames };
    }
    case "change":
      if (!broken.has("unchanged")) {
        await node.changeMembers(order.list, { timeout: order.timeout });
      }
      return null;
    case "close":
      await node.close();
      owners.close();
      await server.close();
      closed = true;
      return null;
  }
}

async function enter(order: Extract<Order, { do: "join" }>): Promise<null> {
  const { id, members, peers, over, secret, sessionTtl, timeout } = order;
  resource = order.resource;
  const transport = over === "http"
    ? http({ peers, secret })
    : webSocket({ peers, secret, upgradeWebSocket, WebSocket: ClientWebSocket });
  server.mount(transport.routes);
  const hosts = [counterSpec];
  node = await join({ id, members, transport, sessionTtl, timeout, clients: true, hosts });
  log(`joined as ${id}, life ${node.life}`);
  for (const type of ["quorum", "noquorum", "sessionlost", "membership", "restart"] as const) {
    node.addEventListener(type, (event) => log(`${type} ${JSON.stringify(event.detail)}`));
  }
  node.addEventListener("error", (event) => log(`error ${event.detail.error}`));
  return null;
}

async function put(order: Extract<Order, { do: "put" | "claim" }>): Promise<unknown> {
  const { key, value, bind } = order;
  if (broken.has("put") && ++puts % 5 === 0) return { ok: true, value, mine: true };
  const options = bindings(bind);
  const pid = bind.to === "process" ? processes.get(bind.user)!.pid : undefined;
  if (order.do === "put") return { ...await node.kv.put(key, value, options), pid };
  const claim = await node.kv.claim(key, value, options);
  return claim.ok ? { ok: true, ...claim.value, pid } : claim;
}

/** All observed states of a key. */
async function watch({ key, duration }: Extract<Order, { do: "watch" }>): Promise<unknown> {
  const states: unknown[] = [];
  const aborter = new AbortController();
  const { signal } = aborter;
  const timer = setTimeout(() => aborter.abort(), duration);
  try {
    for await (const state of node.kv.watch(key, { signal })) states.push(state);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  return states;
}

function bindings(bind: Bind): PutOptions {
  switch (bind.to) {
    case "nothing":
      return {};
    case "node":
      return { node: bind.id };
    case "pid":
      return { pid: bind.pid };
    case "time":
      return { until: node.kv.now() + bind.after };
    case "process": {
      let owner = processes.get(bind.user);
      if (owner === undefined || owner.signal.aborted) {
        processes.set(bind.user, owner = node.spawn());
        owner.result.catch(() => {});
      }
      return { pid: owner };
    }
  }
}

async function takeLock(order: Extract<Order, { do: "add" }>): Promise<UsedLock | null> {
  const { key, shared, ifAvailable, timeout } = order;
  if (broken.has("local")) return localLock();
  const mode = shared ? "shared" : "exclusive";
  const lock = ifAvailable
    ? await node.lock(key, { mode, ifAvailable })
    : await node.lock(key, { mode, timeout });
  return lock !== null && broken.has("held") ? alwaysHeld(lock) : lock;
}

/** The outcome of an attempt to add: how far it got. */
async function add(order: Extract<Order, { do: "add" }>): Promise<unknown> {
  const { key, shared, work, careful } = order;
  const lock = await takeLock(order);
  if (lock === null) return { came: "not_available" };
  const { token } = lock;
  const owner = `${node.life} ${++handles}`;
  const watched = owners.watch({ kind: "lock", key, shared, token, owner }, () => lock.held);
  try {
    const read = await ask({ key, token });
    if (!read.accepted) return { came: "fenced_off", token };
    await pause(work);
    const isHeld = watched.look();
    if (shared) return { came: "read", token };
    if (careful && !isHeld) return { came: "lost", token };
    const write = await ask({ key, token, value: read.value + 1 });
    watched.look();
    return { came: write.accepted ? "added" : "fenced_off", token };
  } finally {
    watched.end();
    await lock.release();
  }
}

/** Reads the resource, or writes to it. */
async function ask(
  question: { key: string; token: number; value?: number },
): Promise<{ accepted: boolean; value: number }> {
  const response = await fetch(resource, { method: "POST", body: JSON.stringify(question) });
  return await response.json();
}

async function call(order: Extract<Order, { do: "call" }>): Promise<unknown> {
  const { key, timeout, work } = order;
  let counter = counters.get(key);
  if (counter === undefined) counters.set(key, counter = node.name(key, counterSpec));
  if (broken.has("twice")) await node.call(counter, "mark", [order.call, work], { timeout });
  return await node.call(counter, "mark", [order.call, work], { timeout });
}

function failure(error: unknown): Answer["error"] {
  if (!(error instanceof Error)) return { name: "?", message: String(error) };
  const { name, message } = error;
  const { code } = error as { code?: unknown };
  return { name, message, ...typeof code === "string" ? { code } : {} };
}

async function obey({ number, order }: NumberedOrder): Promise<void> {
  const begun = performance.now();
  try {
    const value = await run(order);
    tell({ number, begun, ended: performance.now(), value });
  } catch (error) {
    tell({ number, begun, ended: performance.now(), error: failure(error) });
  }
}

let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk: string) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop()!;
  for (const line of lines) void obey(JSON.parse(line));
});
process.stdin.on("end", () => {
  // The driver is gone, so the process is not needed. After an orderly close it must end by itself.
  if (!closed) process.exit(1);
});
tell({ event: "listening", port: server.port });
