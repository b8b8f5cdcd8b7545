import { InvalidRequestError } from "../../shared/errors.ts";
import { costsOf, planStage, requestMs, type Load, type Stage } from "./scale/plan.ts";
import { prices } from "./scale/prices.ts";
import { unitCosts } from "./scale/unit-costs.ts";

/** A product in use: ten requests a second, a fifth of them under experiment, a job every few minutes. */
const LOAD: Load = { requestsPerSecond: 10, experimentShare: 0.2, jobsPerDay: 200, places: 5 };
const FACTORS = [1, 10, 100, 1000];

/**
 * `npm run bench -- scale [--json]`: the scaling plan. What load, 10, 100 and 1000 times of it, does to isolates, database,
 * queues and trainers, what breaks first and what to turn then, and what it costs.
 */
export async function scale(args: readonly string[]): Promise<void> {
  const strange = args.find((arg) => arg !== "--json");
  if (strange !== undefined) throw new InvalidRequestError(`Found "${strange}", wanted "--json" or nothing`);
  const unit = await unitCosts();
  const stages = FACTORS.map((factor) => planStage(factor, LOAD, unit));
  const cost = costsOf(LOAD, unit);
  if (args.includes("--json")) console.log(JSON.stringify({ load: LOAD, unit, prices, cost, stages }));
  else console.log(report(stages, cost, requestMs(unit)));
}

function report(stages: readonly Stage[], cost: ReturnType<typeof costsOf>, ms: number): string {
  const rows = stages.map((stage) => ({
    load: `${stage.factor}x`,
    "requests/s": round(stage.requestsPerSecond),
    "isolates a place": round(stage.isolates),
    "requests/s each": round(stage.requestsPerIsolateSecond),
    "cold %": round(100 * stage.coldShare),
    "p50 / p95 ms": `${round(stage.p50)} / ${round(stage.p95)}`,
    "rows/s": round(stage.rowsWrittenPerSecond),
    "messages/s": round(stage.queueMessagesPerSecond),
    GPUs: round(stage.gpus),
  }));
  const [first] = rows;
  const names = Object.keys(first ?? {}) as (keyof NonNullable<typeof first>)[];
  const widths = names.map((name) => Math.max(name.length, ...rows.map((row) => row[name].length)));
  const line = (cells: readonly string[]) => cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("  ");
  const breaks = stages.map(({ factor, used }) => {
    const over = used.filter(({ share }) => share > 1);
    const shown = over.length > 0 ? over : used.slice(0, 1);
    const parts = shown.map(
      ({ what, share, turn }) => `\n    ${what}: ${round(100 * share)} % of the limit; ${turn}`,
    );
    return `  ${factor}x${over.length > 0 ? " breaks" : " holds, fullest"}${parts.join("")}`;
  });
  const dollars = (parts: Readonly<Record<string, number>>) =>
    Object.entries(parts)
      .map(([name, value]) => `${name} $${value < 0.01 ? value.toFixed(5) : value.toFixed(2)}`)
      .join(", ");
  return [
    `A request takes ${round(ms)} ms of CPU (64 tokens in, 16 out)`,
    line(names),
    ...rows.map((row) => line(names.map((name) => row[name]))),
    ...breaks,
    `A million requests: ${dollars(cost.perMillionRequests)}`,
    `A tuning job: ${dollars(cost.perJob)}`,
    `Prices of ${prices.date}, beyond what the plan includes`,
  ].join("\n");
}

function round(value: number): string {
  return value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(2);
}
