import { within } from "../support/wait.ts";
import type { Transport } from "../../transports/transport.ts";

/** What a transport can do besides: it reports whoever refuses it. */
export interface ReportingTransport extends Transport {
  open(
    self: string,
    receive: (from: string, frame: Uint8Array) => void,
    report?: (error: Error) => void,
  ): void | Promise<void>;
}

/** How often what may be lost is sent again, in milliseconds. */
const RESEND = 20;

/** An open transport, and all that it received and reported. */
export class Station {
  readonly id: string;
  readonly transport: ReportingTransport;
  readonly received: [from: string, frame: Uint8Array][] = [];
  readonly reports: Error[] = [];
  #happened: () => void = () => {};

  private constructor(id: string, transport: ReportingTransport) {
    this.id = id;
    this.transport = transport;
  }

  /** Opens `transport` for the node `id`. */
  static async open(id: string, transport: ReportingTransport): Promise<Station> {
    const station = new Station(id, transport);
    await transport.open(
      id,
      (from, frame) => {
        station.received.push([from, frame]);
        station.#happened();
      },
      (error) => {
        station.reports.push(error);
        station.#happened();
      },
    );
    return station;
  }

  /** Waits until `condition` holds for what was received and reported. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const next = new Promise<void>((resolve) => this.#happened = resolve);
      await within(next, `something that ${this.id} waits for`);
    }
  }

  /** Sends to `other` until it arrives. */
  async reach(other: Station, text: string): Promise<void> {
    const frame = new TextEncoder().encode(text);
    const send = () => this.transport.send(other.id, frame);
    const timer = setInterval(send, RESEND);
    send();
    const arrived = () =>
      other.received.some(([from, bytes]) =>
        from === this.id && new TextDecoder().decode(bytes) === text
      );
    await other.until(arrived);
    clearInterval(timer);
  }
}
