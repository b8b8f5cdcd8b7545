import {
  experimentLimits,
  isBuiltIn,
  type MetricKind,
  type OutcomeInput,
} from "../../shared/contracts/experiment.ts";
import { ConflictError, ForewordError, InvalidRequestError, NotFoundError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import type { ExperimentRecord } from "../records/experiments.ts";
import type { ExperimentEvent } from "./events.ts";
import { parseExposureId, verifyExposureId } from "./exposure-id.ts";
import { experimentsOf } from "./service.ts";
import { unitHash } from "./unit-hash.ts";

const MS_PER_DAY = 86_400_000;
/** A reporter's clock may be ahead of ours by this. */
const MAX_FUTURE_MS = 5 * 60_000;
/** A request that is older than this and has no exposure will not get one. */
const MAX_EXPOSURE_DELAY_MS = 10 * 60_000;
const ULID_TIME_LENGTH = 10;
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

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

/** A young request's exposure may still be in the queue; that of an old one would have been recorded. */
function checkRequest(request: string, exposed: ReadonlySet<string>, now: number): void {
  if (exposed.has(request) || now - timeOfRequest(request) < MAX_EXPOSURE_DELAY_MS) return;
  throw new NotFoundError(
    `Request "${request}" met no experiment; send the "x-request-id" of an answer that has "x-foreword-exposure"`,
    {
      code: "exposure_not_found",
      param: "request",
    },
  );
}

/** Milliseconds since 1970 from an id's ULID; -Infinity where it has none. */
function timeOfRequest(request: string): number {
  const time = /^req_([0-9A-HJKMNP-TV-Z]{10})[0-9A-HJKMNP-TV-Z]{16}$/.exec(request)?.[1];
  if (time?.length !== ULID_TIME_LENGTH) return -Infinity;
  return Array.from(time, (digit) => CROCKFORD.indexOf(digit)).reduce(
    (sum, digit) => sum * CROCKFORD.length + digit,
    0,
  );
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

function checkTime(at: number, now: number): void {
  if (at > now + MAX_FUTURE_MS) {
    throw new InvalidRequestError(
      `"time" lies ${Math.round((at - now) / 1000)} s in the future; send seconds since 1970`,
      {
        code: "invalid_value",
        param: "time",
      },
    );
  }
  if (at < now - experimentLimits.outcomeAgeDays * MS_PER_DAY) {
    throw new InvalidRequestError(
      `"time" lies more than ${experimentLimits.outcomeAgeDays} days back; such outcomes are no longer taken`,
      {
        code: "outcome_too_old",
        param: "time",
      },
    );
  }
}

function checkMetric(
  { name, definition, endedAt }: ExperimentRecord,
  outcome: OutcomeInput,
  at: number,
): void {
  const metric = definition.metrics.find(({ key }) => key === outcome.metric);
  if (!metric || isBuiltIn(metric.key)) {
    const own = definition.metrics.filter(({ key }) => !isBuiltIn(key)).map(({ key }) => `"${key}"`);
    const why = metric ? "is measured by Foreword itself" : "is none of its metrics";
    throw new InvalidRequestError(
      `"${outcome.metric}" ${why}; experiment "${name}" takes ${own.join(", ") || "no reported metrics"}`,
      { code: "metric_not_found", param: "metric" },
    );
  }
  if (!outcome.covariate) checkValue(metric.kind, outcome.value, metric.key);
  if (endedAt !== null && at > endedAt) {
    throw new ConflictError(
      `Experiment "${name}" ended before this outcome; only what happened before its end is counted`,
      {
        code: "experiment_ended",
        param: "time",
      },
    );
  }
}

function checkValue(kind: MetricKind, value: number, metric: string): void {
  const wanted = {
    binary: "0 or 1 (or true or false)",
    count: "a whole number, 0 or more",
    continuous: "a finite number",
  };
  const fits =
    kind === "binary"
      ? value === 0 || value === 1
      : kind === "count"
        ? Number.isSafeInteger(value) && value >= 0
        : Number.isFinite(value);
  if (fits) return;
  throw new InvalidRequestError(`Metric "${metric}" is ${kind}: found ${value}, wanted ${wanted[kind]}`, {
    code: "invalid_value",
    param: "value",
  });
}
