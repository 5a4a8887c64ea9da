import type { Figures } from "../figures.ts";
import { columns, time } from "../table.ts";
import type { SystemName } from "./systems.ts";

/** The figures of one system in one row. */
export interface PeerLine {
  readonly row: string;
  readonly members: number;
  readonly concurrency: number;
  readonly system: SystemName;
  readonly figures: Figures;
}

const HEADER = ["", "members", "at a time", "", "ops/s", "p50", "p99", "/ etcd", "/ redlock"];

/** Columns with text; the others have figures. */
const TEXT = [0, 3];

/** The lines as a table. A ratio compares operations per second in the same row: above 1 is faster than that peer. */
export function peerTable(lines: readonly PeerLine[]): string {
  return columns([
    HEADER,
    ...lines.map((line) => [
      line.row,
      String(line.members),
      String(line.concurrency),
      nameOf(line),
      Math.round(line.figures.perSecond).toLocaleString("en"),
      time(line.figures.p50),
      time(line.figures.p99),
      ratio(line, "etcd", lines),
      ratio(line, "redlock", lines),
    ]),
  ], TEXT);
}

/** A row says so where operations gave up: their contenders began again, which takes time. */
function nameOf({ system, figures: { gaveUp } }: PeerLine): string {
  return gaveUp === undefined ? system : `${system} (gave up ${gaveUp} times)`;
}

function ratio(line: PeerLine, peer: SystemName, lines: readonly PeerLine[]): string {
  const beside = lines.find(({ row, members, concurrency, system }) =>
    system === peer && row === line.row && members === line.members &&
    concurrency === line.concurrency
  );
  if (beside === undefined || beside === line) return "";
  return `${(line.figures.perSecond / beside.figures.perSecond).toFixed(2)} x`;
}
