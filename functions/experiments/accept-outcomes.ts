import type { OutcomeInput } from "../../shared/contracts/experiment.ts";
import { ForewordError, NotFoundError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import type { ExperimentRecord } from "../records/experiments.ts";
import { checkMetric, checkRequest, checkTime } from "./check-outcome.ts";
import type { ExperimentEvent } from "./events.ts";
import { parseExposureId, verifyExposureId } from "./exposure-id.ts";
import { experimentsOf } from "./service.ts";
import { unitHash } from "./unit-hash.ts";

/** What a request's outcomes came to: events to be counted, and errors by index. */
export interface AcceptedOutcomes {
  readonly events: readonly ExperimentEvent[];
  readonly errors: readonly { readonly index: number; readonly error: ForewordError }[];
}

/**
 * Checks outcomes and turns them into events. Each stands for itself: a wrong one does not keep the others from counting.
 *
 * @param requestId tells outcomes without an idempotency key apart
 */
export async function acceptOutcomes(
  deps: Deps,
  organization: string,
  outcomes: readonly OutcomeInput[],
  requestId: string,
): Promise<AcceptedOutcomes> {
  const acceptor = await createAcceptor(deps, organization, outcomes);
  const events: ExperimentEvent[] = [];
  const errors: { index: number; error: ForewordError }[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const key = outcome.idempotency_key ?? `${requestId}:${index}`;
    try {
      // The same key may stand for several metrics of one happening.
      events.push(...(await acceptor(outcome, `outcome:${outcome.metric}:${key}`)));
    } catch (error) {
      if (!(error instanceof ForewordError)) throw error;
      errors.push({ index, error });
    }
  }
  return { events, errors };
}

async function createAcceptor(deps: Deps, organization: string, outcomes: readonly OutcomeInput[]) {
  const { records, cache } = experimentsOf(deps);
  const requests = outcomes.flatMap(({ request }) => request ?? []);
  const exposed = await knownRequests(deps, organization, requests);
  // Hundreds of outcomes are of a handful of experiments.
  const running = outcomes.some(({ unit, experiment }) => unit !== undefined && experiment === undefined)
    ? await records.runningOf(organization)
    : [];
  const found = new Map<string, Promise<ExperimentRecord | null>>();
  const find = (experiment: string) => {
    const known = found.get(experiment) ?? load(experiment);
    found.set(experiment, known);
    return known;
  };
  const load = async (experiment: string) =>
    (await cache.byId(organization, experiment)) ?? records.findByName(organization, experiment);

  return async (outcome: OutcomeInput, key: string): Promise<ExperimentEvent[]> => {
    const now = deps.now();
    const at = outcome.time === undefined ? now : Math.round(outcome.time * 1000);
    checkTime(at, now);
    if (outcome.exposure !== undefined) {
      return [await byExposure(outcome, outcome.exposure, key, at, find)];
    }
    const { metric, value, covariate } = outcome;
    const event = { type: "unmatched" as const, organization, metric, value, at, covariate };
    const none = { request: null, experiment: null, unit: null, unitId: null };
    if (outcome.request !== undefined) {
      checkRequest(outcome.request, exposed, now);
      return [{ ...event, ...none, key, request: outcome.request }];
    }
    const unitId = outcome.unit as string;
    const experiments = await experimentsOfUnit(outcome, at, running, find);
    return experiments.map(({ id, salt }) => ({
      ...event,
      ...none,
      key: `${key}:${id}`,
      experiment: id,
      unit: unitHash.hash(salt, unitId).key,
      unitId,
    }));
  };
}

async function byExposure(
  outcome: OutcomeInput,
  id: string,
  key: string,
  at: number,
  find: (experiment: string) => Promise<ExperimentRecord | null>,
): Promise<ExperimentEvent> {
  const exposure = parseExposureId(id);
  const record = exposure && (await find(exposure.experiment));
  if (!exposure || !record || !verifyExposureId(id, record.salt)) {
    throw new NotFoundError(
      `No such exposure: "${id}"; send the header "x-foreword-exposure" of an answer as it was received`,
      { code: "exposure_not_found", param: "exposure" },
    );
  }
  checkMetric(record, outcome, at);
  const { phase, variant, unit, at: exposedAt } = exposure;
  const { organization, id: experiment } = record;
  if (outcome.covariate) {
    const { metric, value } = outcome;
    const none = { request: null, unitId: null };
    return {
      type: "unmatched",
      organization,
      key,
      ...none,
      experiment,
      unit,
      metric,
      value,
      at,
      covariate: true,
    };
  }
  const values = { [outcome.metric]: outcome.value };
  return { type: "outcome", organization, key, experiment, phase, variant, unit, exposedAt, values, at };
}

/** Requests of these that have been recorded as exposed. */
async function knownRequests(
  deps: Deps,
  organization: string,
  requests: readonly string[],
): Promise<Set<string>> {
  if (requests.length === 0) return new Set();
  const sql = "SELECT id FROM exposures WHERE organization = ?1 AND id IN (SELECT value FROM json_each(?2))";
  const rows = await deps.database.all(sql, organization, JSON.stringify(requests));
  return new Set(rows.map((row) => row["id"] as string));
}

async function experimentsOfUnit(
  outcome: OutcomeInput,
  at: number,
  running: readonly ExperimentRecord[],
  find: (experiment: string) => Promise<ExperimentRecord | null>,
): Promise<readonly ExperimentRecord[]> {
  const { experiment, metric } = outcome;
  if (experiment !== undefined) {
    const record = await find(experiment);
    if (!record) {
      throw new NotFoundError(`No such experiment: "${experiment}"`, {
        code: "experiment_not_found",
        param: "experiment",
      });
    }
    checkMetric(record, outcome, at);
    return [record];
  }
  const measuring = running.filter(({ definition }) => definition.metrics.some(({ key }) => key === metric));
  if (measuring.length === 0) {
    throw new NotFoundError(
      `No running experiment has the metric "${metric}"; declare it with an experiment first`,
      {
        code: "metric_not_found",
        param: "metric",
      },
    );
  }
  for (const record of measuring) checkMetric(record, outcome, -Infinity);
  return measuring;
}
