import type { Core } from "../node/core.ts";
import type { SynodError } from "../errors.ts";
import { SessionMonitor } from "../owners/session_monitor.ts";
import { parseSession } from "../paxos/sessions.ts";
import type { Process } from "../processes/process.ts";
import type { RegisterId } from "../paxos/register.ts";
import {
  type CallsUnderWay,
  decodeSingletonRequest,
  encodeSingletonReply,
  type SingletonReply,
} from "./singleton_messages.ts";
import { SingletonCalls } from "./singleton_calls.ts";
import { Calls } from "./calls.ts";
import { Departures } from "./departures.ts";
import { Finder } from "./finder.ts";
import { GuestCalls } from "./guest_calls.ts";
import { Host } from "./host.ts";
import type { StartFailed } from "./running_instance.ts";
import { Supervisor } from "./supervisor.ts";
import { Outbound } from "./outbound.ts";
import { InstanceLocations } from "./instance_locations.ts";
import type { Hosted } from "./hosts.ts";

/**
 * Time in which a node that leaves hands over its instances, after their calls are over, in milliseconds; or some
 * round trips. Without a quorum the instances are free when the session of the node ends.
 */
const LONGEST_HANDOVER = 800;
const HANDOVER_ROUND_TRIPS = 4;

/** What singletons need of their node. */
export interface SingletonParts {
  readonly core: Core;
  /** What this node can run, and what always has to run somewhere. */
  readonly hosted: Hosted;
  /** Default time limit of a call, in milliseconds. */
  readonly callTimeout: number;
  readonly spawn: () => Process<unknown>;
  /** A start has failed and no call waits for it. */
  readonly startFailed: (failed: StartFailed) => void;
  readonly failed: (error: unknown) => void;
}

/** The singletons of the cluster: calls them, and runs those that this node can host. */
export class Singletons {
  readonly #core: Core;
  readonly #monitor: SessionMonitor;
  readonly #host: Host;
  readonly #locations: InstanceLocations;
  readonly #supervisor: Supervisor;
  readonly #outbound: Outbound;
  readonly #departures: Departures;
  /** The starts elsewhere of instances that ended here because the node leaves. */
  readonly #passedOn: Promise<void>[] = [];

  /** Connects the parts for `core`'s node. */
  constructor({ core, hosted, callTimeout, spawn, startFailed, failed }: SingletonParts) {
    this.#core = core;
    const { specs, kept } = hosted;
    const monitor = this.#monitor = new SessionMonitor(core);
    const departures = this.#departures = new Departures(core);
    const outbound = this.#outbound = new Outbound(core, monitor, departures);
    const locations = this.#locations = new InstanceLocations(monitor);
    const finder = new Finder({
      ...{ core, specs, outbound },
      found: ({ register, spec, args }, location) => {
        locations.set(register, location);
        this.#supervisor.note(register, spec, args);
      },
    });
    this.guests = new GuestCalls(core, finder, outbound);
    this.#supervisor = new Supervisor({ core, specs, kept, finder });
    const calls = new Calls({ shell: core, finder, outbound, locations, callTimeout });
    this.calls = new SingletonCalls({
      ...{ shell: core, calls, callTimeout },
      finder: {
        find: (target, limits) => finder.find(target, { limits, start: false }),
        findOrStart: (target, chain, isWanted) => finder.findOrStart(target, chain, isWanted),
      },
    });
    this.#host = new Host({
      ...{ core, specs, kept, spawn, startFailed, failed },
      began: (register, spec, args) => this.#supervisor.note(register, spec, args),
      left: (register, spec, args) => {
        const isLeaving = this.#host.isLeaving || core.closed !== undefined;
        const without = isLeaving ? core.self : undefined;
        const started = this.#supervisor.passOn(register, spec, args, without);
        if (this.#host.isLeaving) this.#passedOn.push(started);
      },
      instanceCalls: {
        name: (key, spec, args, chain) => this.calls.name(key, spec, args, chain),
        call: (target, method, args, options, chain) =>
          this.calls.call(target, method, args, options, chain),
      },
    });
  }

  /** The number of instances that run on this node. */
  get size(): number {
    return this.#host.size;
  }

  /** The calls of these instances; `null` for each that does not run on this node. */
  callsOf(registers: readonly RegisterId[]): readonly (CallsUnderWay | null)[] {
    return this.#host.callsOf(registers);
  }

  /** The number of callers' lives that the host remembers. */
  get callers(): number {
    return this.#host.callers;
  }

  /** The calls of this node's users. */
  readonly calls: SingletonCalls;

  /** The calls of the guests that this node serves. */
  readonly guests: GuestCalls;

  /** Takes a request of another node. */
  asked(from: string, life: string, body: Uint8Array, tell: (body: Uint8Array) => void): void {
    const request = decodeSingletonRequest(body);
    // Of no kind that this version knows.
    if (request === undefined) return;
    if ("caller" in request && request.caller !== undefined) {
      // Only a member is a gateway: the caller is the guest, regardless of the member that it speaks to.
      if (!this.#core.members.includes(from)) return;
      const [guest] = request.caller.split("/");
      return this.#host.receive(guest, request.caller, request, tell, { node: from, life });
    }
    const answer = (reply: SingletonReply) => tell(encodeSingletonReply(reply));
    switch (request.type) {
      case "start":
      case "call":
      case "cancel":
        return this.#host.receive(from, life, request, tell);
      case "hasDeparted":
        return answer(this.#departures.known(request.session));
      case "callsOf":
        return answer({ type: "calls", instances: this.callsOf(request.registers) });
    }
    const host = parseSession(request.session);
    // Only a host itself knows that nothing runs there any more.
    if (host.node !== from || host.life !== life) return;
    this.#locations.gone(request.session);
    switch (request.type) {
      case "leaving":
        if (!this.#outbound.leaving(request.session, () => answer({ type: "settled" }))) {
          answer({ type: "running" });
        }
        return;
      case "departed":
        this.#departures.note(request.session, request.unsure);
        return answer({ type: "noted" });
      case "gone":
        return this.#outbound.gone(request.session);
    }
  }

  /** Starts the checks for instances that have to be kept running. */
  start(): void {
    this.#supervisor.start();
  }

  /** A quorum has granted a session of this node. */
  granted(): void {
    this.#supervisor.granted();
  }

  /** Whether the node has to {@linkcode drain} before it closes. */
  get isHosting(): boolean {
    return this.#host.canRun;
  }

  /**
   * The node leaves, because of `reason`: lets calls that have begun finish, for at most `timeout` milliseconds,
   * begins no others, and hands its instances over. The callers of what has not begun are told when they can
   * make it elsewhere.
   */
  async drain(reason: SynodError, timeout: number): Promise<void> {
    const core = this.#core;
    this.#supervisor.stop();
    // Others must not be sent to a node that is gone.
    const hidden = core.session.hostNothing();
    const { over, free } = this.#host.drain(reason, core.pause(timeout));
    await over;
    const handedOver = free.then(async () => {
      const unconfirmed = this.#host.unconfirmed;
      const departed = unconfirmed === undefined ? null : this.#departures.depart(unconfirmed);
      await Promise.all([departed, hidden, ...this.#passedOn]);
    });
    const longest = Math.max(LONGEST_HANDOVER, HANDOVER_ROUND_TRIPS * core.pacing.roundTrip);
    await Promise.race([handedOver, core.pause(longest)]);
  }

  /** Stops when the node closes, and tells callers that nothing runs here any more. */
  stop(): void {
    this.#supervisor.stop();
    this.#monitor.close();
    this.#host.stop();
    this.#host.sayGone(this.#core.session.current);
  }

  /** The cluster has restarted with empty registers: forgets all locations, and starts kept instances again. */
  restart(): void {
    this.#locations.clear();
    this.#supervisor.restart();
  }
}
