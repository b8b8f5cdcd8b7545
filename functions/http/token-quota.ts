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
 * Counts generated tokens against the organisation's daily quota. Answers say what they used; of a stream without usage each
 * event counts as one token. Throws RateLimitError (`quota_exceeded`).
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
    await next();
    const type = c.res.headers.get("content-type") ?? "";
    if (!c.res.ok || !c.res.body) return;
    const count = (tokens: number) => {
      account.pending += tokens;
      if (deps.now() - account.writtenAt < PERIOD_MS) return;
      account.writtenAt = deps.now();
      afterAnswer(c, flush(organization, account));
    };
    if (type.startsWith("application/json")) count(tokensOf(await c.res.clone().text()));
    else if (type.startsWith("text/event-stream"))
      c.res = new Response(c.res.body.pipeThrough(counter(count)), c.res);
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

function tokensOf(json: string): number {
  return Number(/"total_tokens":\s*(\d+)/.exec(json)?.[1] ?? 0);
}

/** Passes server-sent events on and counts them; usage, where an event carries it, is what counts. */
function counter(count: (tokens: number) => void): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  let events = 0;
  let usage = 0;
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      const text = decoder.decode(chunk, { stream: true });
      events += text.split("data: {").length - 1;
      usage = Math.max(usage, tokensOf(text));
      controller.enqueue(chunk);
    },
    flush: () => count(usage || events),
  });
}
