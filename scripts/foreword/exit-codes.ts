/** How the tool ends, so that scripts can tell what to do next. */
export const exitCodes = {
  ok: 0,
  /** Something that none of the others names; a job that failed. */
  failed: 1,
  usage: 2,
  /** No key, a wrong key, or one that may not do this. */
  auth: 3,
  notFound: 4,
  /** The data or the request was refused: trying again changes nothing. */
  validation: 5,
  /** sysexits' EX_TEMPFAIL: no answer, too many requests, or the server's fault. */
  tryAgain: 75,
} as const;

/** An error that a user of the tool can do something about; shown without a stack. */
export class CliError extends Error {
  readonly exitCode: number;
  /** Stable and machine-readable, as in the API's errors. */
  readonly code: string | null;

  constructor(message: string, exitCode: number, { code, cause }: { code?: string; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.exitCode = exitCode;
    this.code = code ?? null;
  }
}

const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const NOT_FOUND = 404;
const TIMED_OUT = 408;
const TOO_MANY_REQUESTS = 429;
const SERVER_FAULT = 500;

/** The exit code that an HTTP status stands for. */
export function exitCodeOfStatus(status: number): number {
  if (status === UNAUTHORIZED || status === FORBIDDEN) return exitCodes.auth;
  if (status === NOT_FOUND) return exitCodes.notFound;
  if (isTemporary(status)) return exitCodes.tryAgain;
  return exitCodes.validation;
}

/** Whether the same request may succeed later. */
export function isTemporary(status: number): boolean {
  return status === TIMED_OUT || status === TOO_MANY_REQUESTS || status >= SERVER_FAULT;
}
