import type { MiddlewareHandler } from "hono";
import { RateLimitError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "./app-env.ts";

/** For keys without a limit of their own. Far more than people send, far less than a loop does. */
export const USUAL_REQUESTS_PER_MINUTE = 3000;
/** Buckets kept; the least recently used goes first, and comes back full. */
const MAX_BUCKETS = 10_000;
const MINUTE_MS = 60_000;

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Limits a key's requests by a token bucket that holds one minute's worth. It lives in the isolate: a limit kept in D1 would
 * cost every request a write and tens of milliseconds, and what one isolate can do is what has to be protected. A key that
 * is served by several isolates gets as much in each; what it may use in a day is bounded by the quotas, which D1 counts.
 * Trainers are not limited: a job must not die of its neighbours' heartbeats.
 */
export function limitRate({ now }: Pick<Deps, "now">): MiddlewareHandler<AppEnv> {
  const buckets = new Map<string, Bucket>();
  return async (c, next) => {
    const { keyId, scopes, requestsPerMinute } = c.get("caller");
    if (scopes.includes("trainer") || scopes.includes("events")) return next();
    const limit = requestsPerMinute ?? USUAL_REQUESTS_PER_MINUTE;
    const time = now();
    const bucket = buckets.get(keyId) ?? { tokens: limit, at: time };
    buckets.delete(keyId);
    buckets.set(keyId, bucket);
    if (buckets.size > MAX_BUCKETS) buckets.delete(buckets.keys().next().value as string);
    bucket.tokens = Math.min(limit, bucket.tokens + ((time - bucket.at) * limit) / MINUTE_MS);
    bucket.at = time;
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens--;
    c.header("x-ratelimit-limit-requests", String(limit));
    c.header("x-ratelimit-remaining-requests", String(Math.floor(bucket.tokens)));
    c.header("x-ratelimit-reset-requests", `${Math.ceil(((limit - bucket.tokens) * MINUTE_MS) / limit)}ms`);
    if (!allowed) {
      const seconds = Math.max(1, Math.ceil((1 - bucket.tokens) * (MINUTE_MS / limit / 1000)));
      throw new RateLimitError(
        `Rate limit reached: this key may send ${limit} requests a minute; try again in ${seconds} s`,
        {
          code: "rate_limit_exceeded",
          retryAfter: seconds,
        },
      );
    }
    await next();
  };
}
