import { type Mutation, mutationsOf } from "./mutation.ts";

const START = ["tests/paxos/disk_start_test.ts"];
const FOREIGN = ["tests/paxos/foreign_geneses_test.ts"];
const STORE = ["tests/storage/storage_test.ts"];
const WITNESSES = ["tests/paxos/witnesses_test.ts"];

/** Section 7, Storage. The model has more: see `tests/mutations/model/storage.ts`. */
export const STORAGE: readonly Mutation[] = [
  ...mutationsOf("lib/paxos/same_nodes.ts", ["tests/paxos/same_nodes_test.ts"], [
    {
      section: 7,
      name: "a list that names one member twice is that of others",
      find: "areIn(a, b) && areIn(b, a)",
      replace: "areIn(a, b)",
    },
  ]),
  ...mutationsOf("lib/paxos/incarnations.ts", START, [
    {
      section: 7,
      name: "a life is announced by another life",
      find: "if (header.life !== incarnation) return undefined;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/disk_start.ts", ["tests/paxos/disk_start_test.ts"], [
    {
      section: 11,
      name: "a copy counts before its node is a member",
      find: "tally.reached && this.#voters().includes(this.#options.self)",
      replace: "tally.reached",
    },
    {
      section: 7,
      name: "a member with a disk that recovers asks again at every answer",
      find: 'event?.type === "recover" ? [] : this.open()',
      replace: "this.open()",
    },
    {
      section: 11,
      name: "a node that joins helps from its disk, and has not noted the crash",
      find: 'if (request.type === "announce" || noted === undefined) return noted;',
      replace: 'if (request.type === "announce") return noted;',
    },
    {
      section: 11,
      name: "a disk helps a member to recover that is not that of a node that joins",
      find: "joining?.id !== self || joining.life !== this.#found",
      replace: "false",
    },
    {
      section: 11,
      name: "a node that joins helps from its disk under another configuration",
      find: "if (header.epoch !== epoch) return undefined;",
      replace: "",
    },
    {
      section: 11,
      name: "a member waits for a recovery that cannot come to an end, though its disk has all",
      find: "this.#isUncovered = true;",
      replace: "",
    },
    {
      section: 11,
      name: "a start that could not recover under one list takes its disk under the next one",
      find: "    this.#isUncovered = false;\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/disk_steps.ts", ["tests/storage/two_members_test.ts"], [
    {
      section: 11,
      name: "a node that was let in from its disk does not ask when it hears of that",
      find: "return epoch > memory.configuration.epoch;",
      replace: "return false;",
    },
  ]),
  ...mutationsOf("lib/node/membership/member_answers.ts", ["tests/storage/two_members_test.ts"], [
    {
      section: 11,
      name: "a node that has lost what it copied as it joined does not say so",
      find: 'copies && engine.place?.standing === "outside" ? toldBy(engine)! : undefined',
      replace: "undefined",
    },
  ]),
  ...mutationsOf("lib/node/disk/load.ts", ["tests/storage/one_and_two_test.ts"], [
    {
      section: 11,
      name: "the copy of a node that may be a member by now is put aside",
      find: "if (hasCopiedIn(configuration, self, incarnation)) return { found, checksums };",
      replace: "",
    },
    {
      section: 11,
      name: "a node that leaves forgets that when it starts again",
      find: "if (configuration.leaving?.id === self) {",
      replace: "if (false) {",
    },
  ]),
  ...mutationsOf("lib/node/membership/membership.ts", ["tests/storage/one_and_two_test.ts"], [
    {
      section: 11,
      name: "a node that leaves does not tell what is on its disk",
      find: "this.#leave();\n    this.#timer.now();",
      replace: "this.#timer.now();",
    },
    {
      section: 11,
      name: "a node that has left keeps its disk",
      find: "if (event === undefined && this.#storage.disk?.leaving != null) this.#clear();",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/member_disk.ts", ["tests/storage/one_and_two_test.ts"], [
    {
      section: 11,
      name: "a node that leaves puts its disk aside before the change is settled",
      find:
        "return kept === undefined || configuration.settled || kept.epoch < configuration.epoch;",
      replace: "return true;",
    },
  ]),
  ...mutationsOf("lib/node/membership/disk_steps.ts", ["tests/storage/one_and_two_test.ts"], [
    {
      section: 11,
      name: "a node that is told that it leaves puts its disk aside before the change is settled",
      find: "configuration.leaving?.id !== this.#engine.self",
      replace: "true",
    },
  ]),
  ...mutationsOf("lib/node/membership/giving_up_watch.ts", ["tests/storage/kept_disk_test.ts"], [
    {
      section: 11,
      name: "the disk of a node that leaves keeps members without a memory from a genesis for ever",
      find: " || disk()?.leaving != null",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/comeback.ts", ["tests/storage/one_and_two_test.ts"], [
    {
      section: 11,
      name: "a recovery that cannot come to an end is waited for",
      find: "return this.#parts.storage.disk?.start?.cannotRecover();",
      replace: "return;",
    },
  ]),
  ...mutationsOf("lib/paxos/disk_start.ts", START, [
    {
      section: 7,
      name: "the second round may be answered in other lives than the first",
      find: "before === null || before.get(id) === life;",
      replace: "true;",
    },
    {
      section: 7,
      name: "a member takes its own announced life for a later memory",
      find: "return life > this.#found && !this.#lives.has(life);",
      replace: "return life > this.#found;",
    },
    {
      section: 7,
      name: "a disk of another genesis counts as a memory of this one",
      find: 'if (reply.record.id !== record.id) return { life, kind: "blank", sender: null };',
      replace: "",
    },
    {
      section: 7,
      name: "a disk of another epoch counts",
      find: "epoch !== configuration.epoch) return undefined;\n        if (vector.length",
      replace: "false) return undefined;\n        if (vector.length",
    },
    {
      section: 7,
      name: "a list of members that was not asked for counts",
      find: "if (!isAnnounced && reply.id !== this.#number) return { ask: [] };",
      replace:
        'if (!isAnnounced && reply.id !== this.#number && reply.type !== "membersMismatch") return { ask: [] };',
    },
    {
      section: 7,
      name: "an outsider's list of members counts",
      find: "asked.includes(from) && this.#isForeign(reply)",
      replace: 'reply.type === "membersMismatch" || asked.includes(from) && this.#isForeign(reply)',
    },
    {
      section: 7,
      name: "one round of answers of another genesis puts a disk aside",
      find: "    if (before === null) {\n      this.#before = new Map",
      replace:
        '    if (isForeign) return { type: "putAside", why: "foreign" };\n    if (before === null) {\n      this.#before = new Map',
    },
    {
      section: 7,
      name: "the members of a cluster of another genesis are not asked whether that lives",
      find: "[...this.#others(), ...this.#foreign.nodes]",
      replace: "this.#others()",
    },
    {
      section: 7,
      name: "a start from a disk that announces never asks again",
      find: "if (this.isAnnouncing) this.#askAgain();",
      replace: "",
    },
    {
      section: 7,
      name:
        "a start from a disk hears living members of another genesis only if they have its list",
      find: "        if (incarnation === null) return undefined;",
      replace:
        "        if (incarnation === null || !this.#isOfList(reply.members)) return undefined;",
    },
    {
      section: 7,
      name: "a node that is no member is heard about this genesis",
      find: "asked.includes(from) && this.#isForeign(reply)",
      replace: "asked.includes(from)",
    },
    {
      section: 7,
      name: "a member recovers from members that only have disks",
      find: 'tally.has(id) && this.#answers.get(id)?.kind === "operational"',
      replace: "tally.has(id)",
    },
    {
      section: 7,
      name: "a member votes as soon as it announces",
      find: 'return { type: "announce" };',
      replace: 'return { type: "start" };',
    },
    {
      section: 7,
      name: "an announcement under another genesis is noted",
      find: 'request.type === "incarnation" || header.genesis !== record.id',
      replace: 'request.type === "incarnation"',
    },
    {
      section: 11,
      name: "a disk from an earlier admission follows into a later one",
      find: "if (!remembersIn(configuration, self, this.#found)) return false;",
      replace: "if (!remembersIn(configuration, self, this.incarnation)) return false;",
    },
    {
      section: 7,
      name: "a disk is refused for the order of the list that its node was given",
      find: "sameNodes(members, this.#options.members);",
      replace: "members.join() === this.#options.members.join();",
    },
    {
      section: 7,
      name: "a start from a disk tells the list of its node in the order of the options",
      find: "sameNodes(voters, options.members) ? voters : options.members",
      replace: "options.members",
    },
    {
      section: 7,
      name: "a member takes the disk of a cluster with other members",
      find: 'if (!this.#isOfList(this.#voters())) return { type: "otherList" };',
      replace: "",
      tests: STORE,
    },
    {
      section: 11,
      name: "a disk follows those who know of a later memory",
      find: "if (told.some(([id, life]) => id === self && this.#isLater(life))) return false;",
      replace: "",
    },
    {
      section: 11,
      name: "a start from a disk does not follow a newer configuration",
      find: "if (newer !== undefined) return { ask: [], event: newer };",
      replace: "",
    },
    {
      section: 7,
      name: "what a member knows does not count against older disks",
      find: "this.#withoutOwn(vector, incarnation) }, true);\n    for",
      replace: "[] }, true);\n    for",
    },
  ]),
  ...mutationsOf("lib/paxos/configuration.ts", ["tests/node/disk/load_test.ts"], [
    {
      section: 11,
      name: "a disk from an earlier admission is a memory",
      find: '(lifeIn(configuration, self) ?? "") <= incarnation;',
      replace: "true;",
    },
  ]),
  ...mutationsOf("lib/node/membership/membership.ts", ["tests/storage/members_test.ts"], [
    {
      section: 11,
      name: "a node that was not in its own list votes without its storage",
      find: "if (this.#storage.isUnused) return this.#openLate();",
      replace: "",
    },
    {
      section: 11,
      name: "a start from a disk goes on under the configuration before",
      find: "if (this.#storage.isUndecided) return this.#followOnDisk();",
      replace: "",
    },
    {
      section: 11,
      name: "a member votes with a memory from before it learned of another place",
      find: "if (!this.#isBehind) vote();",
      replace: "vote();",
    },
    {
      section: 11,
      name: "what a node learns while it waits for its disk is forgotten",
      find: "if (this.#isBehind) this.#catchUp();",
      replace: "if (this.#isBehind) this.#isBehind = false;",
    },
  ]),
  ...mutationsOf("lib/paxos/foreign_geneses.ts", FOREIGN, [
    {
      section: 7,
      name: "one process of another genesis puts a disk aside",
      find: "voters.length - foreign < helpersNeeded(voters.length)",
      replace: "foreign > 0",
    },
    {
      section: 7,
      name: "a disk is kept although its member can recover under another genesis",
      find: "return this.#places().some(([genesis, configuration]) =>",
      replace: "return this.#places().slice(1).some(([genesis, configuration]) =>",
    },
    {
      section: 7,
      name: "members of several geneses put a disk aside together",
      find: "geneses.get(id) === genesis",
      replace: "geneses.has(id)",
    },
    {
      section: 7,
      name: "a cluster without this member puts its disk aside",
      find: "votersOf(configuration).includes(this.#self);",
      replace: "true;",
    },
    {
      section: 7,
      name: "a cluster from before the disk puts it aside",
      find: "isMember && life !== undefined && life > this.#found",
      replace: "isMember",
    },
    {
      section: 7,
      name: "a cluster of the life of the disk puts it aside",
      find: "life > this.#found",
      replace: "life >= this.#found",
    },
    {
      section: 7,
      name: "the geneses that were told of have no bound",
      find: "if (this.#told.size <= MAX_TOLD) break;",
      replace: "break;",
    },
    {
      section: 7,
      name: "an older configuration of another genesis counts",
      find: "known === undefined || isNewer(told, known)",
      replace: "true",
    },
  ]),
  ...mutationsOf("lib/node/membership/member_disk.ts", ["tests/storage/first_list_test.ts"], [
    {
      section: 7,
      name: "a member does not hear the nodes that only its disk names",
      find: "engine.believe(memory.configuration);",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/cluster/lifecycle.ts", ["tests/cluster/load_storage_test.ts"], [
    {
      section: 7,
      name: "a node whose storage another process has opens its transports",
      find: "if (waiting !== null) return this.#openLater(waiting.loaded);",
      replace: "if (waiting !== null) this.#openLater(waiting.loaded);",
    },
    {
      section: 7,
      name: "a node that had to wait for its storage never begins",
      find: "if (this.#closed === undefined) await this.#openTransports();",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/membership.ts", ["tests/cluster/load_storage_test.ts"], [
    {
      section: 7,
      name: "a node whose storage another process has says that it is blank",
      find: "if (this.#storage.isInUse && this.#engine.place === null) return null;",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/member_disk.ts", ["tests/storage/reused_life_test.ts"], [
    {
      section: 7,
      name: "numbers of before the disk was free come again in its life",
      find: "if (!isLate) skip();",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/cluster/lifecycle.ts", STORE, [
    {
      section: 7,
      name: "a storage that does not answer keeps the program",
      find: "await this.within(membership.close(), timeout);",
      replace: "await membership.close();",
    },
  ]),
  ...mutationsOf("lib/storage/sqlite.ts", ["tests/storage/sqlite_test.ts"], [
    {
      section: 7,
      name: "a database that was given up is taken later",
      find: "if (this.#isClosed) throw",
      replace: "if (false) throw",
    },
  ]),
  ...mutationsOf("lib/paxos/giving_up.ts", [
    "tests/paxos/giving_up_test.ts",
    "tests/storage/two_members_test.ts",
  ], [
    {
      section: 7,
      name: "giving up takes a disk of another cluster for one that remembers",
      find: 'type === "stored" && reply.record.id !== genesis;',
      replace: "false;",
    },
    {
      section: 7,
      name: "giving up takes every disk for one of another cluster",
      find: 'type === "stored" && reply.record.id !== genesis;',
      replace: 'type === "stored";',
    },
    {
      section: 7,
      name:
        "one of two members waits for ever with its disk for the other one, which has lost its own",
      find: "if (isWaiting && isShort(voters, majority(voters.length))) return true;",
      replace: "",
    },
    {
      section: 7,
      name: "one of two members that votes gives up when the other one has lost its memory",
      find: "voters.includes(self) && isUndecided();",
      replace: "voters.includes(self);",
    },
    {
      section: 11,
      name: "a node that joins gives up its disk though the members can help each other back",
      find: "voters.includes(self) && isUndecided();",
      replace: "isUndecided();",
    },
  ]),
  ...mutationsOf("lib/paxos/witnesses.ts", WITNESSES, [
    {
      section: 7,
      name: "one member that remembers is enough for a life from a disk",
      find: "if (counted.length >= majority(members.length)) return record;",
      replace: "return record;",
    },
    {
      section: 7,
      name: "half of the members are enough for a life from a disk",
      find: "counted.length >= majority(members.length)",
      replace: "2 * counted.length >= members.length",
    },
    {
      section: 7,
      name: "a blank member in another life is a witness",
      find: "return this.#blank.get(member) === life &&",
      replace: "return this.#blank.has(member) &&",
    },
    {
      section: 7,
      name: "a member that is blank in the life that the record names is no witness",
      find: "return this.#blank.get(member) === life &&",
      replace: "return false &&",
    },
    {
      section: 7,
      name: "a blank process is a witness although a later one of that member is known",
      find: "=== life && !Array.from(all.values()).some(({ vector }) => vector[index] > life)",
      replace: "=== life",
    },
    {
      section: 7,
      name: "a member with a life from a disk does not count itself",
      find: "member === this.#self || ",
      replace: "",
    },
    {
      section: 7,
      name: "a blank member is a witness of one question to the next",
      find: "    this.#blank.clear();\n",
      replace: "",
    },
    {
      section: 7,
      name: "a record is adopted though no member remembers it any more",
      find: "    this.#remembering.clear();\n",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/paxos/genesis.ts", WITNESSES, [
    {
      section: 7,
      name: "a life from a disk is adopted although there was a later one",
      find:
        "const isOver = this.#witnesses !== null && vector[voicesOf(present).indexOf(self)] > life;",
      replace: "const isOver = false;",
    },
    {
      section: 7,
      name: "a member that knows that it has lost its memory is a witness",
      find: "if (!reply.recovering) this.#witnesses?.isBlank(from, header.life);",
      replace: "this.#witnesses?.isBlank(from, header.life);",
    },
    {
      section: 7,
      name: "a member that remembers is a witness of one question to the next",
      find: "this.#witnesses?.clear();",
      replace: "",
    },
    {
      section: 7,
      name: "a member recovers from what is on a disk",
      find: "    if (!isLiving) return undefined;\n",
      replace: "",
    },
    {
      section: 7,
      name: "after a restart a blank member has forgotten whose question it answered",
      find: "this.#leader = this.#answered = options.answered;",
      replace: "",
    },
    {
      section: 7,
      name: "a genesis goes on while a member has a memory on its disk",
      find: "if (isFresh || this.#isOfRound(reply.id) || reply.id === UNASKED) this.#round = null;",
      replace:
        'if (reply.type === "record" && (isFresh || this.#isOfRound(reply.id))) this.#round = null;',
    },
  ]),
  ...mutationsOf("lib/node/membership/disk_steps.ts", STORE, [
    {
      section: 7,
      name: "the life is announced before it is on the disk",
      find: "return this.store(this.#disk.writeLife(this.#engine.life), () => {",
      replace: "return this.store(Promise.resolve(), () => {",
    },
    {
      section: 7,
      name: "a disk that is no memory is not put aside",
      find: 'this.store(this.#disk.putAside("stale"), () =>',
      replace: "this.store(Promise.resolve(this.#disk.endStart()), () =>",
    },
  ]),
  ...mutationsOf("lib/storage/durable_object.ts", ["tests/storage/durable_object_test.ts"], [
    {
      section: 7,
      name: "a value keeps the end of a longer one that it replaces",
      find: "    sql.exec(`DELETE FROM ${TABLE} WHERE key = ? AND part >= ?`, key, part);\n",
      replace: "",
    },
    {
      section: 7,
      name: "a value of several rows is its last one",
      find: "last[1] = concat(last[1], value);",
      replace: "last[1] = value;",
    },
  ]),
  ...mutationsOf("lib/node/membership/member_disk.ts", ["tests/storage/reused_life_test.ts"], [
    {
      section: 7,
      name: "a life that is used again gives its numbers again",
      find: "const skip = () => pendingReplies.skip(Math.floor(runtime.random() * SKIPPED));",
      replace: "const skip = () => {};",
    },
  ]),
  ...mutationsOf("lib/node/core.ts", ["tests/storage/reused_life_test.ts"], [
    {
      section: 7,
      name: "two processes in one life give their operations the same names",
      find: "${this.engine.pendingReplies.next()}`",
      replace: "${this.engine.pendingReplies.next() % 1}`",
    },
  ]),
  ...mutationsOf("lib/node/membership/member_disk.ts", STORE, [
    {
      section: 7,
      name: "a storage that cannot be used stays taken",
      find: "  await storage.close().catch(() => {});\n  if (error",
      replace: "  if (error",
    },
  ]),
  ...mutationsOf("lib/node/wire/durable_replies.ts", STORE, [
    {
      section: 7,
      name: "replies leave before what they depend on is on the disk",
      find: "this.#disk.whenDurable(() => {",
      replace: "this.#disk.whenDurable(() => {});\n    queueMicrotask(() => {",
    },
  ]),
  ...mutationsOf("lib/node/disk/disk.ts", ["tests/node/disk/disk_test.ts"], [
    {
      section: 7,
      name: "a disk is put aside while a write is under way",
      find: "while (this.#isWriting && !this.#isClosed) await this.#busy;",
      replace: "await this.#busy;",
    },
    {
      section: 7,
      name: "what waits for the next write is told that it is durable, though it is put aside",
      find: "    this.#waiting = [];\n    this.#written = [];\n",
      replace: "    this.#written = [];\n",
    },
    {
      section: 7,
      name: "what waits for a write is told that it is durable, though that is put aside",
      find: "    this.#waiting = [];\n    this.#written = [];\n",
      replace: "    this.#waiting = [];\n",
    },
    {
      section: 7,
      name: "what fails when it is told that it is durable keeps others from being told",
      find: "for (const callback of written) this.#options.guard(callback);",
      replace:
        "this.#options.guard(() => {\n      for (const callback of written) callback();\n    });",
    },
    {
      section: 7,
      name: "a member goes on although a write has failed",
      find: "    this.#options.failed(error);\n",
      replace: "",
    },
    {
      section: 7,
      name: "a write that follows another one is forgotten",
      find: "if (this.#waiting.length > 0 || this.#hasChanged()) this.#schedule();",
      replace: "",
    },
    {
      section: 7,
      name: "the copy of a recovery is not written",
      find: "for (const register of piece.registers) this.#registers.add(register);",
      replace: "",
    },
    {
      section: 7,
      name: "what was on the disk before a recovery stays beside the copy",
      find: "for (const key of this.#checksums.keys()) this.#staged.set(key, null);",
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/disk/load.ts", STORE, [
    {
      section: 7,
      name: "a lost entry is not noticed",
      find: "if (!fits) throw",
      replace: "if (false) throw",
    },
    {
      section: 7,
      name: "what cannot be trusted stays where it is",
      find: '    await storage.clear();\n    return { found: { type: "damaged"',
      replace: '    return { found: { type: "damaged"',
    },
    {
      section: 11,
      name: "a copy of a node that was never admitted is a memory",
      find: "    if (remembersIn(configuration, self, incarnation)) return { found, checksums };\n",
      replace: "    return { found, checksums };\n",
      tests: ["tests/node/disk/load_test.ts"],
    },
    {
      section: 7,
      name: "a damaged disk of another member is put aside",
      find: "      damage ??= error;\n      continue;\n",
      replace: "      throw error;\n",
      tests: ["tests/node/disk/load_test.ts"],
    },
    {
      section: 7,
      name: "a damaged disk is a memory",
      find: "  if (damage !== null) throw damage;\n",
      replace: "",
      tests: ["tests/node/disk/load_test.ts"],
    },
    {
      section: 7,
      name: "the disk of another member is taken",
      find: "one.owner !== undefined && one.owner.id !== self",
      replace: "false",
    },
    {
      section: 7,
      name: "a newer format is read",
      find: 'if (entry.kind === "version") throw newer(self, entry.version);',
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/member_answers.ts", STORE, [
    {
      section: 7,
      name: "a blank member forgets its life when it stops",
      find: 'if (reply?.type === "blank" && answered !== "") storage.disk?.answers(answered);',
      replace: "",
    },
  ]),
  ...mutationsOf("lib/node/membership/membership.ts", STORE, [
    {
      section: 7,
      name: "giving up leaves the disk as it is",
      find: 'this.#store(disk.putAside("ok"), () => this.#timer.now());',
      replace: "this.#store(Promise.resolve(), () => this.#timer.now());",
    },
  ]),
  ...mutationsOf("lib/node/membership/founding.ts", STORE, [
    {
      section: 7,
      name: "a member votes before its first memory is on the disk",
      find: "this.#actions.remember(record, voter, () => this.#actions.vote(voter));",
      replace: "this.#actions.vote(voter);",
    },
  ]),
  ...mutationsOf("lib/cluster/join_options.ts", STORE, [
    {
      section: 7,
      name: "with storage a member gives up by itself",
      find: 'afterMajorityLoss = storage === null ? "restart" : "wait"',
      replace: 'afterMajorityLoss = "restart"',
    },
  ]),
  ...mutationsOf("lib/codec/disk_entry.ts", ["tests/codec/disk_entry_test.ts"], [
    {
      section: 7,
      name: "an entry of a disk is decoded without a look at its structure",
      find: "const wrong = scan(value, HEAD, FRAME_RULES);",
      replace: "const wrong = undefined as string | undefined;",
    },
    {
      section: 7,
      name: "the checksum of an entry is not compared",
      find: "if (checksumOf(value) !== crc32(value, 4, crc32(encoder.encode(key)))) {",
      replace: "if (false) {",
    },
    {
      section: 7,
      name: "the mark of a copy is not on the disk",
      find: "const register = { ...copy, copied: flag(copied) };",
      replace: "const register = { ...copy, copied: flag(copied) && false };",
    },
  ]),
  ...mutationsOf("lib/storage/sqlite.ts", ["tests/storage/sqlite_test.ts"], [
    {
      section: 7,
      name: "a write that fails half-way stays",
      find:
        '        else put.run(encoder.encode(key), value);\n      }\n      exec("COMMIT");\n    } catch (error) {\n      tryTo(() => exec("ROLLBACK"));',
      replace:
        '        else put.run(encoder.encode(key), value);\n      }\n      exec("COMMIT");\n    } catch (error) {\n      tryTo(() => exec("COMMIT"));',
    },
    {
      section: 7,
      name: "what was committed is only in the log of the database",
      find: "      throw error;\n    }\n    this.#checkpoint();\n  }",
      replace: "      throw error;\n    }\n  }",
    },
    {
      section: 7,
      name: "what is put aside is deleted",
      find: "exec(`ALTER TABLE ${TABLE} RENAME TO ${name}`);",
      replace: "exec(`DROP TABLE ${TABLE}`);",
    },
  ]),
  ...mutationsOf("lib/paxos/disk_start.ts", ["tests/storage/left_behind_test.ts"], [
    {
      section: 7,
      name: "a start from a disk asks only those that the disk names",
      find: "return this.#options.members.filter((id) => !known.includes(id));",
      replace: "return this.#options.members.filter((id) => !known.includes(id) && false);",
    },
    {
      section: 7,
      name:
        "a start from a disk does not hear of a newer list from those that the disk does not name",
      find: "this.#given().includes(from) ? this.#newerIn(reply) : undefined",
      replace: "undefined",
    },
  ]),
];
