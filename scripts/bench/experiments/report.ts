import type { Latency, RequestLatency } from "./request-latency.ts";
import type { StackOptions, StackResult } from "./stack.ts";
import type * as simulations from "./simulations.ts";

/** Everything that `npm run bench -- experiments` finds out. */
export interface ExperimentsResult {
  readonly runs: number;
  readonly stackOptions: StackOptions;
  readonly noEffect: ReturnType<typeof simulations.simulateNoEffect>;
  readonly power: ReturnType<typeof simulations.simulatePower>;
  readonly coverage: ReturnType<typeof simulations.simulateCoverage>;
  readonly harmful: ReturnType<typeof simulations.simulateCanary>;
  readonly harmless: ReturnType<typeof simulations.simulateCanary>;
  readonly bandit: ReturnType<typeof simulations.simulateBandit>;
  readonly assignment: { readonly p99Ms: number; readonly medianMs: number };
  readonly requests: RequestLatency;
  readonly stack: StackResult;
}

const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
const latency = ({ medianMs, p99Ms }: Latency) => `${medianMs.toFixed(1)} / ${p99Ms.toFixed(1)} ms`;
const rate = (value: number) => `${Math.round(value).toLocaleString("en-US")}/s`;

/** One row for each number, with what it must reach. */
export function toTable(result: ExperimentsResult): string {
  const { noEffect, power, coverage, harmful, harmless, bandit, assignment, requests, stack } = result;
  const rows: readonly (readonly [string, string, string])[] = [
    ["A/A false positives, a look every 100 units", percent(noEffect.falsePositives), "at most 5 %"],
    [
      `power at the calculator's ${power.perVariant} units per variant`,
      percent(power.power),
      "at least 80 %",
    ],
    ["interval covers the truth at every look", percent(coverage.coverage), "at least 95 %"],
    ["false alarms of the sample ratio, any look", percent(noEffect.mismatches), "at most 0.1 %"],
    ["canary rolls back 5 points of harm", percent(harmful.rolledBack), "at least 95 %"],
    ["units exposed to it by then", percent(harmful.exposedShare), "at most 5 %"],
    ["canary rolls back a harmless variant", percent(harmless.rolledBack), "at most 5 %"],
    ["canary promotes a harmless variant", percent(harmless.promoted), ""],
    ["bandit's regret beside an even split's", bandit.regretRatio.toFixed(3), "below 1"],
    ["assignment added to a request, p99", `${assignment.p99Ms.toFixed(4)} ms`, "under 1 ms"],
    ["assignment added to a request, median", `${assignment.medianMs.toFixed(4)} ms`, "under 0.005 ms"],
    ["a request by the base model's name, median / p99", latency(requests.base), ""],
    ["the same by an experiment's name, median / p99", latency(requests.experiment), ""],
    ["assignments, until counted", rate(stack.assignmentsPerSecond), "at least 10,000/s"],
    ["assignments, until answered", rate(stack.acknowledgedAssignmentsPerSecond), ""],
    ["outcomes, until counted", rate(stack.outcomesPerSecond), "at least 5,000/s"],
    ["outcomes, until answered", rate(stack.acknowledgedOutcomesPerSecond), ""],
    ["assignments lost", String(stack.assignmentsLost), "0"],
    ["outcomes lost", String(stack.outcomesLost), "0"],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const lines = rows.map(([name, value, target]) =>
    `${name.padEnd(widths[0] as number)}  ${value.padStart(widths[1] as number)}  ${target}`.trimEnd(),
  );
  return [
    `${result.runs} simulated experiments a row; ${result.stackOptions.units} units through the stack`,
    ...lines,
  ].join("\n");
}

/** The one line of `--json`. */
export function toJson(result: ExperimentsResult): string {
  const { noEffect, power, coverage, harmful, bandit, assignment, stack } = result;
  return JSON.stringify({
    aa_false_positive_rate: noEffect.falsePositives,
    power: power.power,
    coverage: coverage.coverage,
    srm_false_alarm_rate: noEffect.mismatches,
    rollback_rate: harmful.rolledBack,
    bandit_regret_ratio: bandit.regretRatio,
    assignments_per_second: stack.assignmentsPerSecond,
    outcomes_per_second: stack.outcomesPerSecond,
    outcomes_lost: stack.outcomesLost,
    assignment_p99_ms: assignment.p99Ms,
  });
}
