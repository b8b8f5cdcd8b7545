import { createRoute, z } from "@hono/zod-openapi";
import { NotFoundError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import { createRouter } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { afterAnswer } from "../http/background.ts";
import { jsonAnswer, jsonBody, pageQuerySchema, pageSchema, toPage, toSeconds } from "../http/openapi.ts";
import {
  createWebhookRecords,
  webhookEvents,
  type DeliveryRecord,
  type WebhookRecord,
} from "../records/webhooks.ts";
import { checkWebhookUrl } from "../webhooks/check-url.ts";
import { deliverWebhooks } from "../webhooks/deliver.ts";
import { newSecret } from "../webhooks/sign.ts";

/** As long as the specification advises. */
const OLD_SECRET_MS = 24 * 60 * 60_000;

const webhookSchema = z
  .object({
    id: z.string(),
    object: z.literal("webhook"),
    url: z.string(),
    events: z.array(z.enum(webhookEvents)),
    created_at: z.int(),
  })
  .openapi("Webhook");
const newWebhookSchema = webhookSchema.extend({ secret: z.string() }).openapi("NewWebhook");
const deliverySchema = z
  .object({
    id: z.string(),
    object: z.literal("webhook.delivery"),
    message_id: z.string(),
    type: z.string(),
    status: z.enum(["pending", "delivered", "failed"]),
    attempts: z.int(),
    next_attempt_at: z.int().nullable(),
    last_status: z.int().nullable(),
    last_error: z.string().nullable(),
    created_at: z.int(),
    delivered_at: z.int().nullable(),
  })
  .openapi("WebhookDelivery");
const params = z.object({ id: z.string() });

/** `/v1/webhooks`: where to tell of jobs and experiments that ended, by Standard Webhooks. */
export function webhookRoutes(deps: Deps) {
  const webhooks = createWebhookRecords(deps.database, deps.now);
  const router = createRouter();
  router.use("/v1/webhooks", requireScope("admin"));
  router.use("/v1/webhooks/*", requireScope("admin"));

  const find = async (organization: string, id: string): Promise<WebhookRecord> => {
    const webhook = await webhooks.find(organization, id);
    if (webhook) return webhook;
    throw new NotFoundError(`No such webhook: "${id}"`, { code: "webhook_not_found", param: "id" });
  };

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/webhooks",
      summary: "Create a webhook; its signing secret is in this answer only",
      request: jsonBody(
        z.strictObject({
          url: z.string(),
          events: z
            .array(z.enum(webhookEvents))
            .min(1)
            .default([...webhookEvents]),
        }),
      ),
      responses: jsonAnswer(newWebhookSchema),
    }),
    async (c) => {
      const { url, events } = c.req.valid("json");
      const secret = newSecret();
      const { organization } = c.get("caller");
      const webhook = await webhooks.create(organization, checkWebhookUrl(url).href, events, secret);
      return c.json({ ...present(webhook), secret }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/webhooks",
      summary: "List the organization's webhooks, newest first",
      request: { query: pageQuerySchema },
      responses: jsonAnswer(pageSchema(webhookSchema)),
    }),
    async (c) => {
      const { after, limit } = c.req.valid("query");
      const found = await webhooks.list(c.get("caller").organization, { after, limit: limit + 1 });
      return c.json(toPage(found.map(present), limit), 200);
    },
  );

  router.openapi(
    createRoute({
      method: "delete",
      path: "/v1/webhooks/{id}",
      summary: "Delete a webhook; what it was still to be told is dropped",
      request: { params },
      responses: jsonAnswer(
        z.object({ id: z.string(), object: z.literal("webhook"), deleted: z.literal(true) }),
      ),
    }),
    async (c) => {
      const { organization } = c.get("caller");
      const { id } = await find(organization, c.req.valid("param").id);
      await webhooks.remove(organization, id);
      return c.json({ id, object: "webhook" as const, deleted: true as const }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/webhooks/{id}/rotate",
      summary: "Get a new signing secret; for a day messages carry both signatures",
      request: { params },
      responses: jsonAnswer(newWebhookSchema),
    }),
    async (c) => {
      const { organization } = c.get("caller");
      const webhook = await find(organization, c.req.valid("param").id);
      const secret = newSecret();
      await webhooks.rotate(organization, webhook.id, secret, deps.now() + OLD_SECRET_MS);
      return c.json({ ...present(webhook), secret }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/webhooks/{id}/deliveries",
      summary: "List a webhook's deliveries, newest first",
      request: { params, query: pageQuerySchema },
      responses: jsonAnswer(pageSchema(deliverySchema)),
    }),
    async (c) => {
      const { id } = await find(c.get("caller").organization, c.req.valid("param").id);
      const { after, limit } = c.req.valid("query");
      const found = await webhooks.deliveries(id, { after, limit: limit + 1 });
      return c.json(toPage(found.map(presentDelivery), limit), 200);
    },
  );

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/webhooks/{id}/deliveries/{delivery}/redeliver",
      summary: "Send a message again",
      request: { params: params.extend({ delivery: z.string() }) },
      responses: jsonAnswer(z.object({ id: z.string(), status: z.literal("pending") })),
    }),
    async (c) => {
      const { id, delivery } = c.req.valid("param");
      const webhook = await find(c.get("caller").organization, id);
      if (!(await webhooks.redeliver(webhook.id, delivery))) {
        throw new NotFoundError(`No such delivery: "${delivery}"`, {
          code: "delivery_not_found",
          param: "delivery",
        });
      }
      afterAnswer(c, deliverWebhooks(deps));
      return c.json({ id: delivery, status: "pending" as const }, 200);
    },
  );

  return router;
}

function present({ id, url, events, createdAt }: WebhookRecord) {
  return { id, object: "webhook" as const, url, events: [...events], created_at: toSeconds(createdAt) };
}

function presentDelivery(delivery: DeliveryRecord): z.infer<typeof deliverySchema> {
  const seconds = (time: number | null) => (time === null ? null : toSeconds(time));
  return {
    id: delivery.id,
    object: "webhook.delivery",
    message_id: delivery.messageId,
    type: delivery.type,
    status: delivery.status,
    attempts: delivery.attempts,
    next_attempt_at: seconds(delivery.nextAttemptAt),
    last_status: delivery.lastStatus,
    last_error: delivery.lastError,
    created_at: toSeconds(delivery.createdAt),
    delivered_at: seconds(delivery.deliveredAt),
  };
}
