import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { InvalidRequestError } from "../../shared/errors.ts";
import { measureAssignment } from "./experiments/assignment-latency.ts";
import { toJson, toTable } from "./experiments/report.ts";
import {
  simulateBandit,
  simulateCanary,
  simulateCoverage,
  simulateNoEffect,
  simulatePower,
} from "./experiments/simulations.ts";
import type { RequestLatency } from "./experiments/request-latency.ts";
import type { StackOptions, StackResult } from "./experiments/stack.ts";

const FULL = { runs: 1000, banditRuns: 100, pairs: 1000, stack: { units: 100_000, batch: 1000, callers: 4 } };
const QUICK = { runs: 100, banditRuns: 10, pairs: 200, stack: { units: 20_000, batch: 1000, callers: 4 } };

/**
 * `npm run bench -- experiments [--json] [--quick]`: are the statistics honest, do the policies protect, does the stack lose
 * anything. Prints a table, or with `--json` one line; progress goes to stderr. Throws InvalidRequestError for other arguments.
 */
export async function experiments(args: readonly string[]): Promise<void> {
  const { json, quick } = readArguments(args);
  const { runs, banditRuns, pairs, stack } = quick ? QUICK : FULL;
  const step = <T>(name: string, work: () => T): T => {
    process.stderr.write(`${name}\n`);
    return work();
  };
  const result = {
    runs,
    stackOptions: stack,
    noEffect: step(`A/A: ${runs} experiments of 20,000 units`, () => simulateNoEffect(runs)),
    power: step(`Power: ${runs} experiments at the calculator's size`, () => simulatePower(runs)),
    coverage: step(`Coverage: ${runs} experiments of 20,000 units`, () => simulateCoverage(runs)),
    harmful: step(`Canary with a guardrail 5 points worse: ${runs} runs`, () => simulateCanary(runs, 0.05)),
    harmless: step(`Canary without harm: ${runs} runs`, () => simulateCanary(runs, 0)),
    bandit: step(`Bandit: ${banditRuns} runs of 20,000 units`, () => simulateBandit(banditRuns)),
    assignment: await step("Assignment", measureAssignment),
    ...(await step(`Local stack: ${stack.units} assignments and outcomes, ${pairs} requests`, () =>
      runStack(stack, pairs),
    )),
  };
  const table = `${toTable(result)}\n`;
  (json ? process.stderr : process.stdout).write(table);
  if (json) process.stdout.write(`${toJson(result)}\n`);
}

/** On a stack of its own, gone at the end. The modules that read its folder are imported once it is set. */
async function runStack(
  options: StackOptions,
  pairs: number,
): Promise<{ stack: StackResult; requests: RequestLatency }> {
  const state = await mkdtemp(join(tmpdir(), "foreword-bench-"));
  process.env["FOREWORD_STATE"] = state;
  try {
    const { createOutput } = await import("../dev/output.ts");
    const { startLocalWorker } = await import("./serving/local-worker.ts");
    const { measureStack } = await import("./experiments/stack.ts");
    const { measureRequests } = await import("./experiments/request-latency.ts");
    const worker = await startLocalWorker(createOutput(process.stderr), {
      scopes: ["inference", "experiments"],
      requests_per_minute: 100_000,
    });
    try {
      const requests = await measureRequests(worker, pairs);
      return { requests, stack: await measureStack(worker, options) };
    } finally {
      await worker.stop();
    }
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

function readArguments(args: readonly string[]) {
  try {
    const options = { json: { type: "boolean" }, quick: { type: "boolean" } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    const usage = "npm run bench -- experiments [--json] [--quick]";
    throw new InvalidRequestError(`${(cause as Error).message}\nUsage: ${usage}`, { cause });
  }
}
