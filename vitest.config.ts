import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { modelsFolder } from "./tests/support/model-cache.ts";

const globalSetup = ["./tests/support/build-models.ts"];

/** Tests that run inside workerd, with variables of their own for the Worker. */
async function workerdProject(name: string, include: string[], variables: Record<string, string> = {}) {
  return {
    plugins: [
      cloudflareTest({
        wrangler: { configPath: "./wrangler.toml" },
        // Base models for tests to put into the local bucket; see tests/workerd/base-model.ts.
        miniflare: {
          serviceBindings: {
            MODEL_FILES: { disk: { path: modelsFolder } },
            FIXTURE_FILES: { disk: { path: fileURLToPath(new URL("tests/fixtures", import.meta.url)) } },
          },
          bindings: {
            ADMIN_KEY: "fw_admin-of-the-tests",
            MIGRATIONS: await readD1Migrations("functions/migrations"),
            ...variables,
          },
        },
      }),
    ],
    test: { name, include, testTimeout: 60_000, hookTimeout: 120_000 },
  };
}

export default defineConfig({
  test: {
    globalSetup,
    silent: "passed-only",
    projects: [
      {
        test: {
          name: "node",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/workerd/**"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      await workerdProject("workerd", ["tests/workerd/**/*.test.ts"]),
      // The kernel is the default; the same API suite holds for the other engine.
      await workerdProject("workerd, onnxruntime", ["tests/workerd/inference-api.test.ts"], {
        ENGINE: "onnxruntime",
      }),
    ],
  },
});
