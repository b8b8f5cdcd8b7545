import { z } from "zod";
import { InternalError } from "../../../shared/errors.ts";
import type { LocalWorker } from "../serving/local-worker.ts";

export interface StackOptions {
  readonly units: number;
  /** Units, or outcomes, in one request. */
  readonly batch: number;
  /** Requests under way at once. */
  readonly callers: number;
}

export interface StackResult {
  /** From the first request until the last one is counted. */
  readonly assignmentsPerSecond: number;
  readonly outcomesPerSecond: number;
  /** From the first request until the last one is answered. */
  readonly acknowledgedAssignmentsPerSecond: number;
  readonly acknowledgedOutcomesPerSecond: number;
  readonly assignmentsLost: number;
  readonly outcomesLost: number;
}

const MODEL = "minimind2-small";
const NAME = "load";
const POLL_MS = 100;
const PATIENCE_MS = 120_000;

const assignmentsSchema = z.object({ data: z.array(z.object({ exposure: z.string() })) });
const acceptedSchema = z.object({ accepted: z.int() });
const resultsSchema = z.object({
  variants: z.array(z.object({ units: z.int() })),
  metrics: z.array(
    z.object({
      key: z.string(),
      variants: z.array(z.object({ units: z.int(), mean: z.number().nullable() })),
    }),
  ),
});

/**
 * Sends assignments, then an outcome for each, through the whole local stack: HTTP, queue, bucket, database. Rates run until
 * the results have counted everything; what they never count is lost. Throws InternalError when a request fails.
 */
export async function measureStack(worker: LocalWorker, options: StackOptions): Promise<StackResult> {
  const { units, batch, callers } = options;
  await post(worker, "/v1/experiments", z.unknown(), {
    name: NAME,
    variants: [
      { key: "a", model: MODEL },
      { key: "b", model: MODEL },
    ],
    metrics: [{ key: "points", kind: "count" }],
  });
  const batches = Array.from({ length: Math.ceil(units / batch) }, (_, i) =>
    Array.from({ length: Math.min(batch, units - i * batch) }, (_unit, j) => `unit-${i * batch + j}`),
  );
  const exposures: string[][] = [];

  const assigned = await timed(
    () =>
      inParallel(batches, callers, async (some) => {
        const { data } = await post(worker, "/v1/assignments", assignmentsSchema, {
          experiment: NAME,
          units: some,
        });
        exposures.push(data.map(({ exposure }) => exposure));
      }),
    async () => (await counted(worker)).units,
    units,
  );
  let accepted = 0;
  const reported = await timed(
    () =>
      inParallel(exposures, callers, async (some) => {
        // A value of 1 each, so that their sum is their number.
        const outcomes = some.map((exposure) => ({ exposure, metric: "points", value: 1 }));
        const answer = await post(worker, "/v1/outcomes", acceptedSchema, { outcomes });
        accepted += answer.accepted;
      }),
    async () => (await counted(worker)).points,
    units,
  );
  return {
    assignmentsPerSecond: units / assigned.countedSeconds,
    outcomesPerSecond: units / reported.countedSeconds,
    acknowledgedAssignmentsPerSecond: units / assigned.answeredSeconds,
    acknowledgedOutcomesPerSecond: units / reported.answeredSeconds,
    assignmentsLost: units - assigned.count,
    outcomesLost: accepted - reported.count,
  };
}

async function timed(work: () => Promise<void>, count: () => Promise<number>, wanted: number) {
  const began = performance.now();
  await work();
  const answeredSeconds = (performance.now() - began) / 1000;
  let now = await count();
  while (now < wanted && performance.now() - began < PATIENCE_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    now = await count();
  }
  return { answeredSeconds, countedSeconds: (performance.now() - began) / 1000, count: now };
}

async function counted(worker: LocalWorker): Promise<{ units: number; points: number }> {
  const { variants, metrics } = await call(worker, "GET", `/v1/experiments/${NAME}/results`, resultsSchema);
  const points = metrics.find(({ key }) => key === "points")?.variants ?? [];
  return {
    units: variants.reduce((sum, variant) => sum + variant.units, 0),
    points: Math.round(points.reduce((sum, { units, mean }) => sum + units * (mean ?? 0), 0)),
  };
}

async function inParallel<T>(
  items: readonly T[],
  callers: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const caller = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

const post = <T>(worker: LocalWorker, path: string, schema: z.ZodType<T>, body: object) =>
  call(worker, "POST", path, schema, body);

async function call<T>(
  { url, apiKey }: LocalWorker,
  method: string,
  path: string,
  schema: z.ZodType<T>,
  body?: object,
): Promise<T> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!response.ok)
    throw new InternalError(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  return schema.parse(await response.json());
}
