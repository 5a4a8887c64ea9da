import { within } from "../../support/wait.ts";
import type { Transport, TransportUser } from "../../../transports/transport.ts";

/** A transport that reports refusals. */
export interface ReportingTransport extends Transport {
  open(
    self: string,
    receive: (from: string, frame: Uint8Array) => void,
    report?: (error: Error) => void,
    user?: TransportUser,
  ): void | Promise<void>;
}

/** The interval of retransmissions of a frame that may be lost, in milliseconds. */
const RESEND = 20;

/** An open transport, with all received frames and reports. */
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

  /** Opens `transport` for the node `id` with these settings. */
  static async open(
    id: string,
    transport: ReportingTransport,
    user?: TransportUser,
  ): Promise<Station> {
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
      user,
    );
    return station;
  }

  /** Waits until `condition` holds for the received frames and reports. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const next = new Promise<void>((resolve) => this.#happened = resolve);
      await within(next, `a frame or report at ${this.id}`);
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
