import type { Visit } from "../checkers/fenced_resource.ts";

interface Question {
  readonly key: string;
  readonly token: number;
  readonly value?: number;
}

/** The resources that locks protect: a number for each key, behind a server that looks at tokens. */
export class Resource {
  readonly url: string;
  /** All who were let in. */
  readonly visits: Visit[] = [];
  /** How many were turned away, since a greater token had been there. */
  refused = 0;
  readonly #server: Deno.HttpServer;
  readonly #fenced: boolean;
  readonly #contents = new Map<string, { value: number; token: number }>();

  private constructor(server: Deno.HttpServer<Deno.NetAddr>, fenced: boolean) {
    this.#server = server;
    this.#fenced = fenced;
    this.url = `http://127.0.0.1:${server.addr.port}/`;
  }

  /** Listens. Unless `fenced`, everybody is let in. */
  static start(fenced: boolean): Resource {
    let resource: Resource | null = null;
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    const server = Deno.serve(options, async (request) => {
      return Response.json(resource!.ask(await request.json()));
    });
    return resource = new Resource(server, fenced);
  }

  /** What the server answers: whether the visitor is let in, and what the resource holds. */
  ask({ key, token, value }: Question): { accepted: boolean; value: number } {
    const content = this.#contents.get(key) ?? { value: 0, token: 0 };
    if (this.#fenced && token < content.token) {
      this.refused++;
      return { accepted: false, value: content.value };
    }
    this.visits.push({ on: key, token, before: content.value, written: value ?? null });
    const now = { value: value ?? content.value, token: Math.max(token, content.token) };
    this.#contents.set(key, now);
    return { accepted: true, value: now.value };
  }

  /** Listens no longer. */
  async close(): Promise<void> {
    await this.#server.shutdown();
  }
}
