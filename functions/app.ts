import type { OpenAPIHono } from "@hono/zod-openapi";
import { newId } from "../shared/ids.ts";
import type { Deps } from "./deps.ts";
import { executionContextOf } from "./http/background.ts";
import { watchRequests } from "./experiments/watch-requests.ts";
import { createRouter, type AppEnv } from "./http/app-env.ts";
import { audit } from "./http/audit.ts";
import { authenticate } from "./http/authentication.ts";
import { errorHandler, notFoundHandler } from "./http/error-handler.ts";
import { idempotent } from "./http/idempotency.ts";
import { limitRate } from "./http/rate-limit.ts";
import { limitTokens } from "./http/token-quota.ts";
import { limitBody } from "./http/upload.ts";
import { openApiDocument } from "./openapi/document.ts";
import { bucketEventRoutes } from "./routes/bucket-events.ts";
import { chatCompletionsRoutes } from "./routes/chat-completions.ts";
import { classificationsRoutes } from "./routes/classifications.ts";
import { completionsRoutes } from "./routes/completions.ts";
import { datasetRoutes } from "./routes/datasets.ts";
import { experimentToolRoutes } from "./routes/experiment-tools.ts";
import { experimentRoutes } from "./routes/experiments.ts";
import { fileRoutes } from "./routes/files.ts";
import { fineTuningRoutes } from "./routes/fine-tuning.ts";
import { keyRoutes } from "./routes/keys.ts";
import { operationRoutes } from "./routes/operations.ts";
import { modelsRoutes } from "./routes/models.ts";
import { outcomeRoutes } from "./routes/outcomes.ts";
import { promptsRoutes } from "./routes/prompts.ts";
import { trainerRoutes } from "./routes/trainer.ts";
import { uploadRoutes } from "./routes/uploads.ts";
import { webhookRoutes } from "./routes/webhooks.ts";

/** A notification has a handful of events, of about a kilobyte. */
const MAX_NOTIFICATION_BYTES = 1024 * 1024;

const allRoutes = [
  chatCompletionsRoutes,
  completionsRoutes,
  classificationsRoutes,
  modelsRoutes,
  promptsRoutes,
  datasetRoutes,
  uploadRoutes,
  fileRoutes,
  fineTuningRoutes,
  experimentRoutes,
  experimentToolRoutes,
  outcomeRoutes,
  keyRoutes,
  trainerRoutes,
  bucketEventRoutes,
  operationRoutes,
  webhookRoutes,
];

/** The whole HTTP app. Everything that it needs from the world comes in through `deps`. */
export function createApp(deps: Deps): OpenAPIHono<AppEnv> {
  const app = createRouter();
  app.onError(errorHandler(deps));
  app.notFound(notFoundHandler);
  app.use(async (c, next) => {
    c.set("requestId", newId("request", deps.now()));
    c.header("x-request-id", c.get("requestId"));
    await next();
  });
  app.get("/health", (c) => c.json({ status: "ok" }));
  // Read before its sender is known.
  app.use("/v1/bucket-events", limitBody(MAX_NOTIFICATION_BYTES));
  app.use("/v1/*", authenticate(deps), limitRate(deps), idempotent(deps), audit(deps), limitTokens(deps));
  app.use(
    "/v1/*",
    watchRequests(deps, async (request, c) => app.fetch(request, c.env, executionContextOf(c))),
  );
  for (const routes of allRoutes) app.route("/", routes(deps));
  let document: ReturnType<typeof openApiDocument> | undefined;
  app.get("/openapi.json", (c) => c.json((document ??= openApiDocument(app))));
  return app;
}
