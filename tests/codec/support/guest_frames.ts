import type {
  DownFrame,
  DownMessage,
  GuestBinding,
  GuestEvent,
  GuestOperation,
  GuestOutcome,
  GuestPiece,
  UpFrame,
  UpMessage,
} from "../../../lib/codec/guest_messages.ts";
import { bucketPrefix, registerId } from "../../../lib/codec.ts";
import { CLOCK, LIFE, OTHER } from "./frames.ts";

/** One valid message of each kind, with every field set. */

type ByType<M extends { readonly type: string }> = {
  readonly [K in M["type"]]: Extract<M, { readonly type: K }>;
};

const KEY = registerId("k", "bucket", ["key", 1]);
const LOCK = registerId("l", undefined, "lock");
const SINGLETON = registerId("s", "spec", "key");
const SESSION = `w1/${LIFE}/3`;
const GUEST_SESSION = `~x/${OTHER}/1`;
const VALUE = Uint8Array.of(0x63, 1, 2, 3);
const PID = { session: GUEST_SESSION, seq: 4 };
const STATE = { token: CLOCK, value: VALUE, node: "~x", pid: PID };
const ENTRY = {
  ...PID,
  mode: "shared",
  permits: 1_024,
  token: CLOCK,
  since: 7,
  label: "import",
} as const;
const FAILURE = {
  name: "SynodError",
  message: "no",
  code: "full",
  cause: { name: "Error", message: "inner", code: 7, cause: "text" },
};

const CALL = {
  register: SINGLETON,
  session: SESSION,
  token: CLOCK,
  birth: CLOCK - 5,
  sequence: 9,
  done: 2,
  open: [3, 5],
  full: true,
  method: "inc",
  args: VALUE,
};

export const BINDINGS: ByType<GuestBinding> = {
  own: { type: "own", session: 2 },
  ownPid: { type: "ownPid", session: 2, seq: 1 },
  pid: { type: "pid", session: SESSION, seq: 1 },
  node: { type: "node", node: "~y" },
  session: { type: "session", session: SESSION },
  key: { type: "key", register: KEY },
  token: { type: "token", register: KEY, token: CLOCK },
  until: { type: "until", time: 1e12 + 0.5 },
};

export const OPERATIONS: ByType<GuestOperation> = {
  read: { type: "read", register: KEY },
  put: { type: "put", register: KEY, value: VALUE, bindings: Object.values(BINDINGS) },
  cell: { type: "cell", register: registerId("v", "bucket", 5), over: CLOCK, value: VALUE },
  release: { type: "release", register: KEY, session: 1, seq: 2, unsure: true },
  list: { type: "list", prefix: bucketPrefix("k", "bucket"), values: true },
  watch: { type: "watch", register: KEY },
  watchAll: { type: "watchAll", prefix: bucketPrefix("k", undefined) },
  lock: {
    type: "lock",
    register: LOCK,
    session: 1,
    seq: 2,
    mode: "shared",
    ifAvailable: true,
    steal: false,
    permits: 3,
    asked: 1_700_000_000_000,
    label: "import, ä",
  },
  guard: { type: "guard", register: LOCK, session: 1, request: 7, counter: CLOCK, life: LIFE },
  unlock: { type: "unlock", register: LOCK, session: 1, request: 7, unsure: false },
  holders: { type: "holders", register: LOCK },
  explain: { type: "explain", register: LOCK },
  query: { type: "query" },
  place: { type: "place", register: SINGLETON, spec: "spec", args: VALUE, start: true },
  call: { type: "call", ...CALL },
  cast: { type: "cast", ...CALL },
  session: { type: "session", node: "w1" },
  status: { type: "status" },
  end: { type: "end", session: 1 },
};

export const OUTCOMES: ByType<GuestOutcome> = {
  done: { type: "done" },
  state: { type: "state", state: STATE },
  agreed: { type: "agreed", token: CLOCK, value: VALUE },
  invalid: { type: "invalid", reason: "until is in the past" },
  unknown: { type: "unknown" },
  wrote: { type: "wrote", token: CLOCK },
  conflict: { type: "conflict" },
  pieces: { type: "pieces", pieces: 3 },
  granted: { type: "granted", token: CLOCK, counter: CLOCK + 1, life: LIFE },
  refused: { type: "refused" },
  full: { type: "full" },
  queueFull: { type: "queueFull" },
  stolen: { type: "stolen" },
  lost: { type: "lost" },
  entries: { type: "entries", entries: [ENTRY] },
  at: { type: "at", pid: PID, token: CLOCK },
  nowhere: { type: "nowhere" },
  returned: { type: "returned", value: VALUE },
  threw: { type: "threw", failure: FAILURE },
  notStarted: { type: "notStarted", byHost: true, failure: FAILURE },
  busy: { type: "busy" },
  newest: { type: "newest", session: SESSION },
  explained: { type: "explained", value: new Uint8Array([1, 2]) },
  members: {
    type: "members",
    members: [{ id: "w1", reachable: true, state: "operational", incarnation: LIFE }],
    waitingFor: ["w2"],
  },
};

export const EVENTS: ByType<GuestEvent> = {
  queued: { type: "queued" },
  begun: { type: "begun" },
  changed: { type: "changed", counter: CLOCK, life: LIFE, state: STATE },
  entry: { type: "entry", register: KEY, token: CLOCK, value: VALUE },
  listed: { type: "listed" },
};

export const PIECES: ByType<GuestPiece> = {
  keys: { type: "keys", keys: [{ register: KEY, token: CLOCK, value: VALUE }] },
  locks: { type: "locks", locks: [{ register: LOCK, holders: [ENTRY], queue: [ENTRY] }] },
};

const run = (operation: GuestOperation): UpMessage => ({
  type: "run",
  number: 12,
  since: CLOCK,
  again: true,
  timeout: 2_000,
  operation,
});

const UP: ByType<UpMessage> = {
  hello: { type: "hello", ttl: 5_000, session: 1 },
  renew: { type: "renew", session: 1, renewal: 44, ttl: 5_000 },
  run: run(OPERATIONS.read) as UpMessage & { type: "run" },
  cancel: { type: "cancel", number: 12 },
  handed: { type: "handed", id: 4, outcome: OUTCOMES.agreed },
  bye: { type: "bye" },
};

const DOWN: ByType<DownMessage> = {
  welcome: {
    type: "welcome",
    member: "w1",
    maxTtl: 5_000,
    maxValueBytes: 2 ** 20,
    members: ["w1", "w2", "w3"],
  },
  renewed: { type: "renewed", session: 1, renewal: 44 },
  lapsed: { type: "lapsed", session: 1 },
  result: { type: "result", number: 12, outcome: OUTCOMES.done },
  failed: { type: "failed", number: 12, code: "no_quorum", message: "no quorum" },
  part: { type: "part", number: 12, index: 0, piece: PIECES.keys },
  event: { type: "event", number: 12, event: EVENTS.queued },
  handover: {
    type: "handover",
    id: 4,
    op: `${LIFE}/8`,
    register: KEY,
    value: VALUE,
    bindings: [BINDINGS.ownPid],
    timeout: 2_000,
    since: 2 ** 40,
  },
  bye: { type: "bye", code: "replaced", message: "a later process" },
};

/** The messages of a guest: each kind, and each operation. */
export const UP_MESSAGES: readonly UpMessage[] = [
  ...Object.values(UP),
  ...Object.values(OPERATIONS).map(run),
];

/** The messages of a gateway: each kind, outcome, piece and event. */
export const DOWN_MESSAGES: readonly DownMessage[] = [
  ...Object.values(DOWN),
  ...Object.values(OUTCOMES).map((outcome) => ({ ...DOWN.result, outcome })),
  ...Object.values(PIECES).map((piece) => ({ ...DOWN.part, piece })),
  ...Object.values(EVENTS).map((event) => ({ ...DOWN.event, event })),
];

export const UP_FRAME: UpFrame = {
  gateway: LIFE,
  genesis: "genesis",
  ticket: 3,
  done: 11,
  open: [3, 7],
  messages: UP_MESSAGES,
};

export const DOWN_FRAME: DownFrame = {
  gateway: LIFE,
  genesis: "genesis",
  clock: CLOCK,
  ticket: 3,
  messages: DOWN_MESSAGES,
};
