import type { ExperimentStatus } from "../../shared/contracts/experiment.ts";
import { ConflictError } from "../../shared/errors.ts";
import type { SqlDatabase } from "../../shared/ports/sql-database.ts";
import { findEntry } from "../records/experiment-entries.ts";

/** A model's part in one experiment. */
export interface ModelInExperiment {
  readonly id: string;
  readonly name: string;
  readonly variant: string;
  readonly status: ExperimentStatus;
  /** The name's requests that are not assigned get this model, as far as this experiment is concerned. */
  readonly serving: boolean;
  readonly verdict: string | null;
}

/** The experiments that a model is or was a variant of, newest first. */
export async function experimentsOfModel(
  database: SqlDatabase,
  organization: string,
  model: string,
): Promise<ModelInExperiment[]> {
  const rows = await database.all(
    `SELECT x.id, x.name, x.status, x.serving, x.verdict, v.variant, v.key
     FROM experiment_variants v JOIN experiments x ON x.id = v.experiment_id
     WHERE v.model = ?2 AND x.organization = ?1 ORDER BY x.id DESC`,
    organization,
    model,
  );
  return rows.map((row) => ({
    id: row["id"] as string,
    name: row["name"] as string,
    variant: row["key"] as string,
    status: row["status"] as ExperimentStatus,
    serving: row["serving"] === row["variant"],
    verdict: row["verdict"] as string | null,
  }));
}

/** The way of a tuned model from its job into experiments, as `GET /v1/models/{id}` shows it. */
export async function lineageOf(database: SqlDatabase, organization: string, model: string) {
  const [entry, experiments] = await Promise.all([
    findEntry(database, organization, model),
    experimentsOfModel(database, organization, model),
  ]);
  return {
    entry: entry && {
      experiment: entry.name,
      status: entry.status,
      reason: entry.reason,
      experiment_id: entry.experimentId,
    },
    experiments,
  };
}

/** Throws ConflictError (`model_in_use`) where deleting the model would leave a name without an answer. */
export async function requireUnused(
  database: SqlDatabase,
  organization: string,
  model: string,
): Promise<void> {
  const row = await database.first(
    `SELECT x.name, x.status FROM experiment_variants v JOIN experiments x ON x.id = v.experiment_id
     WHERE v.model = ?2 AND x.organization = ?1
       AND (x.status IN ('draft', 'running', 'paused') OR (x.serving = v.variant AND x.id = (
         SELECT MAX(newest.id) FROM experiments newest WHERE newest.organization = ?1 AND newest.name = x.name)))
     LIMIT 1`,
    organization,
    model,
  );
  if (!row) return;
  throw new ConflictError(
    `"${model}" answers for experiment "${row["name"]}" ("${row["status"]}"); promote another variant or stop the experiment first`,
    { code: "model_in_use", param: "model" },
  );
}
