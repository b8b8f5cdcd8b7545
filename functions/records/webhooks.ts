import { z } from "zod";
import { newId } from "../../shared/ids.ts";
import type { SqlDatabase, SqlRow } from "../../shared/ports/sql-database.ts";
import { LAST_ID } from "./jobs.ts";

/** What a webhook can be told of. */
export const webhookEvents = [
  "fine_tuning.job.succeeded",
  "fine_tuning.job.failed",
  "fine_tuning.job.cancelled",
  "experiment.paused",
  "experiment.promoted",
  "experiment.rolled_back",
  "experiment.stopped",
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];
const eventsSchema = z.array(z.enum(webhookEvents));

/** Where an organisation wants to hear of things. Times are milliseconds since 1970. */
export interface WebhookRecord {
  readonly id: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly createdAt: number;
}

/** One message to one webhook. */
export interface DeliveryRecord {
  readonly id: string;
  readonly messageId: string;
  readonly type: string;
  readonly status: "pending" | "delivered" | "failed";
  readonly attempts: number;
  readonly nextAttemptAt: number | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly createdAt: number;
  readonly deliveredAt: number | null;
}

interface Page {
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface WebhookRecords {
  create(
    organization: string,
    url: string,
    events: readonly WebhookEvent[],
    secret: string,
  ): Promise<WebhookRecord>;
  find(organization: string, id: string): Promise<WebhookRecord | null>;
  list(organization: string, page: Page): Promise<WebhookRecord[]>;
  remove(organization: string, id: string): Promise<void>;
  /** The old secret goes on signing beside the new one until `oldUntil`. */
  rotate(organization: string, id: string, secret: string, oldUntil: number): Promise<void>;
  /** Newest first. */
  deliveries(webhookId: string, page: Page): Promise<DeliveryRecord[]>;
  /** Sends a message again, whatever became of it. False when the webhook has no such delivery. */
  redeliver(webhookId: string, deliveryId: string): Promise<boolean>;
}

const LIVE = "organization = ?1 AND deleted_at IS NULL";

export function createWebhookRecords(database: SqlDatabase, now: () => number): WebhookRecords {
  return {
    async create(organization, url, events, secret) {
      const id = newId("webhook", now());
      await database.run(
        "INSERT INTO webhooks (id, organization, url, events_json, secret, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        id,
        organization,
        url,
        JSON.stringify(events),
        secret,
        now(),
      );
      return { id, url, events, createdAt: now() };
    },
    async find(organization, id) {
      const row = await database.first(`SELECT * FROM webhooks WHERE ${LIVE} AND id = ?2`, organization, id);
      return row && toWebhook(row);
    },
    async list(organization, { after, limit }) {
      const sql = `SELECT * FROM webhooks WHERE ${LIVE} AND id < ?2 ORDER BY id DESC LIMIT ?3`;
      return (await database.all(sql, organization, after ?? LAST_ID, limit)).map(toWebhook);
    },
    async remove(organization, id) {
      const gone = `UPDATE webhooks SET deleted_at = ?3 WHERE ${LIVE} AND id = ?2`;
      await database.run(gone, organization, id, now());
    },
    async rotate(organization, id, secret, oldUntil) {
      const sql = `UPDATE webhooks SET old_secret = secret, old_secret_until = ?4, secret = ?3 WHERE ${LIVE} AND id = ?2`;
      await database.run(sql, organization, id, secret, oldUntil);
    },
    async deliveries(webhookId, { after, limit }) {
      const sql =
        "SELECT * FROM webhook_deliveries WHERE webhook_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
      return (await database.all(sql, webhookId, after ?? LAST_ID, limit)).map(toDelivery);
    },
    async redeliver(webhookId, deliveryId) {
      const sql = `UPDATE webhook_deliveries SET status = 'pending', attempts = 0, next_attempt_at = ?3
                   WHERE webhook_id = ?1 AND id = ?2`;
      return (await database.run(sql, webhookId, deliveryId, now())) > 0;
    },
  };
}

function toWebhook(row: SqlRow): WebhookRecord {
  return {
    id: row["id"] as string,
    url: row["url"] as string,
    events: eventsSchema.parse(JSON.parse(row["events_json"] as string)),
    createdAt: row["created_at"] as number,
  };
}

function toDelivery(row: SqlRow): DeliveryRecord {
  return {
    id: row["id"] as string,
    messageId: row["message_id"] as string,
    type: row["type"] as string,
    status: row["status"] as DeliveryRecord["status"],
    attempts: row["attempts"] as number,
    nextAttemptAt: row["next_attempt_at"] as number | null,
    lastStatus: row["last_status"] as number | null,
    lastError: row["last_error"] as string | null,
    createdAt: row["created_at"] as number,
    deliveredAt: row["delivered_at"] as number | null,
  };
}
