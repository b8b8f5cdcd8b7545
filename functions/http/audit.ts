import type { MiddlewareHandler } from "hono";
import { newId } from "../../shared/ids.ts";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "./app-env.ts";

/** Calls that change nothing, or far too often, to be looked up one by one. */
const UNRECORDED = [
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/classifications",
  "/v1/outcomes",
  "/v1/assignments",
  "/v1/trainer/",
  "/v1/bucket-events",
];

/** Writes down who changed what: method, path and outcome, never a body. */
export function audit({ database, now }: Pick<Deps, "database" | "now">): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    const { method, path } = c.req;
    if (method === "GET" || method === "HEAD" || UNRECORDED.some((start) => path.startsWith(start))) return;
    const { organization, keyId } = c.get("caller");
    const time = now();
    await database.run(
      `INSERT INTO audit_log (id, organization, key_id, method, path, status, request_id, created_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
      newId("audit", time),
      organization,
      keyId,
      method,
      path,
      c.res.status,
      c.get("requestId"),
      time,
    );
  };
}
