import { type Break, type Mutation, mutationsOf } from "./mutation.ts";

/** Section 1: nodes do not lie. Who is none must not get in, and nobody may speak for another. */
const speaking = (breaks: readonly Omit<Break, "section">[]) =>
  breaks.map((one) => ({ ...one, section: 1 }));

const TOKEN = ["tests/transports/auth/token_test.ts"];
const HANDSHAKE = ["tests/transports/auth/handshake_test.ts"];

/** Who may speak, and what a transport holds at most. */
export const TRANSPORTS: readonly Mutation[] = [
  ...mutationsOf(
    "transports/link/options.ts",
    ["tests/transports/link/options_test.ts"],
    speaking([
      {
        name: "a secret may be short",
        find: "secret.length >= MIN_SECRET",
        replace: "secret.length >= MIN_SECRET - 1",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/auth/credentials.ts",
    ["tests/transports/link/options_test.ts"],
    speaking([
      {
        name: "without a secret a transport is insecure by itself",
        find: 'if (insecure === true) return { kind: "insecure" };',
        replace: 'if (insecure !== false) return { kind: "insecure" };',
      },
    ]),
  ),
  ...mutationsOf(
    "transports/auth/token.ts",
    TOKEN,
    speaking([
      {
        name: "a token for another cluster is accepted",
        find: 'if (aud !== cluster) throw new Refusal("the token is for another cluster");',
        replace: "",
      },
      {
        name: "an expired token is accepted",
        find: 'typeof exp !== "number" || !(exp * 1000 + CLOCK_TOLERANCE > now)',
        replace: 'typeof exp !== "number"',
      },
      {
        name: "a token without an end is accepted",
        find: 'typeof exp !== "number" || !(exp * 1000 + CLOCK_TOLERANCE > now)',
        replace: "!(Number(exp ?? Infinity) * 1000 + CLOCK_TOLERANCE > now)",
      },
      {
        name: "clocks may not differ",
        find: "const CLOCK_TOLERANCE = 60_000;",
        replace: "const CLOCK_TOLERANCE = 0;",
      },
      {
        name: "clocks may differ by anything",
        find: "const CLOCK_TOLERANCE = 60_000;",
        replace: "const CLOCK_TOLERANCE = 3_600_000;",
      },
      {
        name: "a token of the future is accepted",
        find: 'typeof start !== "number" || !(start * 1000 - CLOCK_TOLERANCE <= now)',
        replace: "false",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/auth/proof.ts",
    HANDSHAKE,
    speaking([
      {
        name: "a proof serves for the other side as well",
        find: 'if (claims[SIDE] !== side) throw new Refusal("the token is no proof of this side");',
        replace: "",
      },
      {
        name: "a proof serves for another node",
        find: 'if (claims.sub !== from) throw new Refusal("the token is for another node");',
        replace: "",
      },
      {
        name: "a proof serves for another connection",
        find: "claims.to !== to || claims.nonces !== `${hello.nonce} ${challenge.nonce}`",
        replace: "claims.to !== to",
      },
      {
        name: "a proof serves with another node",
        find: "claims.to !== to || claims.nonces",
        replace: "claims.nonces",
      },
      {
        name: "a proof that was overheard opens a connection",
        find: "if (claims[SIDE] !== undefined) throw",
        replace: "if (false) throw",
        tests: ["tests/transports/websocket/strangers_test.ts"],
      },
      {
        name: "a token speaks for every node",
        find: 'if (claims.sub !== id) throw new Refusal("the token is for another node");',
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/auth/guard.ts",
    HANDSHAKE,
    speaking([
      {
        name: "clusters of other names are let in",
        find: 'if (hello.cluster !== this.#cluster) throw new Refusal("this is another cluster");',
        replace: "",
      },
      {
        name: "who looks for another node is let in",
        find: "if (hello.to !== this.#self) throw new Refusal(`this is the node ${this.#self}`);",
        replace: "",
      },
      {
        name: "who has the id of this node is let in",
        find: 'if (hello.id === this.#self) throw new Refusal("this node has that id itself");',
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/auth/introduction.ts",
    HANDSHAKE,
    speaking([
      {
        name: "a server need not prove itself",
        find: 'this.#credentials.kind === "secret" && !this.#proven',
        replace: "false",
      },
      {
        name: "the proof of a server is not looked at",
        find: 'await checkProof(challenge.proof, secret, "accept", peer, self, hello, challenge);',
        replace: "void checkProof;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/websocket/visitor.ts",
    [
      "tests/transports/websocket/transport_test.ts",
      "tests/transports/websocket/strangers_test.ts",
    ],
    speaking([
      {
        name: "a visitor may say several things at once",
        find: '    this.#expects = "nothing";\n    const message',
        replace: "    const message",
      },
      {
        name: "a visitor may be silent for ever",
        find: 'if (++this.#ticks > PATIENCE) this.refuse("there was no hello in time");',
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/websocket/transport.ts",
    ["tests/transports/websocket/transport_test.ts", "tests/transports/websocket/peers_test.ts"],
    speaking([
      {
        name: "a peer that comes back has two connections",
        find: 'older?.close(CLOSE.replaced, "the node has connected anew");',
        replace: "void older;",
      },
      {
        name: "any number may wait at the door",
        find: "if (this.#visitors.size > MAX_VISITORS) {",
        replace: "if (false) {",
      },
      {
        name: "any number of nodes may be connected",
        find: "if (!this.#peers.has(id) && this.#peers.size >= MAX_PEERS) {",
        replace: "if (false) {",
      },
      {
        name: "a member loses its place to others",
        find: "({ id }) => !this.#settings.peers.has(id));",
        replace: "({ id }) => this.#settings.peers.has(id));",
      },
      {
        name: "who comes to a full table is sent away",
        find: '      other?.close(CLOSE.tryLater, "there are too many nodes");\n',
        replace: "",
      },
      {
        name: "who has gone is remembered for ever",
        find: "if (peer.isLost && !this.#settings.peers.has(peer.id)) this.#peers.delete(peer.id);",
        replace: "",
      },
      {
        name: "a connection that comes late outlives the transport",
        find: 'return socket.close(CLOSE.goingAway, "the node has closed");',
        replace: "return;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/websocket/connection.ts",
    ["tests/transports/websocket/connection_test.ts"],
    speaking([
      {
        name: "a peer that does not acknowledge is sent everything",
        find: "while (this.#bytesOnTheWay < WINDOW) {",
        replace: "for (;;) {",
      },
      {
        name: "a peer may acknowledge what was never sent",
        find: "if (count > this.#onTheWay.length) return false;",
        replace: "",
      },
      {
        name: "a connection outlives its token",
        find: "if (Date.now() < this.#until) return false;",
        replace: "if (this.#until > 0) return false;",
      },
      {
        name: "a peer may be silent for ever",
        find: "if (++this.#silentBeats > PATIENCE) {",
        replace: "if (false) {",
      },
      {
        name: "nobody answers the question whether it lives",
        find: "    if (message.answerNow) this.#answerDue = true;\n",
        replace: "",
      },
      {
        name: "a peer that was silent is not asked whether it lives",
        find: "if (this.#silentBeats > 1) this.#write(NOTHING, true);",
        replace: "",
      },
      {
        name: "a peer is asked whether it lives while it talks",
        find: "if (this.#silentBeats > 1) this.#write(NOTHING, true);",
        replace: "this.#write(NOTHING, true);",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/websocket/message.ts",
    ["tests/transports/websocket/peers_test.ts"],
    speaking([
      {
        name: "a message may have any size",
        find: "bytes.length < HEADER_BYTES || bytes.length > MAX_MESSAGE_BYTES",
        replace: "bytes.length < HEADER_BYTES",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/websocket/socket.ts",
    ["tests/transports/websocket/socket_test.ts"],
    speaking([
      {
        name: "what a peer does not read piles up",
        find: "if (this.#unsent() > MAX_UNSENT) {",
        replace: "if (false) {",
      },
      {
        name: "messages overtake those that arrive as Blob",
        find: "if (this.#reading === null) this.#hand(data);",
        replace: "if (true) this.#hand(data);",
      },
      {
        name: "Blobs overtake each other",
        find: "(this.#reading ?? Promise.resolve()).then(() => read)",
        replace: "read",
      },
      {
        name: "any amount may wait to be read",
        find:
          'if (this.#unread > MAX_UNREAD) return this.close(CLOSE.malformed, "too much at once");',
        replace: "",
      },
      {
        name: "who does not return the farewell is waited for",
        find: "if (this.#ticksClosing < 4) this.terminate();",
        replace: "if (this.#ticksClosing < 4) return;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/link/backoff.ts",
    ["tests/transports/link/backoff_test.ts"],
    speaking([
      {
        name: "a connection that ended at once makes the next wait short",
        find: "performance.now() - this.#since >= this.#times.stable",
        replace: "true",
      },
      {
        name: "a stable connection does not make the next wait short",
        find: "      this.#failures = 0;\n",
        replace: "",
      },
      {
        name: "all come back at one instant",
        find: "return longest * (0.5 + 0.5 * Math.random());",
        replace: "return longest;",
      },
      {
        name: "who is refused tries again soon",
        find: "return this.#times.refused * (0.75 + 0.5 * Math.random());",
        replace: "return this.#times.first;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/link/frame_queue.ts",
    ["tests/transports/link/frame_queue_test.ts"],
    speaking([
      {
        name: "frames pile up",
        find:
          "while (this.#bytes > this.#limit && this.#frames.length - this.#head > 1) this.#shift();",
        replace: "",
      },
      {
        name: "the caller's bytes are kept",
        find: "this.#frames.push(frame.slice());",
        replace: "this.#frames.push(frame);",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/link/frame_stream.ts",
    ["tests/transports/link/frame_stream_test.ts"],
    speaking([
      {
        name: "a frame may have any length",
        find: "length > MAX_FRAME_BYTES || ",
        replace: "",
      },
      {
        name: "a body of zeros is millions of frames",
        find: "length === 0 || ",
        replace: "",
      },
      {
        name: "a body may hold any number of frames",
        find: " || frames.length >= MAX_FRAMES",
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/http/body.ts",
    ["tests/transports/http/body_test.ts"],
    speaking([
      {
        name: "a body whose length is announced may have any",
        find: "if (announced !== null && !(Number(announced) <= limit)) {",
        replace: "if (false) {",
      },
      {
        name: "what a response is unpacked to is not counted",
        find: "if (announced !== null && message instanceof Request) {",
        replace: "if (announced !== null) {",
      },
      {
        name: "a body whose length is not announced may be longer",
        find: "if (read === null || size > limit) {",
        replace: "if (read === null || size > 2 * limit) {",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/http/reception.ts",
    ["tests/transports/http/reception_test.ts"],
    speaking([
      {
        name: "a challenge serves twice",
        find: "    this.#waiting.delete(challenged.challenge.nonce);\n    return",
        replace: "    return",
      },
      {
        name: "challenges pile up",
        find: "if (this.#waiting.size <= MAX_CHALLENGES && now - since < PATIENCE) break;",
        replace: "if (now - since < PATIENCE) break;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/http/transport.ts",
    ["tests/transports/http/session_test.ts"],
    speaking([
      {
        name: "a node that comes back has two sessions",
        find: "if (older !== null) this.#end(older, 409);",
        replace: "",
      },
      {
        name: "a session outlives its token",
        find: "if (session.hasExpired) {",
        replace: "if (false) {",
      },
      {
        name: "a request is held for as long as this side likes",
        find: "const response = session.hold(holdOf(context));",
        replace: "const response = session.hold();",
      },
      {
        name: "who sends no more requests is remembered for ever",
        find: "if (!session.tick()) this.#end(session, 401);",
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/http/session.ts",
    ["tests/transports/http/session_test.ts"],
    speaking([
      {
        name: "a request is held for ever",
        find: "const timer = setTimeout(() => respond(empty()), time);",
        replace: "const timer = undefined;",
      },
      {
        name: "all requests are held",
        find: "if (this.#held.length < 2 || this.#release !== undefined) return;",
        replace: "if (this.#held.length > 0) return;",
      },
      {
        name: "what is to be said finds no request",
        find: "while (this.#held.length > 0 && !queue.isEmpty) {",
        replace: "while (false) {",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/http/link.ts",
    ["tests/transports/http/link_test.ts"],
    speaking([
      {
        name: "a redirect is followed",
        find: 'const REDIRECT = "manual";',
        replace: 'const REDIRECT = "follow";',
      },
      {
        name: "any number of requests is under way to a peer",
        find: "const MAX_REQUESTS = 2;",
        replace: "const MAX_REQUESTS = 20;",
      },
      {
        name: "a refusal is a failure like others",
        find: "if (response.status === 401) throw new Refusal(",
        replace: "if (response.status === 401) throw new Error(",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/link/reports.ts",
    ["tests/transports/link/reports_test.ts"],
    speaking([
      {
        name: "one refusal is told again and again",
        find: "if (this.#reported.has(peer)) return;",
        replace: "",
      },
    ]),
  ),
];
