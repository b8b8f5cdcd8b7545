import type { MiddlewareHandler } from "hono";
import { InvalidRequestError } from "../../shared/errors.ts";
import type { AppEnv } from "../http/app-env.ts";
import { limitBody } from "../http/upload.ts";

/** A million characters in the widest encoding, and room for the rest. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Refuses bodies that do not say they are JSON, and bodies that are too large, before anything is read into memory. */
export function requireJson(): readonly [MiddlewareHandler<AppEnv>, MiddlewareHandler<AppEnv>] {
  const checkType: MiddlewareHandler<AppEnv> = async (c, next) => {
    const type = c.req.header("content-type");
    if (!/^application\/([\w.-]+\+)?json\b/i.test(type ?? "")) {
      throw new InvalidRequestError(
        `Content type is ${type === undefined ? "missing" : `"${type}"`}, wanted "application/json"`,
        {
          code: "unsupported_content_type",
        },
      );
    }
    await next();
  };
  return [checkType, limitBody(MAX_BODY_BYTES)];
}
