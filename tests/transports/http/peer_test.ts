import { beforeEach, describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import type { HttpLink } from "../../../transports/http/link.ts";
import { HttpPeer } from "../../../transports/http/peer.ts";
import type { HttpSession } from "../../../transports/http/session.ts";
import type { FrameQueue } from "../../../transports/link/frame_queue.ts";

/** Logs the requests to the peer with their frames. */
class FakeLink {
  underWay = 0;
  isWaiting = false;
  readonly #log: string[];

  constructor(log: string[]) {
    this.#log = log;
  }

  get mustPost(): boolean {
    return this.underWay === 0 && !this.isWaiting;
  }

  get canPost(): boolean {
    return this.underWay < 2 && !this.isWaiting;
  }

  post(queue: FrameQueue): void {
    this.underWay++;
    this.#log.push(`post ${queue.take(Infinity)}`);
  }
}

/** Logs the answers to held requests with their frames. */
class FakeSession {
  held = 0;
  readonly #log: string[];

  constructor(log: string[]) {
    this.#log = log;
  }

  answer(queue: FrameQueue): void {
    while (this.held > 0 && !queue.isEmpty) {
      this.held--;
      this.#log.push(`answer ${queue.take(Infinity)}`);
    }
  }
}

describe("Peer", () => {
  let peer: HttpPeer;
  let log: string[];
  let link: FakeLink;
  let session: FakeSession;

  beforeEach(() => {
    peer = new HttpPeer("p");
    log = [];
    link = new FakeLink(log);
    session = new FakeSession(log);
  });

  const turn = () => new Promise<void>((resolve) => queueMicrotask(resolve));

  function use(which: { link?: FakeLink; session?: FakeSession }): void {
    peer.link = (which.link ?? null) as HttpLink | null;
    peer.session = (which.session ?? null) as unknown as HttpSession | null;
  }

  async function say(...bytes: number[]): Promise<void> {
    for (const byte of bytes) peer.send(Uint8Array.of(byte));
    await turn();
  }

  it("sends the frames of one turn in one request", async () => {
    use({ link });
    await say(1, 2, 3);
    assertEquals(log, ["post 1,2,3"]);
  });

  it("prefers a request that must be made anyway to an answer", async () => {
    use({ link, session });
    session.held = 1;
    await say(1);
    assertEquals(log, ["post 1"]);
  });

  it("prefers an answer to an extra request", async () => {
    use({ link, session });
    [link.underWay, session.held] = [1, 1];
    await say(1);
    await say(2);
    assertEquals(log, ["answer 1", "post 2"]);
  });

  it("keeps frames for the next request while none can be made", async () => {
    use({ link });
    link.underWay = 2;
    await say(1);
    await say(2);
    assertEquals(log, []);
    link.underWay = 1;
    peer.schedule();
    await turn();
    assertEquals(log, ["post 1,2"]);
  });

  it("makes a request without frames if the other side has none to answer", async () => {
    use({ link });
    peer.schedule();
    await turn();
    peer.schedule();
    await turn();
    assertEquals(log, ["post "]);
  });

  it("drops frames while there is no way to the peer", async () => {
    await say(1);
    use({ link });
    link.isWaiting = true;
    await say(2);
    link.isWaiting = false;
    link.underWay = 2;
    await say(3); // waits
    link.isWaiting = true; // and the requests have failed
    peer.schedule();
    await turn();
    [link.isWaiting, link.underWay] = [false, 0];
    await say(4);
    assertEquals(log, ["post 4"]);
  });

  it("keeps frames while there is a session, even if requests fail", async () => {
    use({ link, session });
    link.isWaiting = true;
    await say(1);
    session.held = 1;
    peer.schedule();
    await turn();
    assertEquals(log, ["answer 1"]);
  });
});
