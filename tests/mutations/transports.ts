import { type Break, type Mutation, mutationsOf } from "./mutation.ts";

/** Section 1: nodes do not lie. A stranger must not be admitted, and no peer may speak for another node. */
const speaking = (breaks: readonly Omit<Break, "section">[]) =>
  breaks.map((one) => ({ ...one, section: 1 }));

const TOKEN = ["tests/transports/auth/token_test.ts"];
const HANDSHAKE = ["tests/transports/auth/authenticator_test.ts"];

/** Authentication, and the bounds of transports. */
export const TRANSPORTS: readonly Mutation[] = [
  ...mutationsOf(
    "transports/websocket/connection.ts",
    ["tests/transports/websocket/connection_test.ts"],
    [
      {
        section: 13,
        name: "what a node has not handled is acknowledged",
        find: "if (!this.#isBehind) this.#release();",
        replace: "this.#release();",
      },
      {
        section: 13,
        name: "what arrives while a node is behind takes its time all the same",
        find: "if (this.#isBehind) return this.#reader.hold(piece);",
        replace: "",
      },
      {
        section: 13,
        name: "what was held is read at once, though the node is behind again",
        find: "while (this.#deliver() > 0 && !this.#isBehind);",
        replace: "while (this.#deliver() > 0);",
      },
      {
        section: 13,
        name: "what was held is acknowledged before it is read",
        find: "if (this.#isBehind) return;\n    this.#release();",
        replace: "this.#release();",
      },
      {
        section: 13,
        name: "a peer or guest may ask for any number of answers",
        find: "answerNow && ++this.#questions > MAX_QUESTIONS",
        replace: "false",
      },
      {
        section: 13,
        name: "questions are counted for the life of a connection, and not for a second",
        find: "if (second !== this.#second) this.#questions = 0;",
        replace: "",
      },
      {
        section: 13,
        name: "what came before the end of a connection is lost if the node was behind",
        find: "if (piece !== undefined && !this.#socket.isOpen) break;",
        replace: "if (!this.#socket.isOpen) break;",
      },
      {
        section: 13,
        name: "a peer may send more than the window while a node is behind",
        find: "this.#bytesWithheld + this.#unacknowledged > MAX_IN_FLIGHT",
        replace: "false",
      },
    ],
  ),
  ...mutationsOf(
    "transports/link/frame_stream.ts",
    ["tests/transports/websocket/connection_test.ts"],
    [
      {
        section: 13,
        name: "all that was held is read in one piece",
        find: "if (piece === NOTHING && frames.length === MAX_HELD) break;\n",
        replace: "if (piece === NOTHING && frames.length === MAX_FRAMES) break;\n",
      },
    ],
  ),
  ...mutationsOf(
    "transports/auth/secret.ts",
    ["tests/transports/auth/errors_test.ts"],
    speaking([
      {
        name: "a guessable secret is accepted",
        find: "if (estimateBits(secret) < MIN_BITS) {",
        replace: "if (secret.length < 16) {",
      },
      {
        name: "an error repeats a refused secret",
        find: "too easy to guess (${secret.length} characters)",
        replace: "too easy to guess (${secret})",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/auth/entropy.ts",
    ["tests/transports/auth/entropy_test.ts"],
    speaking([
      {
        name: "words count as random letters",
        find: "areWords ? WORD_BITS : LETTER_BITS",
        replace: "LETTER_BITS",
      },
      {
        name: "what a secret repeats counts again",
        find: "if (isRepeated || ",
        replace: "if (",
      },
      {
        name: "sequences count as random",
        find: " || continues(alphabet, at)",
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/auth/keys.ts",
    ["tests/transports/auth/keys_test.ts"],
    speaking([
      {
        name: "a guess of the secret costs a single HMAC",
        find: "const ITERATIONS = 100_000;",
        replace: "const ITERATIONS = 1;",
      },
      {
        name: "all purposes have the same key",
        find: "info: utf8(purpose)",
        replace: 'info: utf8("")',
        tests: HANDSHAKE,
      },
      {
        name: "clusters with the same secret have the same keys",
        find: '["synod", 2, cluster]',
        replace: '["synod", 2]',
      },
      {
        name: "the keys can be exported",
        find: '      false,\n      ["sign", "verify"],',
        replace: '      true,\n      ["sign", "verify"],',
      },
      {
        name: "the keys are derived for each token",
        find: "if (known !== undefined) return known;",
        replace: "",
      },
      {
        name: "the keys of any number of secrets are remembered",
        find: "if (remembered.size < MAX_SECRETS) break;",
        replace: "break;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/auth/mac.ts",
    ["tests/transports/auth/token_test.ts"],
    speaking([
      {
        name: "a signature has several forms",
        find: "return toBase64Url(bytes) === text ? bytes : null;",
        replace: "return bytes;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/auth/origin.ts",
    ["tests/transports/auth/origin_test.ts"],
    speaking([
      {
        name: "a page of another origin speaks to a node without authentication",
        find: "if (page === null || page.host !== hostOf(`http://${host}`)?.host) return false;",
        replace: "if (page === null) return false;",
      },
      {
        name: "the owner of a name can point it at a node without authentication",
        find: 'hostname.endsWith(".localhost") || !hostname.includes(".")',
        replace: "true",
      },
      {
        name: "a node with a secret refuses pages of other origins",
        find: 'kind !== "insecure" || ',
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/auth/credentials.ts",
    ["tests/transports/link/options_test.ts"],
    speaking([
      {
        name: "a transport without a secret is insecure by default",
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
        find: 'if (aud !== cluster) throw new HandshakeError("the token is for another cluster");',
        replace: "",
      },
      {
        name: "an expired token is accepted",
        find: 'typeof exp !== "number" || !(exp * 1000 + CLOCK_TOLERANCE > now)',
        replace: 'typeof exp !== "number"',
      },
      {
        name: "a token without an expiry is accepted",
        find: 'typeof exp !== "number" || !(exp * 1000 + CLOCK_TOLERANCE > now)',
        replace: "!(Number(exp ?? Infinity) * 1000 + CLOCK_TOLERANCE > now)",
      },
      {
        name: "clocks that differ are not tolerated",
        find: "const CLOCK_TOLERANCE = 60_000;",
        replace: "const CLOCK_TOLERANCE = 0;",
      },
      {
        name: "clocks that differ by an hour are tolerated",
        find: "const CLOCK_TOLERANCE = 60_000;",
        replace: "const CLOCK_TOLERANCE = 3_600_000;",
      },
      {
        name: "a token from the future is accepted",
        find: 'typeof start !== "number" || !(start * 1000 - CLOCK_TOLERANCE <= now)',
        replace: "false",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/auth/proof.ts",
    HANDSHAKE,
    speaking(
      [
        ["in another cluster", "cluster, id", "id"],
        ["of another node", " id, to", " to"],
        ["at another node", "id, to, nonce,", "id, nonce,"],
        ["for another hello", "to, nonce, challenge", "to, challenge"],
        ["for another challenge", ", challenge.nonce]", "]"],
      ].map(([what, find, replace]) => ({
        name: `a proof is valid ${what}`,
        find: "[VERSION, cluster, id, to, nonce, challenge.id, challenge.nonce]",
        replace: "[VERSION, cluster, id, to, nonce, challenge.id, challenge.nonce]"
          .replace(find, replace),
      })),
    ),
  ),
  ...mutationsOf(
    "transports/auth/authenticator.ts",
    HANDSHAKE,
    speaking([
      {
        name: "nodes of other clusters are admitted",
        find:
          'if (hello.cluster !== this.#cluster) throw new HandshakeError("this is another cluster");',
        replace: "",
      },
      {
        name: "a hello for another node is accepted",
        find:
          "if (hello.to !== this.#self) throw new HandshakeError(`this is the node ${this.#self}`);",
        replace: "",
      },
      {
        name: "a hello from the id of this node is accepted",
        find:
          'if (hello.id === this.#self) throw new HandshakeError("this node has that id itself");',
        replace: "",
      },
      {
        name: "a token makes a full client",
        find:
          'if (hello.token !== undefined) throw new HandshakeError("a token makes a guest, and no node");',
        replace: "",
      },
      {
        name: "the proof of a peer is not verified",
        find: 'await checkProof(answer.proof, keys, "connect", hello, challenge);',
        replace: "void checkProof;",
      },
    ]),
  ),
  ...mutationsOf("transports/auth/guest_authenticator.ts", [
    "tests/transports/auth/guest_authenticator_test.ts",
  ], [
    {
      section: 13,
      name: "a token is valid for every guest",
      find: 'if (claims.sub !== id) throw new HandshakeError("the token is for another id");',
      replace: "",
    },
  ]),
  ...mutationsOf("guest/proof.ts", ["tests/transports/auth/errors_test.ts"], [
    {
      section: 13,
      name: "a report repeats the token that the other side repeats",
      find: 'token.includes(word) || word.includes(token) ? "(the token)" : word',
      replace: "word",
    },
  ]),
  ...mutationsOf(
    "transports/auth/handshake_client.ts",
    HANDSHAKE,
    speaking([
      {
        name: "a server need not prove itself",
        find: 'if (this.#credentials.kind !== "secret") return;\n    const [hello',
        replace: "if (!isProof(welcome)) return;\n    const [hello",
      },
      {
        name: "the proof of a server is not verified",
        find: 'await checkProof(welcome.proof, keys, "accept", hello, challenge);',
        replace: "void checkProof;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/websocket/dialler.ts",
    ["tests/transports/websocket/dialler_test.ts"],
    speaking([
      {
        name: "frames that arrive while the proof of a server is verified are lost",
        find: "return this.#socket?.hold(admitted);",
        replace: "return void admitted;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/websocket/incoming_connection.ts",
    [
      "tests/transports/websocket/transport_test.ts",
      "tests/transports/websocket/strangers_test.ts",
    ],
    speaking([
      {
        name: "an incoming connection may send several messages before an answer",
        find: '    this.#expects = "nothing";\n    const message',
        replace: "    const message",
      },
      {
        name: "an incoming connection may be silent forever",
        find: "if (++this.#ticks <= HANDSHAKE_TICKS) return;",
        replace: "return;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/link/peers.ts",
    ["tests/transports/link/peers_test.ts"],
    speaking([
      {
        name: "the number of peers has no bound",
        find: "if (this.#peers.has(id) || this.#peers.size < MAX_PEERS) return true;",
        replace: "if (true) return true;",
      },
      {
        name: "a peer with an address has to make room",
        find: "({ id }) => !this.#options.hasAddress(id));",
        replace: "({ id }) => this.#options.hasAddress(id));",
      },
      {
        name: "a peer without an address is kept after it has gone",
        find: "if (peer.isLost && !this.#options.hasAddress(peer.id)) this.#peers.delete(peer.id);",
        replace: "",
      },
      {
        name: "an error of the receiver is an error of the transport",
        find: "      return this.#receive(from, frame) ?? undefined;\n    } catch {",
        replace:
          "      return this.#receive(from, frame) ?? undefined;\n    } catch (error) {\n      throw error;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/link/queued_peer.ts",
    ["tests/transports/link/peers_test.ts"],
    speaking([
      {
        name: "frames wait for a peer that is lost",
        find: "    if (this.isLost) this.queue.clear();\n",
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/websocket/client.ts",
    ["tests/transports/websocket/transport_test.ts", "tests/transports/websocket/peers_test.ts"],
    speaking([
      {
        name: "a peer that returns has two connections",
        find: 'older?.close(CLOSE.replaced, "the node has connected again");',
        replace: "void older;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/websocket/server.ts",
    ["tests/transports/websocket/transport_test.ts", "tests/transports/websocket/peers_test.ts"],
    speaking([
      {
        name: "the number of incoming connections has no bound",
        find: "if (this.#incoming.size > MAX_INCOMING) {",
        replace: "if (false) {",
      },
      {
        name: "a peer that meets a full table is refused",
        find: "(other) => other.close(code, reason)",
        replace: "() => {}",
      },
      {
        name: "a late connection outlives the transport",
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
        name: "the window has no bound",
        find: "while (this.#bytesOnTheWay < WINDOW) {",
        replace: "for (;;) {",
      },
      {
        name: "a peer may acknowledge pieces that were never sent",
        find: "if (count > this.#onTheWay.length) return false;",
        replace: "",
      },
      {
        name: "a connection outlives its token",
        find: "if (Date.now() < this.#until) return false;",
        replace: "if (this.#until > 0) return false;",
      },
      {
        name: "a peer may be silent forever",
        find: "if (++this.#silentBeats > MAX_SILENT_BEATS) {",
        replace: "if (false) {",
      },
      {
        name: "a request for a sign of life is not answered",
        find: "    this.#answerDue ||= answerNow;\n",
        replace: "",
      },
      {
        name: "a silent peer is not asked for a sign of life",
        find: "if (this.#silentBeats > 1) this.ask();",
        replace: "",
      },
      {
        name: "a peer is asked for a sign of life while frames flow",
        find: "if (this.#silentBeats > 1) this.ask();",
        replace: "this.ask();",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/websocket/message.ts",
    ["tests/transports/websocket/peers_test.ts"],
    speaking([
      {
        name: "the size of a message has no bound",
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
        name: "the bytes that wait to be sent have no bound",
        find: "if (this.#unsent() > MAX_UNSENT) {",
        replace: "if (false) {",
      },
      {
        name: "messages overtake earlier ones that arrive as Blob",
        find: "if (this.#reading === null) this.#hand(data);",
        replace: "if (true) this.#hand(data);",
      },
      {
        name: "Blobs overtake each other",
        find: "(this.#reading ?? Promise.resolve()).then(work)",
        replace: "work()",
      },
      {
        name: "the bytes that wait to be read have no bound",
        find:
          'if (this.#unread > MAX_UNREAD) return this.close(CLOSE.malformed, "too much at once");',
        replace: "",
      },
      {
        name: "a connection whose closing handshake is not answered is not dropped",
        find: "      this.terminate();\n    }\n  }\n\n  /** Must be called with the data",
        replace: "    }\n  }\n\n  /** Must be called with the data",
      },
      {
        name: "what a peer acknowledges unread piles up",
        find: "if (this.#unsent() > MAX_UNSENT) {",
        replace: "if (this.#unsent() < 0) {",
        tests: ["tests/transports/websocket/unread_test.ts"],
      },
      {
        name: "a silent stranger keeps its connection for ever in Deno",
        find: "if (!this.#dropsSilent) return this.close(code, reason);",
        replace: "return this.close(code, reason);",
        tests: ["tests/transports/websocket/unread_test.ts"],
      },
      {
        name: "a peer that was taken for silent does not learn it",
        find: 'if (this.#state === "left") return this.close(...this.#farewell);\n    if',
        replace: "if",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/link/backoff.ts",
    ["tests/transports/link/backoff_test.ts"],
    speaking([
      {
        name: "a connection that ends at once resets the wait",
        find: "this.#time.now() - this.#since >= this.#times.stable",
        replace: "true",
      },
      {
        name: "a stable connection does not reset the wait",
        find: "this.#failures = 0;\n  }",
        replace: "}",
      },
      {
        name: "all peers reconnect at the same instant",
        find: "return wait * (least + (1 - least) * this.#time.random());",
        replace: "return wait;",
      },
      {
        name: "a refused node tries again soon",
        find: "return this.#times.refused * (0.75 + 0.5 * this.#time.random());",
        replace: "return this.#times.first;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/link/frame_queue.ts",
    ["tests/transports/link/frame_queue_test.ts"],
    speaking([
      {
        name: "the queue of frames has no bound",
        find:
          "while (this.#bytes > this.#limit && this.#frames.length - this.#head > 1) this.#shift();",
        replace: "",
      },
      {
        name: "the queue keeps the caller's bytes instead of a copy",
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
        name: "a long frame that came alone is copied once more",
        find: "bytes !== piece && end - at === bytes.length ? frame : frame.slice()",
        replace: "frame.slice()",
      },
      {
        name: "a frame that came in one piece shares its memory",
        find: "bytes !== piece && end - at === bytes.length",
        replace: "end - at === bytes.length",
      },
      {
        name: "the length of a frame has no bound",
        find: " || length > this.#longest",
        replace: "",
      },
      {
        name: "a body of zeros is read as millions of frames",
        find: "length === 0 || ",
        replace: "",
      },
      {
        name: "the number of frames in a body has no bound",
        find: "if (frames.length === MAX_FRAMES) return null;",
        replace: "",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/http/body.ts",
    ["tests/transports/http/body_test.ts"],
    speaking([
      {
        name: "a body with an announced length has no bound",
        find: "if (announced !== null && !(Number(announced) <= limit)) {",
        replace: "if (false) {",
      },
      {
        name: "the decompressed bytes of a response are not counted",
        find: "if (announced !== null && message instanceof Request) {",
        replace: "if (announced !== null) {",
      },
      {
        name: "a body without an announced length may be twice as long",
        find: "if (read === null || size > limit) {",
        replace: "if (read === null || size > 2 * limit) {",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/http/handshake_server.ts",
    ["tests/transports/http/handshake_server_test.ts"],
    speaking([
      {
        name: "a challenge is valid twice",
        find: "    this.#waiting.delete(challenged.challenge.nonce);\n    return",
        replace: "    return",
      },
      {
        name: "the number of challenges has no bound",
        find:
          "if (this.#waiting.size <= MAX_CHALLENGES && now - since < CHALLENGE_LIFETIME) break;",
        replace: "if (now - since < CHALLENGE_LIFETIME) break;",
      },
    ]),
  ),
  ...mutationsOf(
    "transports/http/transport.ts",
    ["tests/transports/http/session_test.ts"],
    speaking([
      {
        name: "a node that returns has two sessions",
        find: "if (older !== null) this.#end(older, 409);",
        replace: "",
      },
      {
        name: "the hold time that a request asks for is ignored",
        find: "const response = session.hold(holdOf(context));",
        replace: "const response = session.hold();",
      },
      {
        name: "a session without requests is kept forever",
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
        name: "a request is held forever",
        find: "const timer = setTimeout(() => respond(empty()), time);",
        replace: "const timer = undefined;",
      },
      {
        name: "all requests are held",
        find: "if (this.#held.length < 2 || this.#release !== undefined) return;",
        replace: "if (this.#held.length > 0) return;",
      },
      {
        name: "frames do not answer a held request",
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
        name: "twenty requests to a peer may be under way",
        find: "const MAX_REQUESTS = 2;",
        replace: "const MAX_REQUESTS = 20;",
      },
      {
        name: "a refusal is treated like a failure",
        find: "if (response.status === 401) throw new HandshakeError(",
        replace: "if (response.status === 401) throw new Error(",
      },
    ]),
  ),
  ...mutationsOf("transports/link/directory.ts", ["tests/transports/link/directory_test.ts"], [
    {
      section: 11,
      name: "a transport does not connect to members that are added later",
      find: "if (link === undefined) this.#connect(member);",
      replace: "if (link === undefined && this.#links.size === 0) this.#connect(member);",
    },
    {
      section: 11,
      name: "a transport goes on connecting to members that were removed",
      find: "if (!members.has(id)) link.rest();",
      replace: "void [id, link];",
    },
    {
      section: 11,
      name: "the function that says addresses is asked only once",
      find: "const ask = () => this.#ask(id);",
      replace: "const found = this.#ask(id);\n    const ask = () => found;",
    },
  ]),
  ...mutationsOf(
    "transports/websocket/pings.ts",
    ["tests/transports/websocket/pings_test.ts"],
    speaking([
      {
        name: "pings without a pause are answered for ever",
        find: "if (due > now + BURST",
        replace: "if (due < now * BURST",
      },
      {
        name: "pings that come together after a pause end their connection",
        find: "const BURST = 100;",
        replace: "const BURST = 10;",
      },
      {
        name: "a connection that was silent may ping without a pause",
        find: "Math.max(now, this.#due.get(socket) ?? 0)",
        replace: "(this.#due.get(socket) ?? now)",
      },
      {
        name: "the pings of all connections count together",
        find: "readonly #due = new WeakMap<object, number>();",
        replace:
          "readonly #due = { at: 0, get: () => this.#due.at, set: (_: object, at: number) => void (this.#due.at = at) };",
      },
    ]),
  ),
  ...mutationsOf("transports/link/redialler.ts", ["tests/transports/link/redialler_test.ts"], [
    {
      section: 11,
      name: "a link that rests makes attempts when it is told that the way may be open",
      find: "if (this.#stopped || this.#isResting) return;\n    this.#cancelTimer();",
      replace: "if (this.#stopped) return;\n    this.#cancelTimer();",
    },
  ]),
  ...mutationsOf(
    "transports/link/reports.ts",
    ["tests/transports/link/reports_test.ts"],
    speaking([
      {
        name: "one refusal is reported repeatedly",
        find: "if (this.#reported.has(peer)) return;",
        replace: "",
      },
    ]),
  ),
];
