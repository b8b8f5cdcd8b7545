import { limits, prices } from "./prices.ts";
import { simulateIsolates, type IsolateSimulation } from "./simulate-isolates.ts";
import type { UnitCosts } from "./unit-costs.ts";

/** What is asked of the system at 1x. */
export interface Load {
  readonly requestsPerSecond: number;
  /** Share of the requests that name an experiment, each of a unit of its own (the worst case) and with one outcome. */
  readonly experimentShare: number;
  readonly jobsPerDay: number;
  /** Cities of Cloudflare that traffic is spread over; each has isolates of its own. */
  readonly places: number;
}

export interface Stage extends IsolateSimulation {
  readonly factor: number;
  readonly requestsPerSecond: number;
  readonly requestsPerIsolateSecond: number;
  readonly rowsWrittenPerSecond: number;
  readonly queueMessagesPerSecond: number;
  readonly jobsPerDay: number;
  readonly gpus: number;
  /** Of each limited thing how much of its limit is used, fullest first; above 1 it breaks. */
  readonly used: readonly { readonly what: string; readonly share: number; readonly turn: string }[];
}

/** What one database must take a second: `npm run bench -- experiments` checks it in workerd. */
const EXPOSURES_PER_SECOND = 10_000;
const OUTCOMES_PER_SECOND = 5000;
const SIMULATED_REQUESTS = 20_000;
const DAY_SECONDS = 86_400;
const KEPT_DAYS = 30;
const USUAL_TRAINERS = 4;

export function requestMs(costs: UnitCosts): number {
  const { promptTokens, answerTokens, prefillMsPerToken, decodeMsPerToken, overheadMs } = costs;
  return promptTokens * prefillMsPerToken + answerTokens * decodeMsPerToken + overheadMs;
}

/** The same system with `factor` times the load. */
export function planStage(factor: number, load: Load, costs: UnitCosts): Stage {
  const requestsPerSecond = load.requestsPerSecond * factor;
  const jobsPerDay = load.jobsPerDay * factor;
  const events = requestsPerSecond * load.experimentShare;
  const rowsWrittenPerSecond =
    events * (costs.rowsPerExposure + costs.rowsPerOutcome) + (jobsPerDay * costs.rowsPerJob) / DAY_SECONDS;
  // Exposure and outcome come in requests of their own: a message each.
  const queueMessagesPerSecond = 2 * events;
  const gpus = (jobsPerDay * costs.gpuSecondsPerJob) / DAY_SECONDS;
  const isolates = simulateIsolates(requestsPerSecond / load.places, {
    serviceMs: requestMs(costs),
    coldStartMs: costs.coldStartMs,
    requests: SIMULATED_REQUESTS,
    seed: factor,
  });
  const kept = events * DAY_SECONDS * KEPT_DAYS * costs.bytesPerUnit;
  const used = [
    {
      what: "D1's one writer",
      share: events / EXPOSURES_PER_SECOND + events / OUTCOMES_PER_SECOND,
      turn: "report outcomes in batches (POST /v1/outcomes takes 1000), put a share of the traffic under experiment, or one database per group of organizations",
    },
    {
      what: "experiment messages of one queue",
      share: queueMessagesPerSecond / limits.queueMessagesPerSecond,
      turn: "larger batches from callers; a queue per group of experiments",
    },
    {
      what: "D1's size with 30 days of units",
      share: kept / limits.databaseBytes,
      turn: "end experiments when they have decided; raw events are in the bucket",
    },
    {
      what: `trainers (${USUAL_TRAINERS} at most)`,
      share: gpus / USUAL_TRAINERS,
      turn: "maxReplicaCount in trainer/deploy/scaled-job.yaml",
    },
    { what: "CPU time of a request", share: requestMs(costs) / limits.cpuMsPerRequest, turn: "max_tokens" },
  ].toSorted((a, b) => b.share - a.share);
  return {
    factor,
    requestsPerSecond,
    requestsPerIsolateSecond: requestsPerSecond / load.places / Math.max(1, isolates.isolates),
    rowsWrittenPerSecond,
    queueMessagesPerSecond,
    jobsPerDay,
    gpus,
    ...isolates,
    used,
  };
}

/** Dollars for a million requests, and for a tuning job, beyond what the plan includes. */
export function costsOf(load: Load, unit: UnitCosts) {
  const million = 1e6;
  const events = million * load.experimentShare;
  const rows = events * (unit.rowsPerExposure + unit.rowsPerOutcome);
  const perMillion = {
    requests: prices.workers.perMillionRequests * (1 + load.experimentShare),
    cpu: (requestMs(unit) + unit.overheadMs * load.experimentShare) * prices.workers.perMillionCpuMs,
    database: (rows / million) * prices.d1.perMillionRowsWritten,
    queues:
      ((2 * events * prices.queues.operationsPerMessage) / million) * prices.queues.perMillionOperations,
  };
  const perJob = {
    gpu: (unit.gpuSecondsPerJob / 3600) * prices.gpuPerHour,
    database: (unit.rowsPerJob / million) * prices.d1.perMillionRowsWritten,
    // Dataset, checkpoints and the soft prompt's files in and out.
    bucket: (30 / million) * prices.r2.perMillionWrites,
  };
  const sum = (parts: Readonly<Record<string, number>>) =>
    Object.values(parts).reduce((total, part) => total + part, 0);
  return {
    perMillionRequests: { ...perMillion, sum: sum(perMillion) },
    perJob: { ...perJob, sum: sum(perJob) },
  };
}
