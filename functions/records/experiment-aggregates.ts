import type { ExperimentDefinition, Metric } from "../../shared/contracts/experiment.ts";
import type { SqlDatabase, SqlRow } from "../../shared/ports/sql-database.ts";
import type { ArmWithCovariate, CovariateSums } from "../experiments/statistics/cuped.ts";
import { noMoments, withZeros } from "../experiments/statistics/moments.ts";

/** What one phase of an experiment has counted. */
export interface PhaseSums {
  readonly phase: number;
  /** Units of each variant. */
  readonly units: readonly number[];
  /** By metric, for each variant. */
  readonly metrics: ReadonlyMap<string, readonly ArmWithCovariate[]>;
}

/** One day's sums of one variant and metric; the day is that of the units' first exposure. */
export interface DaySums {
  readonly day: string;
  readonly variant: number;
  readonly metric: string;
  readonly units: number;
  readonly total: number;
}

const noCovariate: CovariateSums = { count: 0, x: 0, xx: 0, xy: 0, y: 0 };

/** Columns that add up over days. */
const SUMS = ["units", "total", "squares", "x_units", "x", "xx", "xy", "x_total"] as const;

/** Everything counted so far, phase by phase. */
export async function readPhaseSums(
  database: SqlDatabase,
  experiment: string,
  definition: ExperimentDefinition,
): Promise<PhaseSums[]> {
  const rows = await database.all(
    `SELECT phase, variant, metric, SUM(units) AS units, SUM(total) AS total, SUM(squares) AS squares, SUM(x_units) AS x_units,
       SUM(x) AS x, SUM(xx) AS xx, SUM(xy) AS xy, SUM(x_total) AS x_total
     FROM experiment_aggregates WHERE experiment_id = ?1 GROUP BY phase, variant, metric ORDER BY phase`,
    experiment,
  );
  return toPhases(rows, definition);
}

/** What was counted of the units that came until each day, the days in their order: the last one holds everything. */
export async function readPhaseSumsByDay(
  database: SqlDatabase,
  experiment: string,
  definition: ExperimentDefinition,
): Promise<{ readonly day: string; readonly phases: readonly PhaseSums[] }[]> {
  const rows = await database.all(
    "SELECT * FROM experiment_aggregates WHERE experiment_id = ?1 ORDER BY day, phase",
    experiment,
  );
  const cells = new Map<string, SqlRow>();
  return [...Map.groupBy(rows, (row) => row["day"] as string)].map(([day, added]) => {
    for (const row of added) {
      const cell = JSON.stringify([row["phase"], row["variant"], row["metric"]]);
      cells.set(cell, addRows(cells.get(cell), row));
    }
    return { day, phases: toPhases([...cells.values()], definition) };
  });
}

function addRows(sum: SqlRow | undefined, row: SqlRow): SqlRow {
  if (!sum) return row;
  const sums = SUMS.map((column) => [column, (sum[column] as number) + (row[column] as number)] as const);
  return { ...row, ...Object.fromEntries(sums) };
}

function toPhases(rows: readonly SqlRow[], definition: ExperimentDefinition): PhaseSums[] {
  const byPhase = Map.groupBy(rows, (row) => row["phase"] as number);
  return [...byPhase].map(([phase, cells]) => toPhase(phase, cells, definition));
}

function toPhase(
  phase: number,
  cells: readonly SqlRow[],
  { variants, metrics }: ExperimentDefinition,
): PhaseSums {
  const find = (metric: string, variant: number) =>
    cells.find((cell) => cell["metric"] === metric && cell["variant"] === variant);
  const units = variants.map((_, variant) => (find("", variant)?.["units"] ?? 0) as number);
  const arms = metrics.map((metric): [string, ArmWithCovariate[]] => [
    metric.key,
    variants.map((_, variant) => toArm(find(metric.key, variant), metric, units[variant] as number)),
  ]);
  return { phase, units, metrics: new Map(arms) };
}

function toArm(row: SqlRow | undefined, metric: Metric, units: number): ArmWithCovariate {
  const number = (column: string) => (row?.[column] ?? 0) as number;
  const moments = row
    ? { count: number("units"), sum: number("total"), sumOfSquares: number("squares") }
    : noMoments;
  return {
    moments: metric.missing === "zero" ? withZeros(moments, units - moments.count) : moments,
    covariate: row
      ? { count: number("x_units"), x: number("x"), xx: number("xx"), xy: number("xy"), y: number("x_total") }
      : noCovariate,
  };
}

/** The same by day, for whoever wants to see how it went. */
export async function readDaySums(database: SqlDatabase, experiment: string): Promise<DaySums[]> {
  const rows = await database.all(
    `SELECT day, variant, metric, SUM(units) AS units, SUM(total) AS total FROM experiment_aggregates
     WHERE experiment_id = ?1 GROUP BY day, variant, metric ORDER BY day, metric, variant`,
    experiment,
  );
  return rows.map((row) => ({
    day: row["day"] as string,
    variant: row["variant"] as number,
    metric: row["metric"] as string,
    units: row["units"] as number,
    total: row["total"] as number,
  }));
}
