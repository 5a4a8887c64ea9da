import type { Socket } from "./socket.ts";

/** Sockets that are not gone, so that their end can be waited for. */
export class Sockets {
  readonly #sockets = new Set<Socket>();
  /** Called whenever a socket is gone. */
  readonly #onGone = new Set<() => void>();

  /** Watches a socket until it is gone. */
  add(socket: Socket): void {
    this.#sockets.add(socket);
    socket.onGone = () => {
      this.#sockets.delete(socket);
      for (const look of [...this.#onGone]) look();
    };
  }

  /** Must be called at regular intervals. */
  tick(): void {
    for (const socket of this.#sockets) socket.tick();
  }

  /** Closes all of them, and waits until they are gone, or drops those that take longer than `time` milliseconds. */
  async end(code: number, reason: string, time: number): Promise<void> {
    const sockets = this.#sockets;
    for (const socket of sockets) socket.close(code, reason);
    if (sockets.size === 0) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (sockets.size > 0) return;
        clearTimeout(timer);
        end();
      };
      const end = () => {
        this.#onGone.delete(look);
        resolve();
      };
      const timer = setTimeout(end, time);
      this.#onGone.add(look);
    });
    for (const socket of sockets) socket.terminate();
  }
}
