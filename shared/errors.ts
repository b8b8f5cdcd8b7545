/** The `type` field of an error body, as OpenAI's API names the families. */
export type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "conflict_error"
  | "rate_limit_error"
  | "server_error"
  | "service_unavailable_error";

export interface ErrorDetails {
  /** Stable, machine-readable, snake_case. */
  code?: string;
  /** The request field at fault. */
  param?: string;
  cause?: unknown;
  /** Seconds after which trying again makes sense. */
  retryAfter?: number;
}

/** Root of every error that Foreword throws on purpose: what was found, what was wanted, and whose fault it is. */
export abstract class ForewordError extends Error {
  abstract readonly status: number;
  abstract readonly type: ErrorType;
  readonly code: string | null;
  readonly param: string | null;
  readonly retryAfter: number | undefined;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code ?? null;
    this.param = details.param ?? null;
    this.retryAfter = details.retryAfter;
  }
}

/** The caller sent something that cannot be right. */
export class InvalidRequestError extends ForewordError {
  readonly status: number = 400;
  readonly type = "invalid_request_error";
}

/** The caller sent well-formed data whose content is refused: a dataset row, a soft prompt, a model file. */
export class InvalidDataError extends InvalidRequestError {
  override readonly status = 422;
}

export class AuthenticationError extends ForewordError {
  readonly status = 401;
  readonly type = "authentication_error";
}

export class PermissionError extends ForewordError {
  readonly status = 403;
  readonly type = "permission_error";
}

/** OpenAI's API takes a wrong name for a wrong request; `code` says what was not found. */
export class NotFoundError extends ForewordError {
  readonly status = 404;
  readonly type = "invalid_request_error";
}

/** The request is right in itself but not in the present state: a lease that is gone, an ended job. */
export class ConflictError extends ForewordError {
  readonly status = 409;
  readonly type = "conflict_error";
}

export class PayloadTooLargeError extends ForewordError {
  readonly status = 413;
  readonly type = "invalid_request_error";
}

export class RateLimitError extends ForewordError {
  readonly status = 429;
  readonly type = "rate_limit_error";
}

/** Our fault. What exactly is for the log: callers over HTTP are only told the code. */
export class InternalError extends ForewordError {
  readonly status: number = 500;
  readonly type: ErrorType = "server_error";
}

/** Right now it cannot be done; later it can. The message is for the caller; what only we need to know goes into the cause. */
export class UnavailableError extends InternalError {
  override readonly status = 503;
  override readonly type = "service_unavailable_error";
}

/** The body that answers a failed request: `{error: {message, type, param, code}}`. */
export interface ErrorBody {
  error: { message: string; type: ErrorType; param: string | null; code: string | null };
}

/** OpenAI-shaped body of an error. */
export function errorBody(error: ForewordError): ErrorBody {
  return {
    error: { message: error.message, type: error.type, param: error.param, code: error.code },
  };
}
