import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type {
  ExperimentEvent,
  ExposureEvent,
  OutcomeEvent,
  UnmatchedEvent,
} from "../../functions/experiments/events.ts";
import { countEvents, forgetBefore } from "../../functions/records/outcomes.ts";
import type { SqlDatabase } from "../../shared/ports/sql-database.ts";
import { openSqliteDatabase } from "../../scripts/serve-node/sqlite-database.ts";

const DAY = 86_400_000;
const START = 20_000 * DAY;
const EXPERIMENT = "exp_1";
const organization = "acme";

async function newDatabase(endedAt: number | null = null): Promise<SqlDatabase> {
  const database = openSqliteDatabase(":memory:");
  await database.run(
    `INSERT INTO experiments (id, organization, name, status, definition_json, salt, allocation_json, created_at, ended_at)
     VALUES (?1, 'acme', 'test', 'running', '{}', 's', '[]', 0, ?2)`,
    EXPERIMENT,
    endedAt,
  );
  for (const [metric, kind, perUnit, zero] of [
    ["bought", "binary", "any", 1],
    ["rating", "continuous", "mean", 0],
    ["clicks", "count", "sum", 1],
  ] as const)
    await database.run(
      "INSERT INTO experiment_metrics VALUES (?1, ?2, ?3, ?4, ?5)",
      EXPERIMENT,
      metric,
      kind,
      perUnit,
      zero,
    );
  return database;
}

const exposure = (
  unit: string,
  variant: number,
  at: number,
  phase = 1,
  key = `req_${unit}_${at}`,
): ExposureEvent => ({
  type: "exposure",
  organization,
  key,
  experiment: EXPERIMENT,
  phase,
  variant,
  unit,
  exposedAt: at,
  model: "m",
  unitId: unit,
});
const outcome = (
  key: string,
  of: ExposureEvent,
  values: Record<string, number>,
  at = of.exposedAt + 1,
): OutcomeEvent => {
  const { experiment, phase, variant, unit, exposedAt } = of;
  return { type: "outcome", organization, key, experiment, phase, variant, unit, exposedAt, values, at };
};
const unmatched = (key: string, by: Partial<UnmatchedEvent>): UnmatchedEvent => ({
  type: "unmatched",
  organization,
  key,
  request: null,
  experiment: null,
  unit: null,
  unitId: null,
  metric: "bought",
  value: 1,
  at: START + 10,
  covariate: false,
  ...by,
});

async function aggregates(database: SqlDatabase) {
  const rows = await database.all(
    `SELECT phase, variant, metric, day, units, total, squares, x_units, x, xx, xy, x_total FROM experiment_aggregates
     WHERE units <> 0 OR x_units <> 0 ORDER BY metric, phase, variant, day`,
  );
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === "number" ? Math.round(value * 1e9) / 1e9 : value,
      ]),
    ),
  );
}
async function cell(database: SqlDatabase, metric: string, variant: number) {
  const row = await database.first(
    `SELECT SUM(units) AS units, SUM(total) AS total, SUM(squares) AS squares FROM experiment_aggregates
     WHERE metric = ?1 AND variant = ?2`,
    metric,
    variant,
  );
  return [row?.["units"] ?? 0, row?.["total"] ?? 0, row?.["squares"] ?? 0];
}

describe("counting", () => {
  it("counts units once, and what their outcomes come to by each metric's rule", async () => {
    const database = await newDatabase();
    const first = exposure("u1", 0, START);
    const again = exposure("u1", 0, START + 5);
    await countEvents(
      database,
      [
        first,
        again,
        outcome("1", first, { bought: 1, rating: 2, clicks: 3 }),
        outcome("2", again, { bought: 1, rating: 5, clicks: 4 }),
        outcome("3", first, { bought: 0, rating: 2 }),
      ],
      START,
    );
    expect(await cell(database, "", 0)).toEqual([1, 0, 0]);
    expect(await cell(database, "bought", 0)).toEqual([1, 1, 1]);
    expect(await cell(database, "rating", 0)).toEqual([1, 3, 9]);
    expect(await cell(database, "clicks", 0)).toEqual([1, 7, 49]);
  });

  it("counts a key once, in one delivery or in several", async () => {
    const database = await newDatabase();
    const shown = exposure("u1", 1, START);
    const events = [shown, outcome("same", shown, { clicks: 2 }), outcome("same", shown, { clicks: 2 })];
    await countEvents(database, events, START);
    await countEvents(database, events, START + 1);
    expect(await cell(database, "clicks", 1)).toEqual([1, 2, 4]);
    expect(await cell(database, "", 1)).toEqual([1, 0, 0]);
  });

  it("counts nothing of what happened after the end, and all that happened before it", async () => {
    const database = await newDatabase(START + 100);
    const shown = exposure("u1", 0, START);
    await countEvents(
      database,
      [
        shown,
        outcome("late arrival", shown, { bought: 1 }, START + 100),
        outcome("late event", shown, { clicks: 1 }, START + 101),
        exposure("u2", 0, START + 101),
        unmatched("by unit, after", {
          experiment: EXPERIMENT,
          unit: "u1",
          metric: "clicks",
          at: START + 200,
        }),
      ],
      START + DAY,
    );
    expect(await cell(database, "bought", 0)).toEqual([1, 1, 1]);
    expect(await cell(database, "clicks", 0)).toEqual([0, 0, 0]);
    expect(await cell(database, "", 0)).toEqual([1, 0, 0]);
  });

  it("does not count another organisation's events", async () => {
    const database = await newDatabase();
    await countEvents(database, [{ ...exposure("u1", 1, START), organization: "other" }], START);
    expect(await aggregates(database)).toEqual([]);
  });

  it("drops values that do not fit the metric, where that shows only after matching", async () => {
    const database = await newDatabase();
    const shown = exposure("u1", 0, START, 1, "req_1");
    await countEvents(
      database,
      [
        shown,
        unmatched("1", { request: "req_1", value: 0.5 }),
        unmatched("2", { request: "req_1", metric: "clicks", value: -1 }),
        unmatched("3", { request: "req_1", metric: "unknown" }),
        unmatched("4", { request: "req_1", metric: "clicks", value: 2 }),
      ],
      START,
    );
    expect(await cell(database, "bought", 0)).toEqual([0, 0, 0]);
    expect(await cell(database, "clicks", 0)).toEqual([1, 2, 4]);
  });

  it("forgets what no outcome can refer to any more", async () => {
    const database = await newDatabase();
    const shown = exposure("u1", 0, START);
    await countEvents(
      database,
      [shown, outcome("1", shown, { bought: 1 }), unmatched("2", { request: "never" })],
      START,
    );
    await forgetBefore(database, START + DAY);
    for (const table of ["exposures", "counted_outcomes", "pending_outcomes", "ingest_inbox"])
      expect(await database.all(`SELECT * FROM ${table}`)).toEqual([]);
    expect(await cell(database, "bought", 0)).toEqual([1, 1, 1]);
  });
});

describe("order and repetition", () => {
  const a = exposure("u1", 0, START, 1, "req_a");
  // Moved to the other variant by a change of the weights: it stays where it was seen first.
  const b = exposure("u1", 1, START + DAY, 2, "req_b");
  const c = exposure("u2", 1, START + 2 * DAY, 2, "req_c");
  const story: ExperimentEvent[] = [
    a,
    b,
    c,
    outcome("o1", a, { bought: 0, rating: 4 }),
    outcome("o2", b, { bought: 1, rating: 1.5, clicks: 2 }),
    outcome("o3", c, { clicks: 5 }),
    unmatched("o4", { request: "req_c", at: START + 2 * DAY + 9 }),
    unmatched("o5", { experiment: EXPERIMENT, unit: "u1", metric: "clicks", value: 7, at: START + 20 }),
    unmatched("o6", {
      experiment: EXPERIMENT,
      unit: "u2",
      metric: "rating",
      value: 3.25,
      at: START + 3 * DAY,
    }),
    // Before its unit's first exposure: no effect of it.
    unmatched("o7", { experiment: EXPERIMENT, unit: "u2", metric: "clicks", value: 100, at: START }),
    unmatched("o8", {
      experiment: EXPERIMENT,
      unit: "u1",
      metric: "clicks",
      value: 3,
      at: START - DAY,
      covariate: true,
    }),
    unmatched("o9", {
      experiment: EXPERIMENT,
      unit: "u2",
      metric: "clicks",
      value: 4,
      at: START - DAY,
      covariate: true,
    }),
    unmatched("o10", {
      experiment: EXPERIMENT,
      unit: "u2",
      metric: "clicks",
      value: 2,
      at: START - DAY,
      covariate: true,
    }),
    unmatched("o11", { request: "req_unknown" }),
  ];

  const play = async (events: readonly ExperimentEvent[], cuts: readonly number[]) => {
    const database = await newDatabase();
    let delivery: ExperimentEvent[] = [];
    for (const [i, event] of events.entries()) {
      delivery.push(event);
      if (cuts.includes(i) || i === events.length - 1) {
        await countEvents(database, delivery, START);
        delivery = [];
      }
    }
    return aggregates(database);
  };

  it("every order of deliveries and any repetition come to the same sums", async () => {
    const expected = await play(story, []);
    expect(expected).toMatchObject([
      { metric: "", phase: 1, variant: 0, units: 1 },
      { metric: "", phase: 2, variant: 1, units: 1 },
      { metric: "bought", variant: 0, units: 1, total: 1 },
      { metric: "bought", variant: 1, units: 1, total: 1 },
      { metric: "clicks", variant: 0, units: 1, total: 9, x_units: 1, x: 3, xy: 27 },
      { metric: "clicks", variant: 1, units: 1, total: 5, x_units: 1, x: 6, xy: 30 },
      { metric: "rating", variant: 0, units: 1, total: 2.75 },
      { metric: "rating", variant: 1, units: 1, total: 3.25 },
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(story, { minLength: story.length }),
        fc.array(fc.nat(story.length - 1), { maxLength: 6 }),
        fc.array(fc.nat(story.length - 1), { maxLength: 6 }),
        async (order, cuts, repeated) => {
          const again = repeated.map((i) => story[i] as ExperimentEvent);
          expect(await play([...order, ...again], [...cuts, order.length - 1])).toEqual(expected);
        },
      ),
      { numRuns: 120 },
    );
  });

  it("a transaction that fails counts nothing, and its repetition counts all", async () => {
    const database = await newDatabase();
    const broken: SqlDatabase = {
      ...database,
      transaction: (statements) =>
        database.transaction([
          ...statements.slice(0, 8),
          { sql: "SELECT no_such_column FROM jobs", parameters: [] },
        ]),
    };
    await expect(countEvents(broken, story, START)).rejects.toThrow(/no_such_column/);
    expect(await aggregates(database)).toEqual([]);
    await countEvents(database, story, START);
    expect(await aggregates(database)).toEqual(await play(story, []));
  });
});
