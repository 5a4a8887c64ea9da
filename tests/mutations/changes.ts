import { type Mutation, mutationsOf } from "./mutation.ts";

/** Sections 4 and 9: the changes of puts and locks to their registers. */
export const CHANGES: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/kv_register.ts", ["tests/paxos/kv_register_test.ts"], [
    {
      section: 4,
      name: "a put does not recognize its own write",
      find: "if (state?.present && state.op === put.op) {",
      replace: "if (false) {",
    },
    {
      section: 4,
      name: "a put whose write may have been written over writes again",
      find: "if (since >= put.firstAccept) return",
      replace: "if (false) return",
    },
    {
      section: 4,
      name: "a put ignores that its write may have existed at its own counter",
      find: "if (since >= put.firstAccept) return",
      replace: "if (since > put.firstAccept) return",
    },
    {
      section: 4,
      name: "the loser of an ordinary race gets an unknown outcome",
      find: "const since = state?.present ? state.over : token;",
      replace: "const since = token;",
    },
    {
      section: 4,
      name: "a put that only its own node can end gets an unknown outcome",
      find: "put.firstAccept !== undefined && (put.endedByOthers || !mayWrite())",
      replace: "put.firstAccept !== undefined",
    },
    {
      section: 4,
      name: "a put that other nodes can end guesses its outcome",
      find: "(put.endedByOthers || !mayWrite())",
      replace: "!mayWrite()",
    },
    {
      section: 4,
      name: "a put whose owner has ended guesses its outcome",
      find: "(put.endedByOthers || !mayWrite())",
      replace: "put.endedByOthers",
    },
    {
      section: 4,
      name: "a put writes over a value that has not ended",
      find: "if (state?.present && !ended.has(state.token)) {",
      replace: "if (false) {",
    },
    {
      section: 4,
      name: "a put for a process that has ended writes",
      find: 'if (!mayWrite()) return { draft: null, result: { kind: "lapsed" } };',
      replace: "",
    },
    {
      section: 4,
      name: "a seal hits a later value",
      find: "state?.present === true && state.token === token;",
      replace: "state?.present === true;",
    },
    {
      section: 4,
      name: "a process that exits releases the values of others",
      find: 'binding.kind === "pid" && samePid(binding.pid, pid)',
      replace: 'binding.kind === "pid"',
    },
    {
      section: 4,
      name: "two owners of one session are the same",
      find: "return a.session === b.session && a.seq === b.seq;",
      replace: "return a.session === b.session;",
    },
    {
      section: 4,
      name: "a value does not depend on the session of its pid",
      find: '    if (binding.kind === "pid") owners.add(binding.pid.session);\n',
      replace: "",
    },
    {
      section: 4,
      name: "a value does not depend on the session of its node",
      find: '    if (binding.kind === "node") owners.add(binding.session);\n',
      replace: "",
    },
    {
      section: 4,
      name: "a pid of another session counts as ended only by this node",
      find: 'if (binding.kind === "pid") return binding.pid.session !== session;',
      replace: 'if (binding.kind === "pid") return false;',
    },
    {
      section: 4,
      name: "the session of another node counts as ended only by this node",
      find: 'if (binding.kind === "node") return binding.session !== session;',
      replace: 'if (binding.kind === "node") return false;',
    },
    {
      section: 4,
      name: "a binding to a key or a time counts as ended only by this node",
      find: 'if (binding.kind === "node") return binding.session !== session;\n    return true;',
      replace:
        'if (binding.kind === "node") return binding.session !== session;\n    return false;',
    },
  ]),
  ...mutationsOf("lib/paxos/lock_register.ts", ["tests/paxos/lock_register_test.ts"], [
    {
      section: 9,
      name: "a change does not drop entries whose session has ended",
      find: "const live = dropEnded(before, hasEnded);",
      replace: "const live = before;",
    },
    {
      section: 9,
      name: "a change drops ended holders, but not ended waiters",
      find: "queue: queue.filter(lives) };",
      replace: "queue };",
    },
    {
      section: 9,
      name: "a release does not grant to the next waiter",
      find: 'return { value: grant(left, token), result: { kind: "done" } };',
      replace: 'return { value: left, result: { kind: "done" } };',
    },
    {
      section: 9,
      name: "a request does not grant to earlier waiters",
      find: "const value = grant(live, token);",
      replace: "const value = live;",
    },
    {
      section: 9,
      name: "a request that holds is granted again",
      find:
        "const held = value.holders.find(is);\n  if (held !== undefined) return { value, result",
      replace:
        "const held = value.holders.find(is);\n  if (held !== undefined && false) return { value, result",
    },
    {
      section: 9,
      name: "a request that waits is queued again",
      find: 'if (value.queue.some(is)) return { value, result: { kind: "queued" } };',
      replace: "",
    },
    {
      section: 9,
      name: "a shared request overtakes the queue",
      find: "if (value.queue.length === 0 && isCompatible(value.holders, entry)) {",
      replace: "if (isCompatible(value.holders, entry)) {",
    },
    {
      section: 9,
      name: "the last request in the queue is granted first",
      find: "queue: [...value.queue, entry] }",
      replace: "queue: [entry, ...value.queue] }",
    },
    {
      section: 9,
      name: "a request with ifAvailable waits",
      find: 'if (ifAvailable) return { value, result: { kind: "unavailable" } };',
      replace: "",
    },
    {
      section: 9,
      name: "the length of a queue has no bound",
      find:
        'if (value.queue.length >= MAX_QUEUE) return { value, result: { kind: "queue_full" } };',
      replace: "",
    },
    {
      section: 9,
      name: "a withdrawn request stays in the queue",
      find: "queue: value.queue.filter(others) };",
      replace: "queue: value.queue };",
    },
    {
      section: 9,
      name: "a released request stays a holder",
      find: "holders: value.holders.filter(others),",
      replace: "holders: value.holders,",
    },
    {
      section: 9,
      name: "a release hits the same request of another session",
      find: "return entry.request === request && entry.pid.session === session;",
      replace: "return entry.request === request;",
    },
    {
      section: 9,
      name: "a release hits another request of the session",
      find: "return entry.request === request && entry.pid.session === session;",
      replace: "return entry.pid.session === session;",
    },
    {
      section: 9,
      name: "a request that may have stolen already steals again",
      find: 'if (sent) return { value: grant(value, token), result: { kind: "stolen" } };',
      replace: "",
    },
    {
      section: 9,
      name: "a request steals from itself",
      find: "const held = value.holders.find(is);\n  if (held !== undefined) {\n",
      replace: "const held = value.holders.find(is);\n  if (held !== undefined && false) {\n",
    },
    {
      section: 9,
      name: "a request steals a lock that the same round grants",
      find: "if (value.holders.some((holder) => holder.token === token)) {",
      replace: "if (false) {",
    },
    {
      section: 9,
      name: "a theft empties the queue",
      find: "const stolen = { ...value, holders: [{ ...entry, token }] };",
      replace: "const stolen = { ...value, holders: [{ ...entry, token }], queue: [] };",
    },
    {
      section: 9,
      name: "the earlier holder keeps the lock after a theft",
      find: "const stolen = { ...value, holders: [{ ...entry, token }] };",
      replace: "const stolen = { ...value, holders: [...value.holders, { ...entry, token }] };",
    },
    {
      section: 9,
      name: "shared requests are granted one by one",
      find: "while (granted < value.queue.length &&",
      replace: "while (granted < Math.min(1, value.queue.length) &&",
    },
    {
      section: 9,
      name: "a shared request joins an exclusive one",
      find: 'entry.mode === "shared" && holders.every((holder) => areAlike(holder, entry))',
      replace: 'entry.mode === "shared"',
    },
    {
      section: 9,
      name: "an exclusive request joins shared ones",
      find: 'entry.mode === "shared" && holders.every((holder) => areAlike(holder, entry))',
      replace: 'holders.every((holder) => holder.mode === "shared")',
    },
    {
      section: 9,
      name: "a request granted from the queue has no token",
      find: "holders.push({ ...value.queue[granted], token });",
      replace: "holders.push(value.queue[granted]);",
    },
    {
      section: 9,
      name: "a new token alone is no change",
      find: "&& entry.token === other.token;",
      replace: ";",
    },
  ]),
];
