import type { z } from "zod";
import { InvalidRequestError } from "../../shared/errors.ts";

/** The first thing that is wrong with a request, as an error that names its field. */
export function toInvalidRequest(error: z.core.$ZodError): InvalidRequestError {
  const issue = error.issues[0];
  const param = issue?.path.join(".") || undefined;
  const missing = issue?.code === "invalid_type" && issue.message.endsWith("received undefined");
  const message = missing
    ? `Missing required field "${param}"`
    : `Invalid ${param === undefined ? "request" : `"${param}"`}: ${issue?.message ?? "wrong shape"}`;
  return new InvalidRequestError(message, {
    code: missing ? "missing_required_parameter" : "invalid_value",
    ...(param === undefined ? {} : { param }),
  });
}
