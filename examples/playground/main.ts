/**
 * A page in which a cluster of five nodes runs, over a network that the reader cuts and slows:
 *
 *     deno task playground [PORT]
 *     deno task playground --out FOLDER
 *
 * The first form serves it; the second one writes it as three files, which any web server can serve. Start reading in
 * `page.ts`.
 *
 * @module
 */
import { bundle } from "../../tasks/bundle.ts";
import { installModules } from "../../tasks/node_modules.ts";

/** The files that are served as they are. */
const FILES = ["index.html", "style.css"];

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css",
  js: "text/javascript",
};

/** Writes the page into a folder. */
export async function makePlayground(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of FILES) {
    await Deno.copyFile(new URL(name, import.meta.url), `${folder}/${name}`);
  }
  const script = new URL("page.ts", import.meta.url);
  await bundle(decodeURIComponent(script.pathname), `${folder}/page.js`);
}

/** Serves a folder with the page on this machine; port 0: a free one. */
export function servePlayground(folder: string, port: number): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async (request) => {
    const name = new URL(request.url).pathname.slice(1) || "index.html";
    if (![...FILES, "page.js"].includes(name)) return new Response("not found", { status: 404 });
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
    const body = await Deno.readFile(`${folder}/${name}`);
    return new Response(body, { headers: { "content-type": type } });
  });
}

if (import.meta.main) {
  await installModules();
  const [first, second] = Deno.args;
  if (first === "--out" && second !== undefined) {
    await makePlayground(second);
    console.log(`written to ${second}`);
  } else {
    const folder = await Deno.makeTempDir({ prefix: "synod-playground-" });
    await makePlayground(folder);
    const { addr } = servePlayground(folder, Number(first ?? 8000));
    console.log(`http://127.0.0.1:${addr.port}/`);
  }
}
