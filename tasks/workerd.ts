import { findWorkerd } from "./node_modules.ts";

/** A running workerd. */
export interface Workerd extends AsyncDisposable {
  /** The port of the socket `http`, on 127.0.0.1. */
  readonly port: number;
  /** Stops it; resolves to its output. */
  stop(): Promise<string>;
}

/** Time limit for its start, in milliseconds. */
const PATIENCE = 20_000;

/**
 * Starts workerd with the configuration file `config`, in which the constant `config` has a socket
 * `http`, on a free port of 127.0.0.1. `env` contains the values of `fromEnvironment` bindings.
 */
export async function startWorkerd(
  config: string,
  env: Readonly<Record<string, string>>,
): Promise<Workerd> {
  const child = new Deno.Command(await findWorkerd(), {
    args: ["serve", "--socket-addr=http=127.0.0.1:0", "--control-fd=1", config],
    clearEnv: true,
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  let output = "";
  const listening = Promise.withResolvers<number | null>();
  const read = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      output += text;
      // workerd prints one JSON object a line, one for each socket.
      const line = /^\{"event":"listen","socket":"http","port":(\d+)\}$/m.exec(output);
      if (line) listening.resolve(Number(line[1]));
    }
    listening.resolve(null); // workerd has ended
  })();
  const stop = async () => {
    try {
      child.kill("SIGKILL"); // a gentle stop would wait for its connections, and it has no state to save
    } catch {
      // It has ended already.
    }
    await Promise.all([child.status, read]);
    return output + await errors;
  };
  const timer = setTimeout(() => listening.resolve(null), PATIENCE);
  const port = await listening.promise;
  clearTimeout(timer);
  if (port === null) throw new Error(`workerd does not start:\n${await stop()}`);
  return { port, stop, [Symbol.asyncDispose]: async () => void await stop() };
}
