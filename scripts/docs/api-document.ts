import { createApp } from "../../functions/app.ts";
import { openApiDocument } from "../../functions/openapi/document.ts";
import type { Deps } from "../../functions/deps.ts";
import { InternalError } from "../../shared/errors.ts";

/** The API document as the Worker serves it. Describing the routes touches nothing of the world. */
export function apiDocument(): ReturnType<typeof openApiDocument> {
  const refuse = () => {
    throw new InternalError("The API document is made without a database or bucket");
  };
  const none = new Proxy({}, { get: () => refuse });
  const deps: Deps = {
    config: { bucketName: "", adminKey: "", defaultModel: "" },
    database: none as Deps["database"],
    bucket: none as Deps["bucket"],
    models: none as Deps["models"],
    enqueue: refuse,
    enqueueExperiments: refuse,
    now: Date.now,
    log: refuse,
  };
  return openApiDocument(createApp(deps));
}
