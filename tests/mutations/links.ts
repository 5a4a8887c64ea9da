import { type Break, type Mutation, mutationsOf } from "./mutation.ts";

/** Section 12, item 6: after the last fault every waiting operation completes; here: soon. */
const soon = (breaks: readonly Omit<Break, "section">[]) =>
  breaks.map((one) => ({ ...one, section: 12 }));

const REDIALLER = ["tests/transports/link/redialler_test.ts"];

/** Links that heal, and the return of those that were lost. */
export const LINKS: readonly Mutation[] = [
  ...mutationsOf(
    "transports/link/redialler.ts",
    REDIALLER,
    soon([
      {
        name: "an attempt that hangs keeps others from beginning",
        find: "this.#options.onHopeless();\n      this.start();",
        replace: "this.#options.onHopeless();",
      },
      {
        name: "an attempt that takes long ends when the next one begins",
        find: "if (this.#oldest === null) this.#oldest = this.#latest;\n    else ",
        replace: "",
      },
      {
        name: "attempts that hang add up",
        find: "else this.#end(this.#latest);",
        replace: "",
      },
      {
        name: "a sign that the way is open changes nothing",
        find: "if (rest <= 0) return this.start();",
        replace: "if (rest <= 0) return;",
      },
      {
        name: "a sign just behind an attempt that was too early is lost",
        find: "this.#cancelTimer = this.#time.setTimer(() => this.start(), rest);",
        replace:
          "this.#cancelTimer = this.#time.setTimer(() => this.start(), this.#backoff.failed());",
      },
      {
        name: "each frame of a peer by another way begins an attempt",
        find: "if (now - this.#hinted < this.#patience) return;",
        replace: "",
      },
      {
        name: "a frame by another way has a refused node try again",
        find: "if (this.#isRefused && !accepted) return;",
        replace: "",
      },
      {
        name: "a silent connection is not replaced",
        find: "this.#isSuspected = true;\n    this.start();",
        replace: "this.#isSuspected = true;",
      },
      {
        name: "a connection that was only slow is replaced",
        find: "this.#isSuspected = false;\n    this.#cancelTimer();\n    this.#endAttempts();",
        replace: "this.#isSuspected = false;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/link/backoff.ts",
    [...REDIALLER, "tests/transports/link/backoff_test.ts"],
    soon([
      {
        name: "a member that was cut off waits for seconds",
        find: "const LONGEST = 700;",
        replace: "const LONGEST = 2_500;",
      },
      {
        name: "all clients of a lost server come back at once",
        find: "const first = Math.min(CLIENT_FIRST, longest);",
        replace: "const first = 100;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/websocket/connection.ts",
    ["tests/transports/websocket/connection_test.ts"],
    soon([
      {
        name: "what is not answered is not asked for before the next beat",
        find: "if (this.#silentLooks === LOOKS_UNTIL_QUESTION) this.ask();",
        replace: "",
      },
      {
        name: "a peer that answers again counts as silent",
        find: "if (this.#isSilent) this.#setSilent(false);",
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/websocket/peer.ts",
    ["tests/transports/websocket/peer_test.ts"],
    soon([
      {
        name: "frames go out on a silent connection while the other one answers",
        find: "return accepted.isSilent && !dialled.isSilent ? dialled : accepted;",
        replace: "return accepted;",
      },
    ]),
  ),
  ...mutationsOf(
    "lib/cluster/reached.ts",
    ["tests/cluster/reached_test.ts"],
    soon([
      {
        name: "a node that is connected again waits with its renewal",
        find: "core.session.reached(mayHaveBeenOpen);",
        replace: "",
      },
      {
        name: "a node that is connected again waits with its operations",
        find: "    core.pacing.reached(mayHaveBeenOpen);\n    membership.reached();",
        replace: "    membership.reached();",
      },
      {
        name: "what was asked without a record waits although there is one now",
        find: "core.pacing.reached();",
        replace: "",
      },
      {
        name: "a member that connects while it is heard makes a slow network look fast",
        find: "engine.members.includes(peer) && this.#wasSilent(peer)",
        replace: "engine.members.includes(peer)",
      },
      {
        name: "each client that connects has a member send everything again",
        find: "if (engine.isClosed || !isMember) return;",
        replace: "if (engine.isClosed) return;",
      },
      {
        name: "a connection that flaps has a node send everything again each time",
        find: "if (now - this.#reachedAt < REACHED_INTERVAL) return;",
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "lib/node/runtime/pacing.ts",
    ["tests/node/runtime/pacing_test.ts"],
    soon([
      {
        name: "answers that waited at a cut make the network look slow",
        find: "if (sinceThen < roundTrip) {",
        replace: "if (false) {",
      },
      {
        name: "the network looks fast for ever once a clock has told of no round trip at all",
        find: "Math.max(roundTrip, SHORTEST_ROUND_TRIP)",
        replace: "roundTrip",
      },
      {
        name: "the network looks as fast as that of the connections before",
        find: "    this.#shortest = Infinity;\n",
        replace: "",
      },
      {
        name: "a proposer does not know how slow a network is whose connections come and go",
        find: "return Math.max(this.#roundTrip, this.#atLeast);",
        replace: "return this.#roundTrip;",
      },
      {
        name: "the first retry after a time without a quorum waits as long as that time",
        find: "for (const retry of this.#retries) retry();",
        replace: "",
      },
      {
        name: "a time without a quorum counts as a round trip, however long it was",
        find: "const least = Math.min(sinceThen, LONGEST_ROUND_TRIP);",
        replace: "const least = sinceThen;",
      },
      {
        name: "a node that was quiet sends again what it has just sent",
        find: "return this.#runtime.now() - sent >= SHORTEST_SPREAD * this.#firstWait;",
        replace: "return sent > -Infinity;",
        tests: ["tests/cluster/reached_test.ts"],
      },
      {
        name: "what was measured during a cut slows down what follows",
        find:
          "this.#roundTrip = Math.min(this.#roundTrip, FIRST_ROUND_TRIP);\n    this.#shortest = Infinity;\n    this.#isMeasured = false;",
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "lib/node/wire/links.ts",
    ["tests/node/wire/links_test.ts", "tests/cluster/reached_test.ts"],
    soon([
      {
        name: "a peer that is heard after a silence does not count as reached",
        find: "return wasLost;",
        replace: "return null;",
      },
      {
        name: "what the first frame of a peer answers is asked again",
        find:
          'const taken = intake.receive(from, frame, now);\n          // After its frame: what that answers must not be asked again.\n          if (opened !== null) this.#reached(from, opened === "first");',
        replace:
          'if (opened !== null) this.#reached(from, opened === "first");\n          const taken = intake.receive(from, frame, now);',
      },
      {
        name: "a transport does not learn that its peer is heard by another way",
        find: "if (transport.reaches?.(peer) === false) transport.hint?.(peer);",
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "lib/node/wire/links.ts",
    ["tests/recovery/client_links_test.ts"],
    soon([
      {
        name: "a restart just behind another sign is not told to the transports",
        find: "if (!restarted && heard",
        replace: "if (heard",
      },
    ]),
  ),
  ...mutationsOf(
    "lib/cluster/wiring.ts",
    ["tests/recovery/client_links_test.ts"],
    soon([
      {
        name: "a node that hears of a restart leaves its transports waiting",
        find: "for (const id of members) links.hint(id, true);",
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "lib/node/engine/cluster_view.ts",
    ["tests/recovery/client_links_test.ts"],
    soon([
      {
        name: "a node that restarts gives its transports a hint about itself",
        find: "one !== this.self && header",
        replace: "header",
      },
    ]),
  ),
];
