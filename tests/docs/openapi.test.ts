import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, it } from "vitest";
import examples from "../../functions/openapi/examples.json" with { type: "json" };
import { operationTexts, tags } from "../../functions/openapi/operations.ts";
import { apiDocument } from "../../scripts/docs/api-document.ts";
import { recordExamples } from "../../scripts/docs/record-examples.ts";
import { createNodeDeps } from "../../scripts/serve-node/deps.ts";
import { uploadBundle } from "../../trainer/model/bundle.ts";
import { emptyFolder } from "../cli/run-cli.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { baseModelFolder } from "../support/model-cache.ts";

const document = apiDocument();
const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  Object.entries(item as object).map(([method, operation]) => ({
    name: `${method} ${path}`,
    operation: operation as Record<string, unknown>,
  })),
);

it("is an OpenAPI 3.1 document without a fault, and its examples are what its schemas say", async () => {
  const config = await createConfig({
    extends: ["recommended"],
    rules: { "no-invalid-media-type-examples": "error", "no-invalid-parameter-examples": "error" },
  });
  const problems = await lintFromString({ source: JSON.stringify(document), config });
  expect(
    problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`),
  ).toEqual([]);
});

it("says of every operation who may do it, what it does, and what may go wrong", () => {
  expect(Object.keys(operationTexts).toSorted()).toEqual(operations.map(({ name }) => name).toSorted());
  expect(document.security).toEqual([{ key: [] }]);
  for (const { name, operation } of operations) {
    expect(operation, name).toMatchObject({
      summary: expect.any(String) as string,
      description: expect.any(String) as string,
      operationId: expect.any(String) as string,
      tags: [expect.any(String)],
    });
    expect(
      tags.map((tag) => tag.name as string),
      name,
    ).toContain((operation["tags"] as string[])[0]);
    const statuses = Object.keys(operation["responses"] as object);
    expect(statuses, name).toEqual(expect.arrayContaining(["200", "503"]));
    if (operation["security"] === undefined)
      expect(statuses, name).toEqual(expect.arrayContaining(["401", "403", "429"]));
  }
  const ids = operations.map(({ operation }) => operation["operationId"]);
  expect(new Set(ids).size).toBe(ids.length);
});

it(
  "has an example of every operation, and running them again gives answers of the same shape",
  { timeout: 180_000 },
  async () => {
    const bucket = createMemoryStore();
    await uploadBundle(bucket, baseModelFolder);
    const deps = createNodeDeps({
      bucket,
      folder: emptyFolder(),
      adminKey: "fw_admin-key-of-the-examples",
      engine: { threads: 1 },
    });
    const again = await recordExamples(deps);
    expect(Object.keys(again).toSorted()).toEqual(operations.map(({ name }) => name).toSorted());
    for (const [name, example] of Object.entries(again))
      expect(shapeOf(example), `${name}: node scripts/record-examples.ts records it anew`).toEqual(
        shapeOf((examples as Record<string, unknown>)[name]),
      );
  },
);

/** Names and types, without values; lists are told by their first item. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeOf(one)]));
}
