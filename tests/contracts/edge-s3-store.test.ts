import { afterAll, beforeAll, expect, test } from "vitest";
import { createS3Store, parseBucketUrl } from "../../functions/adapters/s3.ts";
import { startS3Endpoint, type S3Endpoint } from "../../scripts/dev/s3/endpoint.ts";
import { startFixtureWrangler, type FixtureWrangler } from "../dev/fixture-wrangler.ts";
import { describeObjectStore } from "./object-store.ts";

const credentials = { accessKeyId: "edge", secretAccessKey: "se/cr+et" };
let wrangler: FixtureWrangler;
let endpoint: S3Endpoint;
beforeAll(async () => {
  wrangler = await startFixtureWrangler(credentials);
  endpoint = await startS3Endpoint({
    port: 0,
    upstream: wrangler.url,
    credentials,
    onEvent: () => undefined,
  });
});
afterAll(async () => {
  await endpoint.close();
  await wrangler.stop();
});

const bucketUrl = (secret: string) => {
  const url = new URL(`${endpoint.url}/foreword?region=auto`);
  url.username = credentials.accessKeyId;
  url.password = encodeURIComponent(secret);
  return url.href;
};

describeObjectStore("the edge's S3 client", async () => {
  const store = createS3Store(bucketUrl(credentials.secretAccessKey));
  for await (const { key } of store.list("")) await store.delete(key);
  return store;
});

test("a wrong secret is told from a missing object", async () => {
  const store = createS3Store(bucketUrl("wrong"));
  await expect(store.get("none")).rejects.toMatchObject({ code: "bucket_refuses" });
});

test.each(["https://host/bucket", "https://a:b@host/", "https://a:b@host/x/y", "nothing"])(
  "%s is no bucket",
  (url) => {
    expect(() => parseBucketUrl(url)).toThrow(TypeError);
  },
);
