import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";

/** Lets work go on after the answer; it must handle its own errors. Under Node there is nothing to ask for. */
export function afterAnswer(c: Context<AppEnv>, work: Promise<void>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // Hono throws where the runtime has no such context: the process lives on anyway.
  }
}
