import { z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { InvalidRequestError, PayloadTooLargeError } from "../../shared/errors.ts";
import type { AppEnv } from "./app-env.ts";

/** Bodies are held in memory, of which an isolate has 128 MB. Larger datasets go into the bucket by its own S3 API. */
export const MAX_UPLOAD_BYTES = 48 * 1024 * 1024;

/** Refuses a body of more than `maxSize` bytes before it is read. Throws PayloadTooLargeError. */
export function limitBody(maxSize: number = MAX_UPLOAD_BYTES): MiddlewareHandler<AppEnv> {
  const hint = maxSize === MAX_UPLOAD_BYTES ? "; put larger files into the bucket" : "";
  const limit = bodyLimit({
    maxSize,
    onError: () => {
      throw new PayloadTooLargeError(`The body has more than ${maxSize} bytes${hint}`, {
        code: "body_too_large",
      });
    },
  });
  // What has been read already was limited then.
  return async (c, next) => (c.req.raw.bodyUsed ? next() : limit(c, next));
}

/**
 * Reads a multipart form, which whoever asks for it later finds read. Its validation would otherwise hold the body itself in memory
 * too, beside the files in it. Throws InvalidRequestError.
 */
export async function readForm({ req }: Context<AppEnv>): Promise<FormData> {
  try {
    return await req.formData();
  } catch (cause) {
    throw new InvalidRequestError("The body is no form", { cause });
  }
}

export const isForm = ({ req }: Context<AppEnv>): boolean =>
  /^multipart\/form-data\b/i.test(req.header("content-type") ?? "");

/** `readForm` before a route's validation, where there is a form. */
export function readFormFirst(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (isForm(c)) await readForm(c);
    await next();
  };
}

/** A file of a multipart form. */
export const fileSchema = z
  .custom<File>((value) => value instanceof File, "Expected a file")
  .openapi({ type: "string", format: "binary" });
