import { type Mutation, mutationsOf } from "./mutation.ts";

const OUTSIDERS = ["tests/cluster/outsiders_test.ts"];

const KNOWN_HEADERS = ["tests/codec/known_headers_test.ts"];

/** Headers of frames that are known from earlier ones. */
const HEADERS: readonly Mutation[] = mutationsOf("lib/codec/known_headers.ts", KNOWN_HEADERS, [
  {
    section: 2,
    name: "a frame has a header that is known, although its bytes differ",
    find: "if (known.bytes[i] !== bytes[start + i]) return undefined;",
    replace: "",
  },
  {
    section: 2,
    name: "a frame is written with the epoch of an earlier one",
    find: "header.epoch !== epoch || ",
    replace: "",
  },
  {
    section: 2,
    name: "a frame is written with the incarnation of an earlier one",
    find: "header.incarnation === incarnation ? known : undefined",
    replace: "known",
  },
]).concat(mutationsOf("lib/codec/frame.ts", KNOWN_HEADERS, [
  {
    section: 2,
    name: "a known header is in the memory of the transport, which has the next frame's bytes",
    find: "new Uint8Array(bytes.subarray(REST_AT, end))",
    replace: "bytes.subarray(REST_AT, end)",
  },
]));

/** The work that numbers which a sender chooses can cause. */
const COLLISIONS: readonly Mutation[] = [
  ...mutationsOf("lib/codec/cbor_reader.ts", ["tests/codec/key_spread_test.ts"], [
    {
      section: 1,
      name: "keys of a Map may all collide",
      find: "if (!spread.add(key)) throw",
      replace: "if (false) throw",
    },
    {
      section: 1,
      name: "members of a Set may all collide",
      find: "if (!spread.add(member)) throw",
      replace: "if (false) throw",
    },
  ]),
  ...mutationsOf("lib/codec/key_spread.ts", ["tests/codec/key_spread_test.ts"], [
    {
      section: 1,
      name: "a large Set of ordinary numbers is refused",
      find: "FREE_COMPARISONS + COMPARISONS_PER_KEY * this.#count",
      replace: "FREE_COMPARISONS",
    },
    {
      section: 1,
      name: "colliding doubles are not noticed",
      find:
        "return IS_LITTLE_ENDIAN ? hashOfLong(words[0], words[1]) : hashOfLong(words[1], words[0]);",
      replace: "return -1;",
    },
  ]),
  ...mutationsOf("lib/paxos/endings.ts", ["tests/paxos/endings_test.ts"], [
    {
      section: 1,
      name: "tokens that values are bound to may all collide",
      find: "endings = new NumberMap()",
      replace: "endings = new Map() as never",
    },
  ]),
  ...mutationsOf("lib/singletons/callers.ts", ["tests/singletons/inbox_test.ts"], [
    {
      section: 1,
      name: "the numbers of attempts may all collide",
      find: "const attempts = new NumberMap<ReceivedAttempt>();",
      replace: "const attempts = new Map<number, ReceivedAttempt>() as never;",
    },
  ]),
  ...mutationsOf("lib/singletons/inbox.ts", ["tests/singletons/inbox_test.ts"], [
    {
      section: 1,
      name: "an attempt is judged again with each message",
      find: "caller.numbers.slice(from, to)",
      replace: "caller.numbers",
    },
  ]),
];

/** Sections 2, 7 and 13: the messages that each kind of sender is trusted with. */
export const TRUST: readonly Mutation[] = [
  ...HEADERS,
  ...COLLISIONS,
  ...mutationsOf("lib/node/engine/admission.ts", ["tests/node/engine/admission_test.ts"], [
    {
      section: 8,
      name: "a client makes members forget",
      find: '  forget: "member",',
      replace: '  forget: "client",',
    },
    {
      section: 7,
      name: "a node that is no member gets a copy of all registers",
      find: '  transfer: "member",',
      replace: '  transfer: "outsider",',
    },
    {
      section: 1,
      name: "any node may speak for another one",
      find: '  relayed: "member",',
      replace: '  relayed: "client",',
    },
    {
      section: 7,
      name: "any node voids the answers of a recovering member",
      find:
        'if (request.type === "enquire" && request.purpose !== "record") return role === "member";',
      replace: "",
    },
    {
      section: 7,
      name: "any node tells members that they were replaced",
      find: 'return role === "client" && OF_CLIENTS.has(reply.type);',
      replace: "return true;",
    },
  ]),
  ...mutationsOf("lib/node/engine/cluster_view.ts", ["tests/node/engine/cluster_view_test.ts"], [
    {
      section: 2,
      name: "the clock does not follow the frames",
      find: "    this.clock.observe(header.clock);\n",
      replace: "",
    },
    {
      section: 7,
      name: "the crash vector of a client counts",
      find:
        "const event = place.hear(from, isVoice ? header : { ...header, vector: [], incarnation: null });",
      replace: "const event = place.hear(from, header);",
      tests: OUTSIDERS,
    },
    {
      section: 1,
      name: "a client is admitted to a cluster without clients",
      find: 'return this.#record.clients ? "client" : "outsider";',
      replace: 'return "client";',
    },
    {
      section: 7,
      name: "a client of another genesis is admitted",
      find: 'if (this.#record === null || header.genesis !== this.#record.id) return "outsider";',
      replace: 'if (this.#record === null) return "outsider";',
    },
  ]),
  ...mutationsOf("lib/node/engine/engine.ts", ["tests/node/engine/engine_test.ts"], [
    {
      section: 2,
      name: "a client may name any counter",
      find: "if (!this.#view.isVoice(from) && highest > this.#view.counterBound) {",
      replace: "if (false) {",
    },
    {
      section: 2,
      name: "the bound of clients applies to a member",
      find: "if (!this.#view.isVoice(from) && highest > this.#view.counterBound) {",
      replace: "if (highest > this.#view.counterBound) {",
    },
  ]),
  ...mutationsOf("lib/node/wire/intake.ts", ["tests/node/wire/intake_test.ts"], [
    {
      section: 13,
      name: "a flood of one peer drops the frames of others",
      find: "      if (!this.#makeRoom(queue, frame.length)) return this.#dropped(from, frame);\n",
      replace: "      return;\n",
    },
    {
      section: 13,
      name: "peers do not take turns",
      find: "      this.#aside.delete(from);\n      this.#aside.set(from, queue);\n",
      replace: "",
    },
    {
      section: 13,
      name: "the rest of a frame waits behind later frames of its peer",
      find: "else if (queue.head > 0) queue.frames[--queue.head] = frame;",
      replace: "else if (queue.head > 0) queue.frames.push(frame);",
    },
    {
      section: 13,
      name: "the rest of a frame waits behind what its handling has brought",
      find: "else queue.frames.unshift(frame);",
      replace: "else queue.frames.push(frame);",
    },
    {
      section: 13,
      name: "frames are handed on within the handling of another",
      find: "this.#turning = true;\n    try {",
      replace: "try {",
    },
    {
      section: 13,
      name: "the rest of a frame comes with the time of an earlier turn",
      find: "rest = this.#handle(from, frame, now);\n      } catch {",
      replace: "rest = this.#handle(from, frame, this.#since);\n      } catch {",
    },
    {
      section: 13,
      name: "the rest of a frame waits in an intake that has closed",
      find: "if (this.#closed) return;\n    let queue",
      replace: "let queue",
    },
    {
      section: 13,
      name: "the rest of a frame takes no room",
      find: "this.#add(queue, 1, frame);",
      replace: '"rest" in frame ? this.#asideFrames++ : this.#add(queue, 1, frame);',
    },
    {
      section: 13,
      name: "the rest of a frame waits for a turn although no other frame waits",
      find: "if (this.#asideFrames > 0) this.#handOn();",
      replace: "",
    },
    {
      section: 13,
      name: "a peer whose room another one got has the room of its later queue forgotten",
      find: "if (count(queue) === 0 && this.#aside.get(from) === queue) this.#forget(from, queue);",
      replace: "if (count(queue) === 0) this.#forget(from, queue);",
    },
  ]),
  ...mutationsOf("lib/paxos/watchers.ts", ["tests/paxos/watchers_test.ts"], [
    {
      section: 13,
      name: "one node takes the room for all watches",
      find: " && (this.#counts.get(node) ?? 0) < MAX_NODE_WATCHES",
      replace: "",
    },
    {
      section: 13,
      name: "a refused watch causes a scan of all others",
      find: "if (now - this.#expired >= interval) this.expire(now);",
      replace: "if (interval === EXPIRY_INTERVAL) this.expire(now);",
    },
  ]),
  ...mutationsOf("lib/node/wire/outbox.ts", ["tests/node/wire/outbox_test.ts"], [
    {
      section: 3,
      name: "what others are told of an accept goes in a frame of its own",
      find: "if (first !== undefined && first.count <= FEW && first.requests.some(informs)) {",
      replace: "if (false) {",
    },
    {
      section: 3,
      name: "many accepts wait for what others are told of them",
      find: "first.count <= FEW && ",
      replace: "",
    },
    {
      section: 13,
      name: "a frame has more messages than its receiver accepts",
      find: " || pending.count >= MAX_MESSAGES;",
      replace: ";",
    },
  ]),
  ...mutationsOf("lib/node/engine/dispatcher.ts", ["tests/node/engine/dispatcher_test.ts"], [
    {
      section: 13,
      name: "a frame with a thousand messages to singletons holds up all other peers",
      find: "if (i % 8 === 7 && runtime.now() - now > LONGEST_TURN) {",
      replace: "if (false) {",
    },
    {
      section: 13,
      name: "a node forgets the rest of its own frame",
      find: 'while (rest) rest = this.#handle(view.self, rest, "member", runtime.now());',
      replace: 'rest = this.#handle(view.self, rest, "member", runtime.now());',
    },
    {
      section: 13,
      name: "the sender of a frame in parts is told its epoch with each part",
      find: '"isTold" in frame && frame.isTold',
      replace: "false",
    },
    {
      section: 13,
      name: "the rest of a frame counts as news of its sender",
      find: 'if (!("isTold" in frame)) this.#parts.handlers.heard(frame.header.life);',
      replace: "this.#parts.handlers.heard(frame.header.life);",
    },
  ]),
  ...mutationsOf("lib/node/engine/list_lane.ts", ["tests/node/engine/list_lane_test.ts"], [
    {
      section: 13,
      name: "the lists of one peer that wait have no bound",
      find: "else if (queue.length < MAX_LISTS) queue.push(answer);",
      replace: "else queue.push(answer);",
    },
    {
      section: 12,
      name: "a process that was suspended during a list answers none for hours",
      find: "Math.min(LONGEST_PAUSE, pause)",
      replace: "pause",
    },
    {
      section: 12,
      name: "lists wait for a timer that is late",
      find: "if (this.#runtime.now() >= this.#until) this.#next();",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/ballot.ts", OUTSIDERS, [
    {
      section: 2,
      name: "the bound of counters moves with counted frames",
      find: "Math.max(floor, Math.floor(wall * 1_000)) + COUNTER_LEAD);",
      replace: "Infinity);",
    },
  ]),
  ...mutationsOf("lib/codec/field_reader.ts", OUTSIDERS, [
    {
      section: 2,
      name: "only the clock of a client's frame is bounded",
      find: "    if (counter > this.#highest) this.#highest = counter;\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/codec/register_use.ts", OUTSIDERS, [
    {
      section: 3,
      name: "a client writes a value that is too large, or under no key",
      find: "if (!isPutOf(register, value, maxValueBytes)) return false;",
      replace: "",
    },
    {
      section: 6,
      name: "a client writes a value with owners that do not match its bindings",
      find: "owners.length === expected.length && expected.every((one) => owners.includes(one))",
      replace: "true",
    },
    {
      section: 9,
      name: "a client writes a lock with bindings",
      find: "bindings.length === 0 && value.length <= MAX_INTERNAL_BYTES",
      replace: "value.length <= MAX_INTERNAL_BYTES",
    },
    {
      section: 11,
      name: "a client writes anything in place of the configuration",
      find: "        isConfigurationIn(state);",
      replace: "        true;",
      tests: ["tests/codec/register_use_test.ts"],
    },
  ]),
  ...mutationsOf("lib/kv/puts.ts", OUTSIDERS, [
    {
      section: 4,
      name: "a put that is handed over writes a register that is no key",
      find: "if (!isPutOf(register, value, maxValueBytes)) return INVALID;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/register_proposals.ts", OUTSIDERS, [
    {
      section: 3,
      name: "an error of an attempt escapes into its timer or frame",
      find:
        "      for (const { operation } of round) operation.reject(reason);\n      return undefined;",
      replace: "      throw reason;",
    },
  ]),
  ...mutationsOf("lib/paxos/genesis.ts", ["tests/paxos/genesis_test.ts"], [
    {
      section: 7,
      name: "a genesis takes any clock into its floor",
      find: "Math.min(answer.clock, bound)",
      replace: "answer.clock",
    },
    {
      section: 7,
      name: "the floor of the previous genesis is not part of the bound",
      find: "Math.max(this.#options.floor ?? 0, this.#record?.floor ?? 0)",
      replace: "0",
    },
    {
      section: 7,
      name: "a node that is no member keeps members from starting by its list",
      find: "const event = members.includes(from)\n        ?",
      replace: "const event = true\n        ?",
      tests: OUTSIDERS,
    },
  ]),
];
