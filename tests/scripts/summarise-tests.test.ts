import { describe, expect, it } from "vitest";
import { summariseTests } from "../../scripts/check/summarise-tests.ts";

const empty = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  success: true,
  testResults: [{ status: "passed", assertionResults: [{ status: "passed" }] }],
};

describe("summariseTests", () => {
  it("names skipped tests only where there are any", () => {
    expect(summariseTests(empty)).toBe("3 passed, 0 failed");
    expect(summariseTests({ ...empty, numPendingTests: 1, numTodoTests: 1 })).toBe(
      "3 passed, 0 failed, 2 skipped",
    );
  });

  it("counts a file that broke before its tests, and a run that failed without one", () => {
    const broken = { status: "failed", assertionResults: [] };
    const failing = { status: "failed", assertionResults: [{ status: "failed" }] };
    const report = { ...empty, success: false, numFailedTests: 1, testResults: [broken, failing] };
    expect(summariseTests(report)).toBe("3 passed, 2 failed");
    expect(summariseTests({ ...empty, success: false })).toBe("3 passed, 1 failed");
  });
});
