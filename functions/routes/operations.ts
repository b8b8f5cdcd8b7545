import { createRoute, z } from "@hono/zod-openapi";
import { NotFoundError } from "../../shared/errors.ts";
import { SLUG } from "../../shared/ids.ts";
import type { Deps } from "../deps.ts";
import { parseQueueMessage } from "../events/consume-queue.ts";
import { createRouter } from "../http/app-env.ts";
import { requireDeploymentKey, requireScope } from "../http/authentication.ts";
import { jsonAnswer, jsonBody, pageQuerySchema, pageSchema, toPage, toSeconds } from "../http/openapi.ts";
import { createDeadLetters } from "../records/dead-letters.ts";
import { LAST_ID } from "../records/jobs.ts";
import { createQuotaRecords } from "../records/quotas.ts";

const quotaSchema = z.object({ limit: z.int(), used: z.int() });
const quotasSchema = z.object({
  object: z.literal("quotas"),
  organization: z.string(),
  rows: quotaSchema,
  jobs: quotaSchema,
  tokens: quotaSchema,
});
const limitSchema = z.int().nonnegative().nullable().optional();
const deadLetterSchema = z.object({
  id: z.string(),
  object: z.literal("dead_letter"),
  body: z.unknown(),
  created_at: z.int(),
  resent_at: z.int().nullable(),
});
const auditSchema = z.object({
  id: z.string(),
  object: z.literal("audit_entry"),
  key_id: z.string(),
  method: z.string(),
  path: z.string(),
  status: z.int(),
  request_id: z.string(),
  created_at: z.int(),
});

/** What operators look at: quotas, the audit log, and messages that no retry could deliver. */
export function operationRoutes(deps: Deps) {
  const quotas = createQuotaRecords(deps.database, deps.now);
  const deadLetters = createDeadLetters(deps.database, deps.now);
  const router = createRouter();

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/quotas",
      summary: "Get what the organization may use today, and has used",
      middleware: [requireScope("datasets")],
      responses: jsonAnswer(quotasSchema),
    }),
    async (c) => {
      const { organization } = c.get("caller");
      return c.json({ object: "quotas" as const, organization, ...(await quotas.get(organization)) }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/quotas",
      summary: "Set an organization's daily limits; those left out or null are the usual ones",
      middleware: [requireDeploymentKey],
      request: jsonBody(
        z.strictObject({
          organization: z.string().regex(SLUG),
          rows: limitSchema,
          jobs: limitSchema,
          tokens: limitSchema,
        }),
      ),
      responses: jsonAnswer(quotasSchema),
    }),
    async (c) => {
      const { organization, ...limits } = c.req.valid("json");
      await quotas.set(organization, limits);
      return c.json({ object: "quotas" as const, organization, ...(await quotas.get(organization)) }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/audit_log",
      summary: "List who changed what in the organization, newest first",
      middleware: [requireScope("admin")],
      request: { query: pageQuerySchema },
      responses: jsonAnswer(pageSchema(auditSchema)),
    }),
    async (c) => {
      const { after, limit } = c.req.valid("query");
      const rows = await deps.database.all(
        "SELECT * FROM audit_log WHERE organization = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
        c.get("caller").organization,
        after ?? LAST_ID,
        limit + 1,
      );
      const entries = rows.map((row) => ({
        id: row["id"] as string,
        object: "audit_entry" as const,
        key_id: row["key_id"] as string,
        method: row["method"] as string,
        path: row["path"] as string,
        status: row["status"] as number,
        request_id: row["request_id"] as string,
        created_at: toSeconds(row["created_at"] as number),
      }));
      return c.json(toPage(entries, limit), 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/dead_letters",
      summary: "List messages that no retry could deliver, newest first",
      middleware: [requireDeploymentKey],
      request: { query: pageQuerySchema },
      responses: jsonAnswer(pageSchema(deadLetterSchema)),
    }),
    async (c) => {
      const { after, limit } = c.req.valid("query");
      const letters = await deadLetters.list({ after, limit: limit + 1 });
      const shown = letters.map(({ createdAt, resentAt, ...letter }) => ({
        ...letter,
        object: "dead_letter" as const,
        created_at: toSeconds(createdAt),
        resent_at: resentAt === null ? null : toSeconds(resentAt),
      }));
      return c.json(toPage(shown, limit), 200);
    },
  );

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/dead_letters/{id}/resend",
      summary: "Put a message back on its queue",
      middleware: [requireDeploymentKey],
      request: { params: z.object({ id: z.string() }) },
      responses: jsonAnswer(z.object({ id: z.string(), accepted: z.int() })),
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      const letter = await deadLetters.find(id);
      if (!letter) throw new NotFoundError(`No such dead letter: "${id}"`, { code: "dead_letter_not_found" });
      const events = parseQueueMessage(letter.body);
      await deps.enqueue(events);
      await deadLetters.markResent(id);
      return c.json({ id, accepted: events.length }, 200);
    },
  );

  return router;
}
