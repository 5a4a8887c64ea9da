import { type Mutation, mutationsOf } from "./mutation.ts";

/** Section 8: what has ended is sealed and forgotten unasked, and there is room for as much as that leaves. */
export const HOUSEKEEPING: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/acceptor.ts", ["tests/paxos/acceptor_test.ts"], [
    {
      section: 8,
      name: "a value is accepted without room for its register",
      find: "if (isNew && this.#isFull(register, state)) return only(this.#full());",
      replace: "",
    },
    {
      section: 8,
      name: "a tombstone is refused for want of room",
      find: "const isNew = state.present && !this.#entries",
      replace: "const isNew = !this.#entries",
    },
    {
      section: 8,
      name: "what is held already is refused for want of room",
      find: "!this.#entries.has(register) && request.sweep !== true;",
      replace: "request.sweep !== true;",
    },
    {
      section: 8,
      name: "a sweep is refused for want of room",
      find: "!this.#entries.has(register) && request.sweep !== true;",
      replace: "!this.#entries.has(register);",
    },
    {
      section: 8,
      name: "the configuration is refused for want of room",
      find: "    if (isConfiguration(register)) return false;\n",
      replace: "",
    },
    {
      section: 8,
      name: "bytes are not bounded",
      find:
        "return this.#entries.size >= maxKeys || this.#bytes + sizeOf(register, state) > maxBytes;",
      replace: "return this.#entries.size >= maxKeys || maxBytes < 0;",
    },
    {
      section: 8,
      name: "what is forgotten goes on counting its bytes",
      find: "    this.#bytes -= sizeOf(register, entry.accepted?.state ?? null);\n",
      replace: "",
    },
    {
      section: 8,
      name: "what is copied counts no bytes",
      find: "      this.#bytes += sizeOf(register, accepted?.state ?? null);\n",
      replace: "",
    },
    {
      section: 8,
      name: "nobody looks after what was copied",
      find: "      this.endings.replace(register, null, accepted?.state ?? null);\n",
      replace: "",
      tests: ["tests/paxos/endings_test.ts"],
    },
    {
      section: 8,
      name: "nobody looks after what was accepted",
      find: "    this.endings.replace(register, before, state);\n",
      replace: "",
      tests: ["tests/paxos/endings_test.ts"],
    },
  ]),
  ...mutationsOf("lib/paxos/endings.ts", ["tests/paxos/endings_test.ts"], [
    {
      section: 8,
      name: "times are rounded down: before they have come",
      find: "return Math.ceil(time / UNTIL_GRAIN) * UNTIL_GRAIN;",
      replace: "return Math.floor(time / UNTIL_GRAIN) * UNTIL_GRAIN;",
    },
    {
      section: 8,
      name: "what is written over is still waited for",
      find: "    if (before?.present) this.#leave(register, before);\n",
      replace: "",
    },
    {
      section: 8,
      name: "a key that goes is not noticed by what is bound to it",
      find:
        "    if (bound !== undefined) { for (const ending of bound.values()) this.#judge(ending); }\n",
      replace: "",
    },
    {
      section: 8,
      name: "a key with another token counts as the same",
      find: "if (state?.present && state.token === token) {",
      replace: "if (state?.present) {",
    },
    {
      section: 8,
      name: "an earlier time wakes nobody",
      find: "      if (isFirst) this.#listener(false);\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/member_clocks.ts", ["tests/paxos/member_clocks_test.ts"], [
    {
      section: 8,
      name: "one clock that is ahead is enough to end a value",
      find: "return times[majority(this.#members.length) - 1] ?? -Infinity;",
      replace: "return times[0] ?? -Infinity;",
      tests: ["tests/paxos/member_clocks_test.ts", "tests/scripted/housekeeper_test.ts"],
    },
    {
      section: 8,
      name: "a majority of the clocks that are known is enough",
      find: "return times[majority(this.#members.length) - 1] ?? -Infinity;",
      replace: "return times[majority(times.length) - 1] ?? -Infinity;",
    },
    {
      section: 8,
      name: "clients have a say in what time it is",
      find: "if (this.#members.includes(node)) this.#told",
      replace: "this.#told",
    },
    {
      section: 8,
      name: "a member that is silent counts for ever",
      find: "now - told.at < told.ttl;",
      replace: "now >= told.at;",
    },
  ]),
  ...mutationsOf("lib/paxos/voter.ts", ["tests/paxos/voter_test.ts"], [
    {
      section: 8,
      name: "a client gets past the bounds of a member",
      find: "if (request.sweep === true && !this.#members.includes(from.node)) {",
      replace: "if (request.sweep === true && from.node.length === 0) {",
    },
    {
      section: 8,
      name: "nobody listens to the members' clocks",
      find: "        this.clocks.tell(from.node, request.wall, request.ttl, now);\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/kv_register.ts", ["tests/paxos/kv_register_test.ts"], [
    {
      section: 8,
      name: "what ends later is sealed with what has ended",
      find: 'return binding.kind === "until" && binding.time <= cause.time;',
      replace: 'return binding.kind === "until";',
    },
    {
      section: 8,
      name:
        "what is bound to the next value of a key is sealed with what was bound to the last one",
      find: "          binding.token === cause.token;",
      replace: "          binding.token > 0;",
    },
    {
      section: 8,
      name: "what another session owns is sealed with one that has ended",
      find: '(binding.kind === "node" && binding.session === cause.session) ||',
      replace: '(binding.kind === "node") ||',
    },
  ]),
  ...mutationsOf("lib/node/quorum/housekeeper.ts", ["tests/scripted/housekeeper_test.ts"], [
    {
      section: 8,
      name: "members that missed a tombstone are left out",
      find:
        "mustWrite: true, sweep: true };\n    await this.#parts.proposals.change(register, identity,",
      replace: "sweep: true };\n    await this.#parts.proposals.change(register, identity,",
    },
    {
      section: 8,
      name: "a member seals by the clocks of others alone",
      find: "      this.#parts.engine.runtime.wallNow(),\n      this.#voter",
      replace: "      Infinity,\n      this.#voter",
    },
    {
      section: 8,
      name: "a member seals by its own clock alone",
      find: "      this.#voter?.clocks.passed(this.#now) ?? -Infinity,\n",
      replace: "",
    },
    {
      section: 8,
      name: "tombstones are swept while a member is away",
      find: "      possible: () => voter.clocks.missing(this.#now).length === 0,\n",
      replace: "",
    },
    {
      section: 8,
      name: "what a majority does not believe dead is sealed",
      find: "if (hasEnded) this.#seal(ending);",
      replace: "this.#seal(ending);",
    },
  ]),
  ...mutationsOf("lib/node/quorum/chores.ts", ["tests/scripted/chores_test.ts"], [
    {
      section: 8,
      name: "all members begin with the same registers",
      find: "if (this.#before[hash(register) % this.#before.length] > progress.turn) {",
      replace: "if (progress.turn < 0) {",
    },
    {
      section: 8,
      name: "what another member leaves undone stays undone",
      find: "      progress.turn++;\n",
      replace: "",
    },
    {
      section: 8,
      name: "members that are down have their share kept for them",
      find: "if (isPresent[at]) before++;",
      replace: "before++;",
    },
    {
      section: 8,
      name: "all registers are begun in one turn",
      find: "if (begun >= BEGUN_AT_ONCE || looked >= LOOKED_AT_ONCE) return",
      replace: "if (begun >= Infinity) return",
    },
    {
      section: 8,
      name: "any number of registers is in hand",
      find: "if (this.#inHand.size >= IN_HAND) return;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/quorum/proposals.ts", ["tests/housekeeping/full_test.ts"], [
    {
      section: 8,
      name: "full is told while room is being made",
      find: "if (tidying && now - this.#fullSince < ROOM_PATIENCE) {",
      replace: "if (now < this.#fullSince) {",
    },
    {
      section: 8,
      name: "full does not say whom released keys wait for",
      find: "part.full = noRoom(missing);",
      replace: "part.full = noRoom([]);",
    },
  ]),
  ...mutationsOf("lib/kv/living.ts", ["tests/housekeeping/lists_test.ts"], [
    {
      section: 8,
      name: "keys() lists what belongs to the dead",
      find: "if (ended.includes(true)) continue;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/locks/lock_table.ts", ["tests/housekeeping/lists_test.ts"], [
    {
      section: 8,
      name: "query() lists dead owners and waiters",
      find: "return dropEnded(this.#lockOf(register, state), (session) => ended.has(session));",
      replace: "return dropEnded(this.#lockOf(register, state), () => ended.size < 0);",
    },
  ]),
  ...mutationsOf("lib/paxos/proposer.ts", ["tests/paxos/proposer_test.ts"], [
    {
      section: 8,
      name: "an accept that finds no room is waited for for ever",
      find: '      if (reply.type === "full") return this.#nack(sender);\n',
      replace: "",
    },
  ]),
];
