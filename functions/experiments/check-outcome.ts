import {
  experimentLimits,
  isBuiltIn,
  type MetricKind,
  type OutcomeInput,
} from "../../shared/contracts/experiment.ts";
import { ConflictError, InvalidRequestError, NotFoundError } from "../../shared/errors.ts";
import type { ExperimentRecord } from "../records/experiments.ts";

const MS_PER_DAY = 86_400_000;
/** A reporter's clock may be ahead of ours by this. */
const MAX_FUTURE_MS = 5 * 60_000;
/** A request that is older than this and has no exposure will not get one. */
const MAX_EXPOSURE_DELAY_MS = 10 * 60_000;
const ULID_TIME_LENGTH = 10;
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * Throws NotFoundError for a request that met no experiment. A young one's exposure may still be in the queue; that of an
 * old one would have been recorded.
 */
export function checkRequest(request: string, exposed: ReadonlySet<string>, now: number): void {
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

/** Throws InvalidRequestError for a time that lies in the future or too far back. Milliseconds since 1970. */
export function checkTime(at: number, now: number): void {
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

/**
 * Throws InvalidRequestError where an experiment has no such metric or the value does not fit it, ConflictError where the
 * outcome lies behind the experiment's end.
 */
export function checkMetric(
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
