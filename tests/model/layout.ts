import type { Scope } from "./scope.ts";

/**
 * Where in a row of numbers everything is: the state of each process, the outbox of each process, the
 * state of each client, what each client has sent, and the past.
 */
export class Layout {
  readonly members: number;
  /** How many processes each member has, one after the other. */
  readonly lives: number;
  readonly processes: number;
  readonly clients: number;
  readonly past: number;
  readonly width: number;

  /** The layout of the rows of a scope. */
  constructor(scope: Scope) {
    this.members = scope.members;
    this.lives = Math.min(scope.restarts, scope.restartsOfEach) + 1;
    this.processes = this.members * this.lives;
    this.clients = scope.clients.length;
    this.past = 2 * (this.processes + this.clients);
    this.width = this.past + 1;
  }

  /** Where the outbox of a process is; its state is at its own number. */
  outbox(process: number): number {
    return this.processes + process;
  }

  /** Where the state of a client is. */
  client(client: number): number {
    return 2 * this.processes + client;
  }

  /** Where that is what a client has sent. */
  sent(client: number): number {
    return 2 * this.processes + this.clients + client;
  }

  /** Whose process it is. */
  memberOf(process: number): number {
    return Math.floor(process / this.lives);
  }

  /** The processes of a member. */
  processesOf(member: number): number[] {
    return Array.from({ length: this.lives }, (_, life) => member * this.lives + life);
  }
}
