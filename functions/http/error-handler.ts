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

/** Turns every error into an OpenAI-shaped answer; what is our fault is logged, and its details stay here. */
export function errorHandler(deps: Deps): ErrorHandler<AppEnv> {
  return (error, c) => {
    const known = toForewordError(error);
    if (known.status >= 500) {
      deps.log({
        level: "error",
        message: known.message,
        error: error.stack ?? String(error),
        requestId: c.get("requestId"),
        path: c.req.routePath,
      });
    }
    if (known.retryAfter !== undefined) c.header("retry-after", String(known.retryAfter));
    return c.json(errorBody(known), known.status as 400);
  };
}

/** Answers a path that no route has. */
export const notFoundHandler: NotFoundHandler<AppEnv> = (c) => {
  const error = new NotFoundError(`Unknown request URL: ${c.req.method} ${c.req.path}`, {
    code: "unknown_url",
  });
  return c.json(errorBody(error), 404);
};

function toForewordError(error: Error): ForewordError {
  if (error instanceof ForewordError) return error;
  if (error instanceof HTTPException && error.status < 500) {
    // Hono's own: a body that is no JSON, a wrong content type.
    return new InvalidRequestError(error.message || "Malformed request", {
      code: "invalid_request",
      cause: error,
    });
  }
  return new InternalError("The server had an error while processing the request", {
    code: "internal_error",
    cause: error,
  });
}
