import type { ErrorHandler, NotFoundHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import {
  errorBody,
  ForewordError,
  InternalError,
  InvalidRequestError,
  NotFoundError,
} from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "./app-env.ts";

const UNEXPECTED = "The server had an error while processing the request; its id is in x-request-id";

/** Turns every error into an OpenAI-shaped answer; what is our fault is logged, and its details stay here. */
export function errorHandler(deps: Deps): ErrorHandler<AppEnv> {
  return (error, c) => {
    const known = toForewordError(error);
    if (known.status >= 500) {
      deps.log({
        level: "error",
        message: known.message,
        error: [error.stack ?? String(error), ...causesOf(error)].join("\ncaused by: "),
        requestId: c.get("requestId"),
        path: c.req.routePath,
      });
    }
    if (known.retryAfter !== undefined) c.header("retry-after", String(known.retryAfter));
    return c.json(errorBody(forCallers(known)), known.status as 400);
  };
}

/** Answers a path that no route has. */
export const notFoundHandler: NotFoundHandler<AppEnv> = (c) => {
  const error = new NotFoundError(`Unknown request URL: ${c.req.method} ${c.req.path}`, {
    code: "unknown_url",
  });
  return c.json(errorBody(error), 404);
};

/** What lies behind an error, down to the first thing that went wrong. */
function causesOf(error: Error): string[] {
  const { cause } = error;
  return cause instanceof Error ? [String(cause), ...causesOf(cause)] : [];
}

/** Our own faults speak of keys, digests and hosts that are nobody else's business; their code says enough. */
function forCallers(error: ForewordError): ForewordError {
  if (error.status !== 500) return error;
  return new InternalError(UNEXPECTED, { code: error.code ?? "internal_error" });
}

function toForewordError(error: Error): ForewordError {
  if (error instanceof ForewordError) return error;
  if (error instanceof HTTPException && error.status < 500) {
    // Hono's own: a body that is no JSON, a wrong content type.
    const code = error.message.startsWith("Malformed JSON") ? "invalid_json" : "invalid_request";
    return new InvalidRequestError(error.message || "Malformed request", { code, cause: error });
  }
  return new InternalError(UNEXPECTED, { code: "internal_error", cause: error });
}
