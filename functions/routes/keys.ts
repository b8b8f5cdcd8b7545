import { createRoute, z } from "@hono/zod-openapi";
import { defaultScopes, scopeSchema } from "../../shared/contracts/key.ts";
import { NotFoundError, PermissionError } from "../../shared/errors.ts";
import { SLUG } from "../../shared/ids.ts";
import type { Deps } from "../deps.ts";
import { createRouter } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { callersOf, DEPLOYMENT_KEY } from "../http/callers.ts";
import { jsonAnswer, jsonBody, toSeconds } from "../http/openapi.ts";
import { createKeyRecords, type KeyRecord } from "../records/keys.ts";

const keySchema = z
  .object({
    id: z.string(),
    object: z.literal("key"),
    name: z.string(),
    organization: z.string(),
    hint: z.string(),
    scopes: z.array(scopeSchema),
    created_at: z.int(),
    last_used_at: z.int().nullable(),
    expires_at: z.int().nullable(),
    requests_per_minute: z.int().nullable(),
  })
  .openapi("Key");
const newKeySchema = keySchema.extend({ key: z.string() }).openapi("NewKey");

const MAX_REQUESTS_PER_MINUTE = 1_000_000;
/** A day for all of a key's users to change over. */
const MAX_GRACE_SECONDS = 7 * 86_400;
const USUAL_GRACE_SECONDS = 86_400;

/** `/v1/keys`: made by the deployment's admin key for any organisation, by an organisation's admin for its own. */
export function keyRoutes(deps: Deps) {
  const keys = createKeyRecords(deps);
  const router = createRouter();
  router.use("/v1/keys", requireScope("admin"));
  router.use("/v1/keys/*", requireScope("admin"));

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/keys",
      summary: "Create an API key; the key itself is in this answer only",
      request: jsonBody(
        z.strictObject({
          name: z.string().min(1).max(128),
          organization: z.string().regex(SLUG).optional(),
          scopes: z.array(scopeSchema).min(1).optional(),
          requests_per_minute: z.int().min(1).max(MAX_REQUESTS_PER_MINUTE).optional(),
        }),
      ),
      responses: jsonAnswer(newKeySchema),
    }),
    async (c) => {
      const { name, organization, scopes, requests_per_minute: rate } = c.req.valid("json");
      const caller = c.get("caller");
      const target = organization ?? caller.organization;
      if (caller.keyId !== DEPLOYMENT_KEY && target !== caller.organization) {
        throw new PermissionError(
          `This key belongs to organization "${caller.organization}", not to "${target}"`,
          {
            code: "wrong_organization",
            param: "organization",
          },
        );
      }
      if (
        caller.keyId !== DEPLOYMENT_KEY &&
        scopes?.some((scope) => scope === "trainer" || scope === "events")
      ) {
        throw new PermissionError(
          'Scopes "trainer" and "events" can only be given by the deployment\'s admin key',
          {
            code: "insufficient_scope",
            param: "scopes",
          },
        );
      }
      const { record, key } = await keys.create(target, name, scopes ?? defaultScopes, rate);
      return c.json({ ...present(record), key }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "get",
      path: "/v1/keys",
      summary: "List the organization's live keys",
      responses: jsonAnswer(z.object({ object: z.literal("list"), data: z.array(keySchema) })),
    }),
    async (c) => {
      const records = await keys.list(c.get("caller").organization);
      return c.json({ object: "list" as const, data: records.map(present) }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/keys/{id}/rotate",
      summary: "Replace a key by a new one with the same rights; the old one goes on for a while",
      request: {
        params: z.object({ id: z.string() }),
        ...jsonBody(
          z.strictObject({
            grace_seconds: z.int().min(0).max(MAX_GRACE_SECONDS).default(USUAL_GRACE_SECONDS),
          }),
        ),
      },
      responses: jsonAnswer(newKeySchema),
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      const graceMs = c.req.valid("json").grace_seconds * 1000;
      const made = await keys.rotate(c.get("caller").organization, id, graceMs);
      callersOf(deps).forget();
      if (!made) throw new NotFoundError(`No such key: "${id}"`, { code: "key_not_found", param: "id" });
      return c.json({ ...present(made.record), key: made.key }, 200);
    },
  );

  router.openapi(
    createRoute({
      method: "delete",
      path: "/v1/keys/{id}",
      summary: "Revoke a key",
      request: { params: z.object({ id: z.string() }) },
      responses: jsonAnswer(z.object({ id: z.string(), object: z.literal("key"), deleted: z.literal(true) })),
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      if (!(await keys.revoke(c.get("caller").organization, id))) {
        throw new NotFoundError(`No such key: "${id}"`, { code: "key_not_found", param: "id" });
      }
      callersOf(deps).forget();
      return c.json({ id, object: "key" as const, deleted: true as const }, 200);
    },
  );

  return router;
}

function present(record: KeyRecord) {
  return {
    id: record.id,
    object: "key" as const,
    name: record.name,
    organization: record.organization,
    hint: record.hint,
    scopes: [...record.scopes],
    created_at: toSeconds(record.createdAt),
    last_used_at: record.lastUsedAt === null ? null : toSeconds(record.lastUsedAt),
    expires_at: record.expiresAt === null ? null : toSeconds(record.expiresAt),
    requests_per_minute: record.requestsPerMinute,
  };
}
