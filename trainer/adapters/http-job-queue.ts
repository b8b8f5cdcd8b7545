import { randomUUID } from "node:crypto";
import pRetry from "p-retry";
import { z } from "zod";
import { heartbeatAnswerSchema, leaseAnswerSchema } from "../../shared/contracts/job.ts";
import { ConflictError, InternalError, InvalidRequestError, UnavailableError } from "../../shared/errors.ts";
import type { JobQueue } from "../../shared/ports/job-queue.ts";

/** A call that is not answered in this time is made again. */
const REQUEST_TIMEOUT_MS = 15_000;
/** About half a minute of trying in all: shorter than a lease, so that a live trainer does not lose its job. */
const RETRIES = 5;

/** The job queue over the Worker's HTTP API. Connection failures, 429 and 5xx are tried again with growing pauses. */
export function createHttpJobQueue(baseUrl: string, key: string): JobQueue {
  const post = (path: string, body: unknown) =>
    pRetry(() => postOnce(new URL(path, baseUrl), key, body), {
      retries: RETRIES,
      minTimeout: 500,
      randomize: true,
      shouldRetry: ({ error }) => !(error instanceof ConflictError || error instanceof InvalidRequestError),
    });
  const job = (id: string, verb: string) => `/v1/trainer/jobs/${id}/${verb}`;
  return {
    async lease() {
      // The same name for every try: where an answer was lost, the next one brings the job that it was about.
      const answer = await post("/v1/trainer/leases", { request: randomUUID() });
      return answer === null ? null : leaseAnswerSchema.parse(answer);
    },
    async heartbeat(id, token, progress) {
      return heartbeatAnswerSchema.parse(await post(job(id, "heartbeat"), { token, progress }));
    },
    async complete(id, token, prompt) {
      return z.object({ model: z.string() }).parse(await post(job(id, "complete"), { token, prompt })).model;
    },
    async fail(id, token, error, retry) {
      await post(job(id, "fail"), { token, error, retry });
    },
    async release(id, token) {
      await post(job(id, "release"), { token });
    },
  };
}

async function postOnce(url: URL, key: string, body: unknown): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch (cause) {
    throw new UnavailableError(`No answer from ${url.origin}`, { code: "api_unreachable", cause });
  }
  if (response.status === 204) return null;
  if (response.ok) return readJson(response);
  const message = `${url.pathname} answered ${response.status}: ${await response.text()}`;
  if (response.status === 409) throw new ConflictError(message, { code: "lease_lost" });
  if (response.status === 429 || response.status >= 500) throw new UnavailableError(message);
  if (response.status === 401 || response.status === 403)
    throw new InvalidRequestError(message, { code: "trainer_key" });
  throw response.status < 500 ? new InvalidRequestError(message) : new InternalError(message);
}

/** An answer that broke off or was mangled on its way is as good as none. */
async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    throw new UnavailableError("The answer is not JSON", { code: "api_unreachable", cause });
  }
}
