import { expect, it } from "vitest";
import { createExperiment } from "../../functions/experiments/create-experiment.ts";
import { reportOf } from "../../functions/experiments/report.ts";
import { timelineOf } from "../../functions/experiments/timeline.ts";
import { createFakeDeps, twoVariants } from "./fake-deps.ts";

const cell = (
  experiment: string,
  day: string,
  variant: number,
  metric: string,
  units: number,
  total = 0,
) => ({
  sql: `INSERT INTO experiment_aggregates VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?6, 0, 0, 0, 0, 0)`,
  parameters: [experiment, variant, metric, day, units, total],
});

it("each day is the look of all units until then, and the last one is what the results say", async () => {
  const deps = createFakeDeps();
  const record = await createExperiment(deps, "acme", twoVariants(), "key");
  const fill = async (day: string, bought: readonly [number, number]) =>
    deps.database.transaction(
      [0, 1].flatMap((variant) => [
        cell(record.id, day, variant, "", 500),
        cell(record.id, day, variant, "bought", 500, bought[variant]),
      ]),
    );
  const comparisonsNow = async () =>
    (await reportOf(deps, record)).metrics.find(({ key }) => key === "bought")?.comparisons;

  const looks = [];
  for (const [day, bought] of [
    ["2026-11-01", [100, 120]],
    ["2026-11-02", [90, 150]],
    ["2026-11-03", [110, 140]],
  ] as const) {
    await fill(day, bought);
    looks.push(await comparisonsNow());
  }

  const timeline = await timelineOf(deps, record);
  expect(timeline.map(({ day, units }) => ({ day, units }))).toEqual([
    { day: "2026-11-01", units: [500, 500] },
    { day: "2026-11-02", units: [1000, 1000] },
    { day: "2026-11-03", units: [1500, 1500] },
  ]);
  const bought = timeline.map(({ metrics }) => metrics.find(({ key }) => key === "bought")?.comparisons);
  expect(bought).toEqual(looks);
  expect(bought[2]?.[0]?.lift).toBeCloseTo(410 / 300 - 1, 10);
});
