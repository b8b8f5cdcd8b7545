import { newId } from "../../shared/ids.ts";
import type { SqlDatabase, SqlStatement } from "../../shared/ports/sql-database.ts";
import type { ExperimentEvent, ExposureEvent, OutcomeEvent, UnmatchedEvent } from "../experiments/events.ts";

/** Clocks of whoever reports outcomes by unit may be behind ours by this. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/**
 * Counts a delivery of events, all or nothing, in one transaction. Every order of deliveries, and every repetition, comes
 * to the same sums:
 * - an outcome's key is counted once;
 * - a unit belongs to the variant of its earliest exposure, whenever that is heard of;
 * - an outcome by request or unit waits for its exposure, and is counted when both are known;
 * - what happened after an experiment's end is not counted, what is only heard of after it is.
 * The statements change the units' rows; triggers keep the aggregates equal to them.
 */
export async function countEvents(
  database: SqlDatabase,
  events: readonly ExperimentEvent[],
  now: number,
): Promise<void> {
  const batch = newId("event", now);
  const known: (readonly (string | number | null)[])[] = [];
  const unmatched: UnmatchedEvent[] = [];
  for (const event of events) {
    if (event.type === "exposure") known.push(exposureRow(event));
    if (event.type === "outcome") known.push(...outcomeRows(event));
    if (event.type === "unmatched") unmatched.push(event);
  }
  if (known.length + unmatched.length === 0) return;
  await database.transaction([
    fillInbox(batch, known),
    fillPending(batch, unmatched),
    ...recordExposures(batch),
    ...matchPending(batch),
    ...recordOutcomes(batch),
    { sql: "DELETE FROM ingest_inbox WHERE batch = ?1", parameters: [batch] },
  ]);
}

/** Forgets keys and exposures that no outcome can refer to any more, and outcomes whose exposure never came. */
export async function forgetBefore(database: SqlDatabase, time: number): Promise<void> {
  await database.transaction(
    ["exposures", "counted_outcomes", "pending_outcomes"].map((table) => ({
      sql: `DELETE FROM ${table} WHERE at < ?1`,
      parameters: [time],
    })),
  );
}

function exposureRow(event: ExposureEvent) {
  const { organization, key, experiment, unit, phase, variant, exposedAt } = event;
  return [organization, key, "", "exposure", experiment, unit, phase, variant, exposedAt, null, exposedAt, 0];
}

function outcomeRows(event: OutcomeEvent) {
  const { organization, key, experiment, unit, phase, variant, exposedAt, at } = event;
  return Object.entries(event.values).map(([metric, value]) => [
    organization,
    key,
    metric,
    "outcome",
    experiment,
    unit,
    phase,
    variant,
    exposedAt,
    value,
    at,
    0,
  ]);
}

/** Events that say all, but for those counted before and those from after the experiment's end. */
function fillInbox(batch: string, rows: readonly (readonly unknown[])[]): SqlStatement {
  return {
    sql: `INSERT INTO ingest_inbox (batch, organization, key, metric, kind, experiment_id, unit, phase, variant, exposed_at, value, at, covariate)
      SELECT ?1, r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, x.id, r.value ->> 5, r.value ->> 6,
        r.value ->> 7, r.value ->> 8, r.value ->> 9, r.value ->> 10, r.value ->> 11
      FROM json_each(?2) r
      JOIN experiments x ON x.id = r.value ->> 4 AND x.organization = r.value ->> 0
      WHERE (x.ended_at IS NULL OR r.value ->> 10 <= x.ended_at)
        AND (r.value ->> 3 = 'exposure' OR NOT EXISTS (
          SELECT 1 FROM counted_outcomes c WHERE c.organization = r.value ->> 0 AND c.key = r.value ->> 1))
      ON CONFLICT DO NOTHING`,
    parameters: [batch, JSON.stringify(rows)],
  };
}

function fillPending(batch: string, events: readonly UnmatchedEvent[]): SqlStatement {
  const rows = events.map(
    ({ organization, key, request, experiment, unit, metric, value, at, covariate }) => [
      organization,
      key,
      request,
      experiment,
      unit,
      metric,
      value,
      at,
      Number(covariate),
    ],
  );
  return {
    sql: `INSERT INTO pending_outcomes (batch, organization, key, request_id, experiment_id, unit, metric, value, at, covariate)
      SELECT ?1, r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, r.value ->> 4, r.value ->> 5,
        r.value ->> 6, r.value ->> 7, r.value ->> 8
      FROM json_each(?2) r
      WHERE NOT EXISTS (SELECT 1 FROM counted_outcomes c WHERE c.organization = r.value ->> 0 AND c.key = r.value ->> 1)
      ON CONFLICT DO NOTHING`,
    parameters: [batch, JSON.stringify(rows)],
  };
}

function recordExposures(batch: string): SqlStatement[] {
  return [
    {
      // Outcomes refer to requests; what was assigned without one, or in a shadow, they cannot name.

      sql: `INSERT INTO exposures (id, organization, experiment_id, unit, at)
        SELECT key, organization, experiment_id, unit, exposed_at FROM ingest_inbox
        WHERE batch = ?1 AND kind = 'exposure' AND instr(key, ':') = 0
        ON CONFLICT DO NOTHING`,
      parameters: [batch],
    },
    {
      // An outcome that names its exposure makes it known, should it come first. The columns beside MIN are those of
      // the row that has the minimum; equal times cannot have different variants but by chance, and then the phase decides.
      sql: `INSERT INTO experiment_units (experiment_id, unit, phase, variant, at, day)
        SELECT experiment_id, unit, phase, variant, MIN(exposed_at), date(exposed_at / 1000, 'unixepoch')
        FROM ingest_inbox WHERE batch = ?1 AND exposed_at IS NOT NULL GROUP BY experiment_id, unit
        ON CONFLICT DO UPDATE SET phase = excluded.phase, variant = excluded.variant, at = excluded.at, day = excluded.day
        WHERE excluded.at < at OR (excluded.at = at AND excluded.phase < phase)`,
      parameters: [batch],
    },
  ];
}

/** Moves waiting outcomes into the inbox: those of this delivery, and those that waited for an exposure in it. */
function matchPending(batch: string): SqlStatement[] {
  const insert = `INSERT INTO ingest_inbox (batch, organization, key, metric, kind, experiment_id, unit, value, at, covariate)
      SELECT ?1, p.organization, p.key, p.metric, 'pending', x.id, u.unit, p.value, p.at, p.covariate`;
  const byRequest = `JOIN exposures u ON u.id = p.request_id AND u.organization = p.organization
      JOIN experiments x ON x.id = u.experiment_id`;
  const byUnit = `JOIN experiment_units u ON u.experiment_id = p.experiment_id AND u.unit = p.unit
      JOIN experiments x ON x.id = u.experiment_id AND x.organization = p.organization`;
  const inTime = "(x.ended_at IS NULL OR p.at <= x.ended_at)";
  // What came before the exposure is no effect of it; a covariate always came before.
  const after = "(p.covariate = 1 OR p.at >= u.at - ?2)";
  const statement = (sql: string, ...more: number[]) => ({
    sql: `${insert} ${sql} ON CONFLICT DO NOTHING`,
    parameters: [batch, ...more],
  });
  return [
    statement(`FROM pending_outcomes p ${byRequest} WHERE p.batch = ?1 AND ${inTime}`),
    statement(
      `FROM ingest_inbox i CROSS JOIN pending_outcomes p ON p.request_id = i.key ${byRequest}
       WHERE i.batch = ?1 AND i.kind = 'exposure' AND ${inTime}`,
    ),
    statement(
      `FROM pending_outcomes p ${byUnit} WHERE p.batch = ?1 AND ${inTime} AND ${after}`,
      CLOCK_TOLERANCE_MS,
    ),
    statement(
      `FROM (SELECT DISTINCT experiment_id, unit FROM ingest_inbox WHERE batch = ?1 AND exposed_at IS NOT NULL) i
       CROSS JOIN pending_outcomes p ON p.experiment_id = i.experiment_id AND p.unit = i.unit ${byUnit}
       WHERE ${inTime} AND ${after}`,
      CLOCK_TOLERANCE_MS,
    ),
    {
      sql: `DELETE FROM pending_outcomes WHERE (organization, key) IN (
        SELECT organization, key FROM ingest_inbox WHERE batch = ?1 AND kind <> 'exposure')`,
      parameters: [batch],
    },
  ];
}

function recordOutcomes(batch: string): SqlStatement[] {
  // Outcomes by request were taken before their experiment was known: whether they fit its metrics shows only here.
  const fitting = `FROM ingest_inbox i JOIN experiment_metrics m ON m.experiment_id = i.experiment_id AND m.metric = i.metric
    WHERE i.batch = ?1 AND i.kind <> 'exposure'
      AND CASE WHEN i.covariate = 1 OR m.kind = 'continuous' THEN 1 WHEN m.kind = 'binary' THEN i.value IN (0, 1)
        ELSE i.value >= 0 AND i.value = CAST(i.value AS INTEGER) END`;
  const columns = "experiment_id, unit, metric, per_unit, zero, outcomes, total, largest, value, x";
  const groups = "GROUP BY i.experiment_id, i.unit, i.metric";
  return [
    {
      sql: `INSERT INTO unit_metrics (${columns})
        SELECT i.experiment_id, i.unit, i.metric, m.per_unit, m.zero, COUNT(*), SUM(i.value), MAX(i.value),
          CASE m.per_unit WHEN 'any' THEN MAX(i.value) WHEN 'mean' THEN AVG(i.value) ELSE SUM(i.value) END, NULL
        ${fitting} AND i.covariate = 0 ${groups}
        ON CONFLICT DO UPDATE SET outcomes = outcomes + excluded.outcomes, total = total + excluded.total,
          largest = CASE WHEN outcomes = 0 THEN excluded.largest ELSE MAX(largest, excluded.largest) END,
          value = CASE per_unit
            WHEN 'any' THEN CASE WHEN outcomes = 0 THEN excluded.largest ELSE MAX(largest, excluded.largest) END
            WHEN 'mean' THEN (total + excluded.total) / (outcomes + excluded.outcomes)
            ELSE total + excluded.total END`,
      parameters: [batch],
    },
    {
      // Several values from before the experiment add up, in whatever order they come.
      sql: `INSERT INTO unit_metrics (${columns})
        SELECT i.experiment_id, i.unit, i.metric, m.per_unit, m.zero, 0, 0, 0, NULL, SUM(i.value)
        ${fitting} AND i.covariate = 1 ${groups}
        ON CONFLICT DO UPDATE SET x = COALESCE(x, 0) + excluded.x`,
      parameters: [batch],
    },
    {
      sql: `INSERT INTO counted_outcomes (organization, key, at)
        SELECT DISTINCT organization, key, at FROM ingest_inbox WHERE batch = ?1 AND kind <> 'exposure'
        ON CONFLICT DO NOTHING`,
      parameters: [batch],
    },
  ];
}
