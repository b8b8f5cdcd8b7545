/** Prints `N passed, N failed` of the last `npm test`: `node scripts/test-summary.ts`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { summariseTests, type TestReport } from "./check/summarise-tests.ts";

const results = join(import.meta.dirname, "..", ".foreword", "test-results.json");
if (existsSync(results)) {
  console.log(summariseTests(JSON.parse(readFileSync(results, "utf8")) as TestReport));
} else {
  console.error(`"${results}" is missing: the tests ended before they could report`);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}
