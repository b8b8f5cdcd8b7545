import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { datasetFiles, datasetKey } from "../../shared/contracts/dataset.ts";
import type { Scope } from "../../shared/contracts/key.ts";

/** Bindings that only tests have; vitest.config.ts declares them. */
type TestEnv = Env & { readonly ADMIN_KEY: string; readonly MIGRATIONS: D1Migration[] };

const { ADMIN_KEY, MIGRATIONS, BUCKET, DB } = env as TestEnv;
export { ADMIN_KEY };

/** Makes the tables. Call it in `beforeAll`. */
export async function migrate(): Promise<void> {
  await applyD1Migrations(DB, MIGRATIONS);
}

/** One call of the real Worker. */
export async function call(
  key: string | null,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  return exports.default.fetch(`http://foreword.test${path}`, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

/** A call that must succeed; gives the JSON. */
export async function ask<T = Record<string, never>>(
  key: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const response = await call(key, method, path, body);
  if (!response.ok)
    throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  return response.status === 204 ? (undefined as T) : response.json<T>();
}

/** A new key of an organisation. */
export async function newKey(organization: string, scopes?: readonly Scope[]): Promise<string> {
  return (await ask<{ key: string }>(ADMIN_KEY, "POST", "/v1/keys", { name: "test", organization, scopes }))
    .key;
}

/** Puts `train.jsonl` (and more files) of a dataset into the bucket, without any event. Gives the key and etag. */
export async function putDataset(
  organization: string,
  name: string,
  rows: readonly unknown[] | string,
  files: Readonly<Record<string, string>> = {},
): Promise<{ key: string; etag: string }> {
  for (const [file, content] of Object.entries(files))
    await BUCKET.put(datasetKey(organization, name, file), content);
  const key = datasetKey(organization, name, datasetFiles.train);
  const text = typeof rows === "string" ? rows : rows.map((row) => JSON.stringify(row)).join("\n");
  const { etag } = (await BUCKET.put(key, text)) as R2Object;
  return { key, etag };
}

/** An R2 notification as the queue delivers it. */
export function putEvent(key: string, etag?: string) {
  return {
    account: "test",
    action: "PutObject",
    bucket: "foreword",
    object: { key, size: 1, ...(etag === undefined ? {} : { eTag: etag }) },
    eventTime: new Date(0).toISOString(),
  };
}
