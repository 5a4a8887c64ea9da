import { Hono } from "hono";
import { bundle } from "../../../tasks/bundle.ts";

/** A page on this machine, with the library as the global `synod`. */
export interface Site {
  /** The address of the page. */
  readonly url: string;
  /** The app of the origin, to which tests may add routes. */
  readonly app: Hono;
  close(): Promise<void>;
}

const HTML = `<!doctype html><title>A node</title><script type="module" src="/page.js"></script>`;

/** Bundles the script with the library. */
function bundlePage(output: string): Promise<void> {
  return bundle(decodeURIComponent(new URL("page.ts", import.meta.url).pathname), output);
}

/** Serves the page on a free port; `makeScript` writes its script to a file. */
export async function serveSite(makeScript = bundlePage): Promise<Site> {
  const folder = await Deno.makeTempDir({ prefix: "synod-page-" });
  await makeScript(`${folder}/page.js`);
  const script = await Deno.readTextFile(`${folder}/page.js`);
  await Deno.remove(folder, { recursive: true });
  const app = new Hono();
  app.get("/", (context) => context.html(HTML));
  app.get("/page.js", (context) => {
    return context.body(script, { headers: { "content-type": "text/javascript" } });
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => app.fetch(request),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    app,
    close: () => server.shutdown(),
  };
}
