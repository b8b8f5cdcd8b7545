import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";

/** Lets work go on after the answer; it must handle its own errors. Under Node there is nothing to ask for. */
export function afterAnswer(c: Context<AppEnv>, work: Promise<void>): void {
  executionContextOf(c)?.waitUntil(work);
}

/** What keeps a request alive in workerd. Hono throws where the runtime has none: a process lives on anyway. */
export function executionContextOf(c: Context<AppEnv>) {
  try {
    return c.executionCtx;
  } catch {
    return undefined;
  }
}
