import type { PersonalReply, PersonalRequest } from "../paxos/messages.ts";
import { makeLife } from "../paxos/ballot.ts";
import { kindOf, REGISTER_KINDS, type RegisterId } from "../paxos/register.ts";
import { PaxosCells } from "../cells/paxos_cells.ts";
import type { CellStore } from "../cells/store.ts";
import { PaxosStore } from "../kv/paxos_store.ts";
import { Puts } from "../kv/puts.ts";
import type { KvStore } from "../kv/store.ts";
import { LockTable } from "../locks/lock_table.ts";
import { Locks } from "../locks/locks.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { Core } from "../node/core.ts";
import { Engine } from "../node/engine/engine.ts";
import type { SynodError } from "../errors.ts";
import { ListMismatch } from "../node/membership/list_mismatch.ts";
import { MemberChanges } from "../node/membership/member_changes.ts";
import { Membership } from "../node/membership/membership.ts";
import { RecordQueries } from "../node/membership/record_queries.ts";
import { NodeSession, type SessionEvents } from "../node/membership/node_session.ts";
import { BucketWatches } from "../node/quorum/bucket_watches.ts";
import { Housekeeper } from "../node/quorum/housekeeper.ts";
import { Liveness } from "../node/quorum/liveness.ts";
import { Proofs } from "../node/quorum/proofs.ts";
import { Proposals } from "../node/quorum/proposals.ts";
import { QuorumQueries } from "../node/quorum/queries.ts";
import { Reads } from "../node/quorum/reads.ts";
import { SettledValues } from "../node/quorum/settled_values.ts";
import { TombstoneCollector } from "../node/quorum/tombstone_collector.ts";
import { type Reread, Watches } from "../node/quorum/watches.ts";
import { Pacing } from "../node/runtime/pacing.ts";
import type { Runtime } from "../node/runtime/runtime.ts";
import { Links } from "../node/wire/links.ts";
import { ProcessTable } from "../owners/process_table.ts";
import type { Process } from "../processes/process.ts";
import { Singletons } from "../singletons/singletons.ts";
import { Contacts } from "./contacts.ts";
import type { ClusterEvents } from "./events.ts";
import type { JoinSettings } from "./join_options.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { LaterParts } from "./later_parts.ts";
import { askMembers, STORAGE_IN_USE } from "./status.ts";
import { traceEvent, traceMembers } from "./trace_events.ts";

/** The parts of a node, each connected to those that it needs. */
export interface NodeParts {
  readonly settings: JoinSettings;
  readonly later: LaterParts;
  readonly links: Links;
  readonly engine: Engine;
  readonly core: Core;
  readonly membership: Membership;
  /** `null` for a node that serves no guests. */
  readonly gateway: Gateway | null;
  readonly recordQueries: RecordQueries;
  readonly contacts: Contacts;
  readonly proofs: Proofs;
  readonly changes: MemberChanges;
  readonly tombstones: TombstoneCollector;
  readonly housekeeper: Housekeeper;
  readonly table: ProcessTable;
  readonly puts: Puts;
  readonly store: KvStore;
  readonly cells: CellStore;
  readonly lockTable: LockTable;
  readonly locks: Locks;
  readonly singletons: Singletons;
  /** The processes that live in this node. */
  readonly processes: Set<Process<unknown>>;
}

/** What the parts of a node need of the node itself. */
export interface NodeHooks {
  /** Dispatches an event to the node's listeners. */
  readonly emit: <K extends keyof ClusterEvents & string>(
    type: K,
    detail: ClusterEvents[K],
  ) => void;
  /** Starts a process without a function. */
  readonly spawn: () => Process<unknown>;
}

/** Makes the core that features are built on, for a given engine; tests use it with a scripted network. */
export function wireCore(
  engine: Engine,
  sessionEvents: SessionEvents,
  reread: (core: Core, register: RegisterId) => ReturnType<Reread>,
): Core {
  const { runtime } = engine;
  const pacing = new Pacing(runtime);
  const proposals = new Proposals(engine, pacing);
  const reads = new Reads(engine, pacing, proposals);
  const queries = new QuorumQueries(engine, pacing);
  const settled = new SettledValues(() => core.closed === undefined && session.hasQuorum);
  const session = new NodeSession(engine, pacing, sessionEvents);
  const liveness = new Liveness({
    runtime,
    reads,
    proposals,
    queries,
    settled,
  });
  const watches = new Watches(engine, {
    reread: (register) => reread(core, register),
    lost: (register, ballot) => proposals.outdated(register, ballot),
  });
  const buckets = new BucketWatches(engine, {
    list: (prefix, limits) => queries.listBallots(prefix, limits),
    read: (register, limits) => liveness.look(register, limits),
    hasEnded: async ({ state, stale }, limits) =>
      state?.present === true && await liveness.hasEnded(state, stale, limits),
  });
  const core: Core = new Core({
    ...{ engine, pacing, reads, proposals, queries, liveness, watches, buckets, settled },
    session,
  });
  return core;
}

/** Makes and connects the parts of a node; opens and sends nothing. */
export function wireNode(
  settings: JoinSettings,
  runtime: Runtime,
  later: LaterParts,
  { emit: dispatch, spawn }: NodeHooks,
): { readonly parts: NodeParts; readonly lifecycle: Lifecycle } {
  const emit: NodeHooks["emit"] = (type, detail) => {
    traceEvent(engine.tracing, type, detail);
    dispatch(type, detail);
  };
  const life = makeLife(runtime.wallNow(), () => runtime.random());
  const links = new Links(settings.id, settings.transports, runtime);
  const engine: Engine = new Engine(settings, runtime, life, links, {
    genesis: (from, header, request) => membership.answer(from, header, request),
    change: (from, header, request) => membership.answerChange(from, header, request),
    moved: (event) => {
      traceMembers(engine);
      membership.moved(event);
      changes.moved();
    },
    handover: (_from, request) => puts.handover(request),
    asked: (from, life, body, tell) => {
      if (!lockTable.labels.asked(body, tell)) singletons.asked(from, life, body, tell);
    },
    changing: (register) => lockTable.unwatched.wanted(register),
    order: (from, life, request, refuse) => lockTable.taken.take(from, life, request, refuse),
    guest: (to, request, tell) => gateway !== null && askGuest(gateway, to, request, tell),
    isClosing: () => lifecycle.isClosing,
    otherGenesis: () => recordQueries.recheck(),
    behind: () => core.askAgain(),
    notAMember: () => recordQueries.recheck(),
    replaced: () => lifecycle.replaced(),
    memberVotes: (id, incarnation) => {
      core.watches.memberVotes(id);
      core.buckets.memberVotes(id);
      emit("membership", { id, state: "operational", incarnation });
    },
    memberRestarted: (members) => {
      // This node has heard of the new process from others: it may lack a connection to it, and not try again soon.
      for (const id of members) links.hint(id, true);
      core.watches.memberRestarted();
    },
    heard: (life) => proofs.heard(life),
    frameHeard: (from, header) => {
      const { incarnation } = header;
      if (engine.members.includes(from)) contacts.heard(from, incarnation);
      // A member that does not vote answers no round.
      if (incarnation !== null) core.proposals.heard(from);
      membership.heard(from, header);
    },
    silence: () => membership.isStorageInUse ? STORAGE_IN_USE : contacts.describeSilent(),
    tookLife: (life) => emit("life", { life }),
    otherVersion: (from, version) => lifecycle.otherVersion(from, version),
    failed: (error) => lifecycle.failed(error),
    broken: (error) => lifecycle.broken(error),
  });
  if (settings.trace !== undefined) engine.tracing.listen(settings.trace);
  const contacts: Contacts = new Contacts({
    ...{ self: settings.id, members: settings.members, sessionTtl: settings.sessionTtl },
    now: () => runtime.now(),
    setTimer: (callback, delay) => engine.runtime.setTimer(callback, delay),
    lastHeard: (id) => links.lastHeard(id),
    isConnected: (id) => links.reachability(id) === "direct",
    fatal: () => engine.fatal?.message,
    unreachable: (error) => emit("error", { error }),
    changed: (id, votes) =>
      emit("membership", {
        id,
        state: votes === null ? "unreachable" : "operational",
        incarnation: votes,
      }),
  });
  const listMismatch = new ListMismatch((error) => lifecycle.fail(error));
  const otherList = (error: SynodError) => listMismatch.told(error, runtime.now());
  const recordQueries = new RecordQueries(engine, {
    ...{ otherRecord: (...told) => lifecycle.otherRecord(...told), otherList },
    fatal: (error) => lifecycle.fail(error),
  });
  const core = wireCore(
    engine,
    {
      granted: () => lifecycle.granted(),
      lost: (session, wasGranted) => lifecycle.sessionLost(session, wasGranted),
      // The cluster may have restarted without this node.
      unanswered: () => recordQueries.recheck(),
    },
    (core, register) => {
      switch (kindOf(register)) {
        case REGISTER_KINDS.lock:
          return lockTable.reread(register);
        case REGISTER_KINDS.cell:
          return core.reads.read(register, core.limits());
        default:
          return core.liveness.live(register, core.limits());
      }
    },
  );
  const proofs = new Proofs(engine, core.pacing);
  const membership: Membership = new Membership(
    engine,
    {
      entered: (again) => {
        listMismatch.clear();
        if (again) changes.restarted();
        lifecycle.entered(again);
      },
      operational: () => {
        engine.tracing.emit?.({ type: "vote" });
        core.session.begin();
        housekeeper.begin();
        changes.moved();
      },
      outside: () => lifecycle.outside(),
      removed: () => lifecycle.removed(),
      changed: () => lifecycle.membersChanged(),
      reborn: () => core.session.beginAgain(),
      gaveUp: () => {
        engine.tracing.emit?.({ type: "genesis.lost" });
        changes.restarted();
        lifecycle.abandon();
      },
      recovering: (id) => emit("membership", { id, state: "recovering", incarnation: null }),
      otherList,
      replaced: () => lifecycle.replaced(),
    },
    () => core.session.isValid(),
  );
  const changes: MemberChanges = new MemberChanges({
    ...{ engine, proposals: core.proposals, pacing: core.pacing },
    nextOperation: () => core.nextOperation(),
  });
  const tombstones = new TombstoneCollector(engine, core.proposals);
  const table = new ProcessTable(core);
  const puts = new Puts(core, table);
  const lockTable = new LockTable(core);
  const locks = new Locks(core, table, lockTable);
  const { proposals, reads, queries } = core;
  const housekeeper = new Housekeeper({
    ...{ engine, proposals, reads, queries },
    slowestMember: () => tombstones.slowestMember,
    ownSession: () => core.session.current,
    tidyLock: (register, session, limits) => lockTable.tidy(register, session, limits),
  });
  const singletons = new Singletons({
    core,
    hosted: { specs: settings.hosts, kept: settings.kept },
    callTimeout: settings.callTimeout,
    spawn,
    startFailed: (detail) => emit("processerror", detail),
    failed: (error) => emit("error", { error: toError(error) }),
  });
  // A node that is no member may become one; until then it sends its guests to another server.
  const { makeGateway } = later;
  const gateway: Gateway | null = settings.guests === null || makeGateway === null
    ? null
    : makeGateway({
      ...{ core, puts, table: lockTable, singletons, settings: settings.guests },
      maxValueBytes: settings.maxValueBytes,
      status: async () => {
        const members = await askMembers(
          engine,
          membership,
          core.pacing.roundTrip,
          (id) => contacts.why(id),
        );
        const waitingFor = members.filter(({ state }) => state !== "operational");
        return { type: "members", members, waitingFor: waitingFor.map(({ id }) => id) };
      },
    });
  const parts = {
    ...{
      settings,
      later,
      gateway,
      links,
      engine,
      core,
      membership,
      recordQueries,
      contacts,
      proofs,
    },
    ...{ tombstones, housekeeper, changes },
    ...{
      table,
      puts,
      store: new PaxosStore(core, puts, table),
      cells: new PaxosCells(core),
      lockTable,
      locks,
      singletons,
    },
    processes: new Set<Process<unknown>>(),
  };
  const lifecycle = new Lifecycle(parts, emit);
  return { parts, lifecycle };
}

/** Asks a guest that this node serves to run a put; guests answer nothing else. */
function askGuest(
  gateway: Gateway,
  to: string,
  request: PersonalRequest,
  tell: (reply: PersonalReply) => void,
): boolean {
  if (request.type !== "handover") return false;
  const { id } = request;
  return gateway.handover(to, request, (reply) => tell({ id, ...reply }));
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}
