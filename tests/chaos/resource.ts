import type { Visit } from "../checkers/fenced_resource.ts";

interface Question {
  readonly key: string;
  readonly token: number;
  readonly value?: number;
}

/** The resources that locks protect: a number for each key, on a server that checks fencing tokens. */
export class Resource {
  readonly url: string;
  /** All accepted visits. */
  readonly visits: Visit[] = [];
  /** Number of visits that were refused because of an earlier, greater token. */
  refused = 0;
  readonly #server: Deno.HttpServer;
  readonly #fenced: boolean;
  readonly #contents = new Map<string, { value: number; token: number }>();

  private constructor(server: Deno.HttpServer<Deno.NetAddr>, fenced: boolean) {
    this.#server = server;
    this.#fenced = fenced;
    this.url = `http://127.0.0.1:${server.addr.port}/`;
  }

  /** Listens. Unless `fenced`, every visit is accepted. */
  static start(fenced: boolean): Resource {
    let resource: Resource | null = null;
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    const server = Deno.serve(options, async (request) => {
      return Response.json(resource!.ask(await request.json()));
    });
    return resource = new Resource(server, fenced);
  }

  /** The answer of the server: whether the visit is accepted, and the value of the resource. */
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

  /** Stops listening. */
  async close(): Promise<void> {
    await this.#server.shutdown();
  }
}
