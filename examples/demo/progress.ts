import type { Spectator } from "./race.ts";

const BAR = 30;

/** Shows the progress: on a terminal in one line that changes, elsewhere in a few plain lines. */
export function showProgress(total: number, isTerminal: boolean): Spectator & { end(): void } {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`;
  const write = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text));
  const ERASE = "\r\x1b[K";
  let done = 0;
  let drawn = -Infinity;
  let quarter = 0;

  const draw = () => {
    const filled = Math.floor(done / total * BAR);
    const bar = "█".repeat(filled) + "░".repeat(BAR - filled);
    write(`${ERASE}${seconds()}  ${bar}  ${done} of ${total} lines`);
    drawn = performance.now();
  };
  const line = (text: string) => {
    console.log(`${isTerminal ? "\r\x1b[K" : ""}${seconds()}  ${text}`);
    if (isTerminal) draw();
  };
  return {
    progress(now) {
      done = now;
      if (isTerminal) {
        // Faster updates are not readable, and drawing takes time.
        if (done === total || performance.now() - drawn > 40) draw();
      } else if (Math.floor(done / total * 4) > quarter) {
        quarter = Math.floor(done / total * 4);
        line(`${done} of ${total} lines are done`);
      }
    },
    event: line,
    end() {
      if (isTerminal) write("\n");
    },
  };
}
