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
    const changed = Object.entries(again).flatMap(([name, example]) =>
      differences(example, (examples as Record<string, unknown>)[name], name),
    );
    expect(changed, "node scripts/record-examples.ts records them anew").toEqual([]);
  },
);

/**
 * Places where two values have other names or types; lists are told by their first item, and what is null once may be
 * anything another time.
 */
function differences(one: unknown, other: unknown, place: string): string[] {
  if (one === null || other === null) return [];
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length > 0 && other.length > 0 ? differences(one[0], other[0], `${place}[]`) : [];
  }
  if (typeof one !== "object" || typeof other !== "object")
    return typeof one === typeof other ? [] : [`${place}: ${typeof one}, was ${typeof other}`];
  const [now, before] = [one as Record<string, unknown>, other as Record<string, unknown>];
  return [...new Set([...Object.keys(now), ...Object.keys(before)])].flatMap((name) =>
    name in now && name in before
      ? differences(now[name], before[name], `${place}.${name}`)
      : [`${place}.${name} ${name in now ? "is new" : "is gone"}`],
  );
}
