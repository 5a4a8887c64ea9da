/**
 * Guests: browsers and edge functions that use a cluster without being trusted by it. A guest proves its own id
 * by a token, and one of the cluster's servers does for it what a full node does itself.
 *
 * @module
 */
export { connect } from "./connect.ts";
export type { ConnectOptions } from "./connect_options.ts";
export type { GuestEvents } from "./events.ts";
export { GuestNode } from "./guest_node.ts";
export type { ClientSocket, ClientSocketConstructor } from "./web_socket_line.ts";
export { EventfulNode, type ProcessEvents } from "../lib/cluster/events.ts";
export { FeaturedNode } from "../lib/cluster/featured_node.ts";
export type { ClusterStatus, MemberStatus } from "../lib/cluster/status.ts";
export type { Key, KeyPart } from "../lib/codec.ts";
export { type Result, SynodError, type SynodErrorCode } from "../lib/errors.ts";
export type { Entry } from "../lib/kv/entries.ts";
export type {
  GetOptions,
  KeyOptions,
  KeysOptions,
  NoQuorum,
  PutOptions,
  WatchOptions,
} from "../lib/kv/options.ts";
export { type Claim, PaxosKV } from "../lib/kv/paxos_kv.ts";
export { Cell, type CellState } from "../lib/cells/cell.ts";
export type { CellOptions } from "../lib/cells/options.ts";
export type { Change } from "../lib/kv/watch.ts";
export type { EntryChange } from "../lib/kv/watch_all.ts";
export { Lock } from "../lib/locks/lock.ts";
export {
  type LockGrantedCallback,
  type LockInfo,
  LockManager,
  type LockManagerSnapshot,
  type LockRequestOptions,
  type ManagedLock,
} from "../lib/locks/lock_manager.ts";
export type {
  Deadlock,
  DeadlockStep,
  Explanation,
  LockOwnerParty,
  LockParty,
} from "../lib/locks/explanation.ts";
export type { LockHolder } from "../lib/locks/locks.ts";
export type { LockOptions } from "../lib/locks/options.ts";
export type { FrameCounts } from "../lib/node/engine/network.ts";
export type { Life } from "../lib/paxos/ballot.ts";
export type { MemberState } from "../lib/paxos/genesis.ts";
export type { StorageState } from "../lib/node/membership/member_disk.ts";
export type { LockMode } from "../lib/paxos/lock_register.ts";
export type { Pid, SessionId } from "../lib/paxos/register.ts";
export { Process, type SpawnOptions } from "../lib/processes/process.ts";
export type { CallOptions } from "../lib/singletons/call_options.ts";
export type { CurrentCall } from "../lib/singletons/cancellation.ts";
export type {
  Callable,
  MethodArguments,
  MethodName,
  MethodOf,
  Remote,
  Remotely,
  Returned,
} from "../lib/singletons/remote.ts";
export {
  type AnySpec,
  type ChildContext,
  type ChildSpec,
  type ExitOptions,
  type Restart,
  singleton,
} from "../lib/singletons/spec.ts";
export type { State } from "../lib/singletons/state.ts";
export type {
  GuestIdentity,
  GuestTransport,
  Line,
  LineEnd,
  LineUser,
} from "../transports/guest_line.ts";
