import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { modelsFolder } from "./tests/support/model-cache.ts";

const globalSetup = ["./tests/support/build-models.ts"];

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
      {
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
              },
            },
          }),
        ],
        test: {
          name: "workerd",
          include: ["tests/workerd/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
