import { createRoute, z } from "@hono/zod-openapi";
import { InvalidRequestError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import { registerNow, storeDataset } from "../events/store-dataset.ts";
import { createRouter } from "../http/app-env.ts";
import { datasetSchema, presentDataset } from "../http/dataset-shape.ts";
import { jsonAnswer } from "../http/openapi.ts";
import { limitBody } from "../http/upload.ts";
import { createUploadTokens } from "../records/upload-tokens.ts";

/** `PUT /uploads/{token}`: a dataset from whoever was given its URL. Outside `/v1`, because the URL itself is the key. */
export function uploadRoutes(deps: Deps) {
  const router = createRouter();
  router.openapi(
    createRoute({
      method: "put",
      path: "/uploads/{token}",
      summary: "Upload train.jsonl to the URL that POST /v1/datasets gave",
      security: [],
      middleware: [limitBody()],
      request: { params: z.object({ token: z.string() }) },
      responses: jsonAnswer(datasetSchema),
    }),
    async (c) => {
      const train = new Uint8Array(await c.req.arrayBuffer());
      if (train.length === 0) throw new InvalidRequestError("The body is empty, wanted train.jsonl");
      const { organization, dataset, tune } = await createUploadTokens(deps).redeem(
        c.req.valid("param").token,
      );
      const requestId = c.get("requestId");
      const upload = {
        organization,
        name: dataset,
        filename: `${dataset}.jsonl`,
        train,
        tune,
        requestId,
      };
      await storeDataset(deps, upload);
      return c.json(presentDataset(await registerNow(deps, organization, dataset, requestId)), 200);
    },
  );
  return router;
}
