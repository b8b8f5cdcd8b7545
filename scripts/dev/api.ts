import type { z } from "zod";
import { InternalError } from "../../shared/errors.ts";

/** The API answered with an error. */
export class ApiError extends InternalError {
  readonly httpStatus: number;
  constructor(message: string, httpStatus: number) {
    super(message);
    this.httpStatus = httpStatus;
  }
}

/** Far longer than any answer takes; without an end, a call that a dying Worker swallowed would wait for minutes. */
const TIMEOUT_MS = 120_000;

/** One call of the API, a POST where there is a body; the schema names what is read of the answer. Throws ApiError. */
export async function callApi<T>(
  url: string,
  key: string,
  path: string,
  schema: z.ZodType<T>,
  body?: unknown,
  timeoutMs: number = TIMEOUT_MS,
): Promise<{ data: T; headers: Headers }> {
  const response = await fetch(new URL(path, url), {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) {
    throw new ApiError(`${path} answered ${response.status}: ${await response.text()}`, response.status);
  }
  return { data: schema.parse(await response.json()), headers: response.headers };
}
