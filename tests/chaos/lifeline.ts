/**
 * Ends processes, also stopped ones, when this process ends for any reason: a shell that knows their
 * ids, and kills those that are left when its standard input closes.
 */
export class Lifeline {
  readonly #shell: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  constructor() {
    this.#shell = new Deno.Command("sh", {
      args: ["-c", SCRIPT],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#input = this.#shell.stdin.getWriter();
  }

  /** Adds a process that must end with this one. */
  async add(pid: number): Promise<void> {
    await this.#write(`+ ${pid}\n`);
  }

  /** Removes a process that has ended: the system may soon give its id to another process. */
  async remove(pid: number): Promise<void> {
    await this.#write(`- ${pid}\n`);
  }

  /** Ends all processes that are left. */
  async close(): Promise<void> {
    await this.#input.close();
    await this.#shell.status;
  }

  #write(line: string): Promise<void> {
    return this.#input.write(new TextEncoder().encode(line));
  }
}

const SCRIPT = `
trap '' INT TERM HUP
pids=" "
while read -r what pid; do
  case $what in
    +) pids="$pids$pid " ;;
    -) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -KILL "$pid"; done
`;
