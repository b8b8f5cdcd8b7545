import type { Context } from "hono";
import type { AppEnv } from "../http/app-env.ts";
import { executionContextOf } from "../http/background.ts";
import { createCancellation } from "./cancellation.ts";
import type { Lifetime } from "./session.ts";

/** The reason of a cancelled request; nobody is left to read an answer. */
export class CallerGoneError extends Error {
  override readonly name = "CallerGoneError";
  constructor() {
    super("The caller closed the connection");
  }
}

/** A request's lifetime, and a way to end it early: when a streamed answer is no longer read. */
export interface RequestLifetime extends Lifetime {
  abort(): void;
}

/** Follows the request's own signal, in runtimes that give it, and keeps the runtime from ending work in the middle. */
export function requestLifetime(c: Context<AppEnv>): RequestLifetime {
  const cancellation = createCancellation();
  const abort = () => cancellation.cancel(new CallerGoneError());
  const { signal } = c.req.raw;
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  return {
    cancellation,
    abort,
    keepAlive(promise) {
      executionContextOf(c)?.waitUntil(promise);
    },
    spend: (tokens) => c.get("spendTokens")?.(tokens),
  };
}
