// Runs in Deno alone: pure.
import { assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { type CellOptions, checkCellOptions } from "../../lib/cells/options.ts";

describe("checkCellOptions()", () => {
  it("takes every option of a cell", () => {
    checkCellOptions({});
    const { signal } = new AbortController();
    checkCellOptions({ bucket: "b", noQuorum: "retry", timeout: 5, signal });
  });

  it("refuses others, and other types, and names them", () => {
    const refused = (options: unknown, what: string) =>
      assertThrows(() => checkCellOptions(options as CellOptions), TypeError, `cell: ${what}`);
    refused(null, "options must be an object");
    refused({ until: 5 }, "unknown option until");
    refused({ bucket: null }, "bucket must be a string");
    refused({ noQuorum: "wait" }, "noQuorum must be");
    refused({ timeout: -1 }, "timeout must be");
    refused({ signal: {} }, "signal must be");
  });
});
