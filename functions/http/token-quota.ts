import type { MiddlewareHandler } from "hono";
import type { Deps } from "../deps.ts";
import { createQuotaRecords } from "../records/quotas.ts";
import type { AppEnv } from "./app-env.ts";
import { afterAnswer } from "./background.ts";

/** Paths whose answers are generated. */
const GENERATING = ["/v1/chat/completions", "/v1/completions", "/v1/classifications"];
/** Usage is checked and written this often for an organisation and isolate: a day's quota needs no more. */
const PERIOD_MS = 5000;

interface Account {
  pending: number;
  writtenAt: number;
  checkedAt: number;
}

/**
 * Counts an answer's tokens, the input's among them, against the organisation's daily quota; those of an answer that broke off
 * too. Throws RateLimitError (`quota_exceeded`).
 */
export function limitTokens(deps: Pick<Deps, "database" | "now" | "log">): MiddlewareHandler<AppEnv> {
  const quotas = createQuotaRecords(deps.database, deps.now);
  const accounts = new Map<string, Account>();
  return async (c, next) => {
    if (!GENERATING.includes(c.req.path)) return next();
    const { organization } = c.get("caller");
    const account = accounts.get(organization) ?? { pending: 0, writtenAt: 0, checkedAt: 0 };
    accounts.set(organization, account);
    if (deps.now() - account.checkedAt >= PERIOD_MS) {
      await quotas.require(organization, ["tokens"]);
      account.checkedAt = deps.now();
    }
    c.set("spendTokens", (tokens) => {
      account.pending += tokens;
      if (account.pending === 0 || deps.now() - account.writtenAt < PERIOD_MS) return;
      account.writtenAt = deps.now();
      afterAnswer(c, flush(organization, account));
    });
    await next();
  };

  async function flush(organization: string, account: Account): Promise<void> {
    const { pending } = account;
    account.pending = 0;
    try {
      await quotas.addTokens(organization, pending);
    } catch (error) {
      account.pending += pending;
      deps.log({ level: "error", message: "Token usage could not be written", error: String(error) });
    }
  }
}
