/** The part of vitest's JSON report that the summary needs. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/**
 * `N passed, N failed`, and `, N skipped` where there are any. A file that failed before its first test counts as one failed
 * test, and so does a run that failed without any failed test.
 */
export function summariseTests(report: TestReport): string {
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const found = report.numFailedTests + broken.length;
  const failed = found === 0 && !report.success ? 1 : found;
  const skipped = report.numPendingTests + report.numTodoTests;
  return `${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
