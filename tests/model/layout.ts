import type { Scope } from "./scope.ts";

/**
 * The layout of a row of numbers: the state of each process, the outbox of each process, the state of each
 * client, the outbox of each client, and the past.
 */
export class Layout {
  readonly members: number;
  /** The number of processes of each member, one per start. */
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

  /** The index of the outbox of a process; its state is at its own number. */
  outbox(process: number): number {
    return this.processes + process;
  }

  /** The index of the state of a client. */
  client(client: number): number {
    return 2 * this.processes + client;
  }

  /** The index of the outbox of a client. */
  sent(client: number): number {
    return 2 * this.processes + this.clients + client;
  }

  /** The member that a process belongs to. */
  memberOf(process: number): number {
    return Math.floor(process / this.lives);
  }

  /** The processes of a member. */
  processesOf(member: number): number[] {
    return Array.from({ length: this.lives }, (_, life) => member * this.lives + life);
  }
}
