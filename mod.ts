/**
 * A cluster, embedded in your own processes, that agrees: keys that are set once, owners that are the
 * only one. No server to run, no leader to elect.
 *
 * @module
 */
export { type Key, type KeyPart } from "./lib/codec.ts";
export { type Result, SynodError, type SynodErrorCode } from "./lib/errors.ts";
export { type Claim, PaxosKV } from "./lib/kv/paxos_kv.ts";
export { Cell, type CellState } from "./lib/cells/cell.ts";
export type { CellOptions } from "./lib/cells/options.ts";
export type {
  GetOptions,
  KeyOptions,
  KeysOptions,
  NoQuorum,
  PutOptions,
  WatchOptions,
} from "./lib/kv/options.ts";
export type { Entry } from "./lib/kv/entries.ts";
export type { Change } from "./lib/kv/watch.ts";
export type { EntryChange } from "./lib/kv/watch_all.ts";
export {
  type LockGrantedCallback,
  type LockInfo,
  LockManager,
  type LockManagerSnapshot,
  type LockRequestOptions,
  type ManagedLock,
} from "./lib/locks/lock_manager.ts";
export { Lock } from "./lib/locks/lock.ts";
export type {
  Deadlock,
  DeadlockStep,
  Explanation,
  LockOwnerParty,
  LockParty,
} from "./lib/locks/explanation.ts";
export type { LockHolder } from "./lib/locks/locks.ts";
export type { LockOptions } from "./lib/locks/options.ts";
export type { FrameCounts } from "./lib/node/engine/network.ts";
export { type ClusterEvents, EventfulNode, type ProcessEvents } from "./lib/cluster/events.ts";
export { FeaturedNode } from "./lib/cluster/featured_node.ts";
export { join } from "./lib/cluster/join.ts";
export { ClusterNode } from "./lib/cluster/cluster_node.ts";
export type { ChangeMembersOptions } from "./lib/cluster/change_members_options.ts";
export type { CloseOptions } from "./lib/cluster/close_options.ts";
export type { Guest, GuestLimits, GuestOptions, GuestRequest } from "./lib/gateway/options.ts";
export type { JoinOptions } from "./lib/cluster/join_options.ts";
export type { ClusterStatus, MemberStatus } from "./lib/cluster/status.ts";
export type { Life } from "./lib/paxos/ballot.ts";
export type { StorageState } from "./lib/node/membership/member_disk.ts";
export type { MemberState } from "./lib/paxos/genesis.ts";
export type {
  CallEvent,
  DropReason,
  LockEvent,
  MembershipEvent,
  ProposalEvent,
  SessionEvent,
  TraceBallot,
  TraceCall,
  TraceEvent,
  TraceEventType,
  TraceLock,
  TraceRegister,
  TrafficEvent,
  UntimedEvent,
} from "./lib/trace.ts";
export type { LockMode } from "./lib/paxos/lock_register.ts";
export type { Pid, SessionId } from "./lib/paxos/register.ts";
export { Process, type SpawnOptions } from "./lib/processes/process.ts";
export type { MemberStorage, StorageEntry } from "./lib/storage/storage.ts";
export type { CallOptions } from "./lib/singletons/call_options.ts";
export type { CurrentCall } from "./lib/singletons/cancellation.ts";
export type {
  Callable,
  MethodArguments,
  MethodName,
  MethodOf,
  Remote,
  Remotely,
  Returned,
} from "./lib/singletons/remote.ts";
export type { KeptInstance } from "./lib/singletons/hosts.ts";
export {
  type AnySpec,
  type ChildContext,
  type ChildSpec,
  type ExitOptions,
  type Restart,
  singleton,
} from "./lib/singletons/spec.ts";
export type { State } from "./lib/singletons/state.ts";
export { nodeToken, type NodeTokenOptions } from "./transports/auth/node_token.ts";
export type {
  GuestClose,
  GuestLine,
  GuestPort,
  GuestProof,
  GuestReception,
} from "./transports/guests.ts";
export type { Transport, TransportUser } from "./transports/transport.ts";
