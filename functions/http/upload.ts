import { z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { PayloadTooLargeError } from "../../shared/errors.ts";
import type { AppEnv } from "./app-env.ts";

/** Bodies are held in memory, of which an isolate has 128 MB. Larger datasets go into the bucket by its own S3 API. */
export const MAX_UPLOAD_BYTES = 48 * 1024 * 1024;

/** Refuses a body of more than `maxSize` bytes before it is read. Throws PayloadTooLargeError. */
export function limitBody(maxSize: number = MAX_UPLOAD_BYTES): MiddlewareHandler<AppEnv> {
  const limit = bodyLimit({
    maxSize,
    onError: () => {
      throw new PayloadTooLargeError(
        `The body has more than ${maxSize} bytes; put larger files into the bucket`,
        {
          code: "body_too_large",
        },
      );
    },
  });
  // What has been read already was limited then.
  return async (c, next) => (c.req.raw.bodyUsed ? next() : limit(c, next));
}

/** A file of a multipart form. */
export const fileSchema = z
  .custom<File>((value) => value instanceof File, "Expected a file")
  .openapi({ type: "string", format: "binary" });
