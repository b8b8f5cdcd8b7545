import { createRoute, z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import { notificationSchema } from "../events/bucket-event.ts";
import { createRouter } from "../http/app-env.ts";
import { requireScope } from "../http/authentication.ts";
import { jsonAnswer, jsonBody } from "../http/openapi.ts";

/** `POST /v1/bucket-events`: notifications of buckets that cannot write to our queue themselves. */
export function bucketEventRoutes(deps: Deps) {
  const router = createRouter();
  router.use("/v1/bucket-events", requireScope("events"));
  router.openapi(
    createRoute({
      method: "post",
      path: "/v1/bucket-events",
      summary: "Take a bucket notification in the shape of R2, S3, MinIO or EventBridge",
      request: jsonBody(notificationSchema),
      responses: jsonAnswer(z.object({ accepted: z.int() })),
    }),
    async (c) => {
      const requestId = c.get("requestId");
      const events = c.req.valid("json").map((event) => ({ ...event, requestId }));
      await deps.enqueue(events);
      return c.json({ accepted: events.length }, 200);
    },
  );
  return router;
}
