/** What running the suites came to. */
export interface Report {
  /** The names of the tests that passed. */
  readonly passed: readonly string[];
  /** What failed, with its error. */
  readonly failed: readonly string[];
}
