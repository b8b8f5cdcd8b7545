import type { SqlRow } from "../../shared/ports/sql-database.ts";
import type { Deps } from "../deps.ts";
import { checkWebhookUrl } from "./check-url.ts";
import { signedHeaders } from "./sign.ts";

/** A receiver has this long to answer. */
const TIMEOUT_MS = 5000;
/** Pauses before the attempts after the first: about a day and a half in all. */
const PAUSES_MS = [5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400].map((seconds) => seconds * 1000);
/** Deliveries of one run, and a claim's length: as many as are done within it for sure. */
const BATCH = 20;
const CLAIM_MS = BATCH * TIMEOUT_MS;

/** How a request goes out. */
export type Send = (url: URL, init: RequestInit) => Promise<Response>;
/** Cloudflare's network has no way to private addresses, so a public name that resolves to one leads nowhere. */
const fetchIt: Send = (url, init) => fetch(url, init);

/**
 * Delivers what is due, each message at least once: it is claimed for a while, sent, and settled by the receiver's answer.
 * Whatever goes wrong ends in the delivery log and in another attempt later.
 */
export async function deliverWebhooks(
  { database, now, log, sendWebhook }: Pick<Deps, "database" | "now" | "log" | "sendWebhook">,
  send: Send = sendWebhook ?? fetchIt,
): Promise<void> {
  const rows = await database.all(
    `UPDATE webhook_deliveries SET next_attempt_at = ?1, attempts = attempts + 1
     WHERE id IN (SELECT id FROM webhook_deliveries WHERE status = 'pending' AND next_attempt_at <= ?2
                  ORDER BY next_attempt_at LIMIT ${BATCH})
     RETURNING *`,
    now() + CLAIM_MS,
    now(),
  );
  await Promise.all(rows.map(deliver));

  async function deliver(delivery: SqlRow): Promise<void> {
    const { status, error } = await attempt(delivery);
    const attempts = delivery["attempts"] as number;
    const pause = PAUSES_MS[attempts - 1];
    const done = error === null;
    const outcome = done ? "delivered" : pause === undefined ? "failed" : "pending";
    await database.run(
      `UPDATE webhook_deliveries SET status = ?2, last_status = ?3, last_error = ?4, next_attempt_at = ?5, delivered_at = ?6
       WHERE id = ?1`,
      delivery["id"] as string,
      outcome,
      status,
      error,
      outcome === "pending" ? now() + (pause as number) : null,
      done ? now() : null,
    );
    log({
      level: done ? "info" : "warn",
      message: `Webhook ${outcome}`,
      delivery: delivery["id"],
      attempts,
      status,
    });
  }

  async function attempt(delivery: SqlRow): Promise<{ status: number | null; error: string | null }> {
    const sql = "SELECT * FROM webhooks WHERE id = ?1 AND deleted_at IS NULL";
    const webhook = await database.first(sql, delivery["webhook_id"] as string);
    if (!webhook) return { status: null, error: "The webhook was deleted" };
    const body = delivery["body"] as string;
    const secrets = [webhook["secret"] as string];
    if (((webhook["old_secret_until"] as number | null) ?? 0) > now())
      secrets.push(webhook["old_secret"] as string);
    try {
      const url = checkWebhookUrl(webhook["url"] as string);
      const signed = await signedHeaders(
        secrets,
        delivery["message_id"] as string,
        Math.floor(now() / 1000),
        body,
      );
      const response = await send(url, {
        method: "POST",
        headers: { ...signed, "content-type": "application/json", "user-agent": "Foreword-Webhooks/1" },
        body,
        // A redirect could lead anywhere, a private address too.
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      const { status } = response;
      return { status, error: response.ok ? null : `The receiver answered ${status}` };
    } catch (error) {
      return { status: null, error: error instanceof Error ? error.message : String(error) };
    }
  }
}
