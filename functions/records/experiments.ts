import { z } from "zod";
import {
  experimentDefinitionSchema,
  type ExperimentDefinition,
  type ExperimentStatus,
} from "../../shared/contracts/experiment.ts";
import { ConflictError } from "../../shared/errors.ts";
import { newId } from "../../shared/ids.ts";
import type { SqlDatabase, SqlRow, SqlStatement } from "../../shared/ports/sql-database.ts";
import { shares, type Allocation } from "../experiments/allocation.ts";
import { insertHistory, type NewHistoryEntry } from "./experiment-history.ts";

/** An experiment. Times are milliseconds since 1970. */
export interface ExperimentRecord {
  readonly id: string;
  readonly organization: string;
  readonly name: string;
  readonly status: ExperimentStatus;
  readonly definition: ExperimentDefinition;
  readonly salt: string;
  /** Index of the variant that everybody gets while units are not assigned. */
  readonly serving: number;
  readonly phase: number;
  readonly allocation: Allocation;
  /** Step of a canary; -1 for other policies. */
  readonly step: number;
  readonly verdict: string | null;
  readonly version: number;
  readonly jobId: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** What may change in an experiment's life. */
export type ExperimentUpdate = Partial<
  Pick<
    ExperimentRecord,
    "status" | "definition" | "serving" | "allocation" | "step" | "verdict" | "startedAt" | "endedAt"
  >
>;

export interface ExperimentRecords {
  find(organization: string, id: string): Promise<ExperimentRecord | null>;
  /** The newest experiment of a name. */
  findByName(organization: string, name: string): Promise<ExperimentRecord | null>;
  /** By id, whoever owns it: for the policies and the queue alone. */
  load(id: string): Promise<ExperimentRecord | null>;
  list(
    organization: string,
    page: { after?: string | undefined; limit: number },
  ): Promise<ExperimentRecord[]>;
  running(): Promise<ExperimentRecord[]>;
  runningOf(organization: string): Promise<ExperimentRecord[]>;
  /** Throws ConflictError (`experiment_exists`) when the name has one that has not ended. */
  create(record: ExperimentRecord, entry: NewHistoryEntry): Promise<void>;
  /**
   * Changes an experiment that still is as the record says; a new allocation begins a new phase. Throws ConflictError
   * (`experiment_changed`) when somebody was faster.
   */
  update(
    record: ExperimentRecord,
    change: ExperimentUpdate,
    entry: NewHistoryEntry,
  ): Promise<ExperimentRecord>;
  /** Shares of each phase, by phase. */
  phases(id: string): Promise<{ phase: number; shares: number[]; startedAt: number }[]>;
}

const allocationSchema = z.array(z.object({ from: z.int(), to: z.int(), variant: z.int() }));
const sharesSchema = z.array(z.number());

export function createExperimentRecords(database: SqlDatabase, now: () => number): ExperimentRecords {
  const many = async (where: string, ...parameters: (string | number | null)[]) =>
    (await database.all(`SELECT * FROM experiments WHERE ${where}`, ...parameters)).map(toRecord);
  const one = async (where: string, ...parameters: string[]) =>
    (await many(`${where} LIMIT 1`, ...parameters))[0] ?? null;
  return {
    find: (organization, id) => one("organization = ?1 AND id = ?2", organization, id),
    findByName: (organization, name) =>
      one("organization = ?1 AND name = ?2 ORDER BY id DESC", organization, name),
    load: (id) => one("id = ?1", id),
    list: (organization, { after, limit }) =>
      many(
        "organization = ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
        organization,
        after ?? null,
        limit,
      ),
    running: () => many("status = 'running'"),
    runningOf: (organization) => many("organization = ?1 AND status = 'running'", organization),

    async create(record, entry) {
      const mark = newId("event", now());
      const [created] = await database.transaction([
        insertExperiment(record),
        insertHistory(mark, record, now(), entry),
        ...describeDefinition(record, mark),
        ...(record.phase > 0 ? [insertPhase(record, mark, now())] : []),
      ]);
      if (created === 0) {
        throw new ConflictError(
          `Experiment "${record.name}" has not ended; stop or promote it first, or give this one another name`,
          { code: "experiment_exists", param: "name" },
        );
      }
    },

    async update(record, change, entry) {
      // A draft assigns nobody, so its allocation begins nothing.
      const begins = change.allocation !== undefined && (change.status ?? record.status) !== "draft";
      const next: ExperimentRecord = {
        ...record,
        ...change,
        phase: begins ? record.phase + 1 : record.phase,
        version: record.version + 1,
      };
      // The history entry goes in only where nobody was faster, and all else only where the entry did.
      const mark = newId("event", now());
      const [changed] = await database.transaction([
        insertHistory(mark, record, now(), entry),
        updateExperiment(next, mark),
        ...(change.definition ? describeDefinition(next, mark) : []),
        ...(begins ? [insertPhase(next, mark, now())] : []),
      ]);
      if (changed === 0) {
        throw new ConflictError(
          `Experiment "${record.name}" was changed in the meantime; look at it and try again`,
          {
            code: "experiment_changed",
          },
        );
      }
      return next;
    },

    async phases(id) {
      const sql = "SELECT * FROM experiment_phases WHERE experiment_id = ?1 ORDER BY phase";
      return (await database.all(sql, id)).map((row) => ({
        phase: row["phase"] as number,
        shares: sharesSchema.parse(JSON.parse(row["shares_json"] as string)),
        startedAt: row["started_at"] as number,
      }));
    },
  };
}

/** Inserts nothing where the name has a live experiment. */
function insertExperiment(record: ExperimentRecord): SqlStatement {
  return {
    sql: `INSERT INTO experiments (id, organization, name, status, definition_json, salt, serving, phase, allocation_json,
        step, version, job_id, created_at, started_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT DO NOTHING`,
    parameters: [
      record.id,
      record.organization,
      record.name,
      record.status,
      JSON.stringify(record.definition),
      record.salt,
      record.serving,
      record.phase,
      JSON.stringify(record.allocation),
      record.step,
      record.version,
      record.jobId,
      record.createdAt,
      record.startedAt,
    ],
  };
}

function updateExperiment(next: ExperimentRecord, mark: string): SqlStatement {
  return {
    sql: `UPDATE experiments SET status = ?3, definition_json = ?4, serving = ?5, phase = ?6, allocation_json = ?7,
        step = ?8, verdict = ?9, started_at = ?10, ended_at = ?11, version = ?12
      WHERE id = ?1 AND ${MARKED}`,
    parameters: [
      next.id,
      mark,
      next.status,
      JSON.stringify(next.definition),
      next.serving,
      next.phase,
      JSON.stringify(next.allocation),
      next.step,
      next.verdict,
      next.startedAt,
      next.endedAt,
      next.version,
    ],
  };
}

/** True in the transaction that wrote this history entry. */
const MARKED = "EXISTS (SELECT 1 FROM experiment_history WHERE id = ?2)";

/** The definition's parts that SQL asks about. */
function describeDefinition({ id, definition }: ExperimentRecord, mark: string): SqlStatement[] {
  const variants = definition.variants.map(({ key, model }, i) => [i, key, model]);
  const metrics = definition.metrics.map((metric) => [
    metric.key,
    metric.kind,
    metric.per_unit,
    Number(metric.missing === "zero"),
  ]);
  const columns = "?1, value ->> 0, value ->> 1, value ->> 2";
  return [
    ...["experiment_variants", "experiment_metrics"].map((table) => ({
      sql: `DELETE FROM ${table} WHERE experiment_id = ?1 AND ${MARKED}`,
      parameters: [id, mark],
    })),
    {
      sql: `INSERT INTO experiment_variants SELECT ${columns} FROM json_each(?3) WHERE ${MARKED}`,
      parameters: [id, mark, JSON.stringify(variants)],
    },
    {
      sql: `INSERT INTO experiment_metrics SELECT ${columns}, value ->> 3 FROM json_each(?3) WHERE ${MARKED}`,
      parameters: [id, mark, JSON.stringify(metrics)],
    },
  ];
}

function insertPhase(
  { id, phase, allocation, definition }: ExperimentRecord,
  mark: string,
  now: number,
): SqlStatement {
  return {
    sql: `INSERT INTO experiment_phases (experiment_id, phase, shares_json, started_at) SELECT ?1, ?3, ?4, ?5 WHERE ${MARKED}`,
    parameters: [id, mark, phase, JSON.stringify(shares(allocation, definition.variants.length)), now],
  };
}

function toRecord(row: SqlRow): ExperimentRecord {
  return {
    id: row["id"] as string,
    organization: row["organization"] as string,
    name: row["name"] as string,
    status: row["status"] as ExperimentStatus,
    definition: experimentDefinitionSchema.parse(JSON.parse(row["definition_json"] as string)),
    salt: row["salt"] as string,
    serving: row["serving"] as number,
    phase: row["phase"] as number,
    allocation: allocationSchema.parse(JSON.parse(row["allocation_json"] as string)),
    step: row["step"] as number,
    verdict: row["verdict"] as string | null,
    version: row["version"] as number,
    jobId: row["job_id"] as string | null,
    createdAt: row["created_at"] as number,
    startedAt: row["started_at"] as number | null,
    endedAt: row["ended_at"] as number | null,
  };
}
