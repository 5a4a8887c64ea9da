import { checkKeyOptions, type KeyOptions } from "../kv/options.ts";
import { checkKnown, type OptionNames } from "../options.ts";

/** Options of a cell; they hold for each of its operations. */
export type CellOptions = KeyOptions;

const NAMES: OptionNames<CellOptions> = {
  bucket: true,
  noQuorum: true,
  timeout: true,
  signal: true,
};

/** Checks the options of a cell; throws a `TypeError` that names the option. */
export function checkCellOptions(options: CellOptions): void {
  checkKnown("cell", options, NAMES);
  checkKeyOptions("cell", options);
}
