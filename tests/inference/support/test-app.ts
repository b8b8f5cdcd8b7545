import OpenAI from "openai";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Deps, LogEntry, ModelCatalog } from "../../../functions/deps.ts";
import { createRouter, type AppEnv, type Caller } from "../../../functions/http/app-env.ts";
import { limitTokens } from "../../../functions/http/token-quota.ts";
import { errorHandler, notFoundHandler } from "../../../functions/http/error-handler.ts";
import { chatCompletionsRoutes } from "../../../functions/routes/chat-completions.ts";
import { classificationsRoutes } from "../../../functions/routes/classifications.ts";
import { completionsRoutes } from "../../../functions/routes/completions.ts";
import { modelsRoutes } from "../../../functions/routes/models.ts";
import { promptsRoutes } from "../../../functions/routes/prompts.ts";
import type { ObjectStore } from "../../../shared/ports/object-store.ts";
import type { SqlDatabase } from "../../../shared/ports/sql-database.ts";
import { createMemoryStore } from "../../support/memory-store.ts";
import { openSqliteDatabase } from "../../../scripts/serve-node/sqlite-database.ts";

export interface TestApp {
  readonly app: OpenAPIHono<AppEnv>;
  readonly deps: Deps;
  readonly logged: LogEntry[];
  /** Posts JSON and gives status and parsed body. */
  post(path: string, body: unknown): Promise<{ status: number; headers: Headers; body: unknown }>;
  /** The unmodified client, its requests going straight into the app. */
  readonly openai: OpenAI;
}

export interface TestAppOptions {
  readonly models: (bucket: ObjectStore) => ModelCatalog;
  readonly bucket?: ObjectStore;
  readonly database?: SqlDatabase;
  readonly caller?: Caller;
}

export const testCaller: Caller = {
  organization: "acme",
  keyId: "key_test",
  scopes: ["inference", "datasets", "prompts:download"],
};

/** The inference routes on an app of their own, behind a caller who is let in. */
export function createTestApp({
  models,
  bucket = createMemoryStore(),
  database = openSqliteDatabase(":memory:"),
  caller = testCaller,
}: TestAppOptions): TestApp {
  const logged: LogEntry[] = [];
  const deps: Deps = {
    config: { bucketName: "foreword", adminKey: "", defaultModel: "tiny" },
    database,
    bucket,
    models: models(bucket),
    enqueue: async () => {},
    enqueueExperiments: async () => {},
    now: Date.now,
    log: (entry) => logged.push(entry),
  };
  const app = createRouter();
  app.onError(errorHandler(deps));
  app.notFound(notFoundHandler);
  app.use(async (c, next) => {
    c.set("caller", caller);
    c.set("requestId", "req_test");
    await next();
  });
  app.use(limitTokens(deps));
  for (const routes of [
    chatCompletionsRoutes,
    completionsRoutes,
    classificationsRoutes,
    modelsRoutes,
    promptsRoutes,
  ]) {
    app.route("/", routes(deps));
  }
  const fetch = async (input: string | URL | Request, init?: RequestInit) =>
    app.request(new Request(input, init));
  return {
    app,
    deps,
    logged,
    openai: new OpenAI({ apiKey: "fw_test", baseURL: "http://foreword.test/v1", fetch, maxRetries: 0 }),
    async post(path, body) {
      const response = await app.request(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
  };
}
