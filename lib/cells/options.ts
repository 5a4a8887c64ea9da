import { checkKeyOptions, type KeyOptions, LIST } from "../kv/options.ts";
import type { OptionNames } from "../options.ts";

/** Options of a cell; they hold for each of its operations. */
export type CellOptions = KeyOptions;

const NAMES: OptionNames<CellOptions> = { bucket: true, ...LIST };

/** Checks the options of a cell; throws a `TypeError` that names the option. */
export function checkCellOptions(options: CellOptions): void {
  checkKeyOptions("cell", options, NAMES);
}
