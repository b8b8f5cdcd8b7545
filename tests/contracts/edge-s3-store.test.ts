import { afterAll, beforeAll, expect, test } from "vitest";
import { presignedUrl } from "../../functions/adapters/s3-signature.ts";
import { createS3Store, createUploadSigner, parseBucketUrl } from "../../functions/adapters/s3.ts";
import { startS3Endpoint, type S3Endpoint } from "../../scripts/dev/s3/endpoint.ts";
import { startFixtureWrangler, type FixtureWrangler } from "../dev/fixture-wrangler.ts";
import { sdkSigner } from "../dev/sdk-signer.ts";
import { describeObjectStore } from "./object-store.ts";

const KEY = "datasets/acme/a b+(c)/train.jsonl";
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

test("a presigned URL takes one object from whoever has it, for as long as it says", async () => {
  const put = (url: string, init: RequestInit = {}) => fetch(url, { method: "PUT", body: "rows", ...init });
  const secret = credentials.secretAccessKey;
  const url = await createUploadSigner(bucketUrl(secret))(KEY, 60);
  expect((await put(url)).status).toBe(200);
  const object = await createS3Store(bucketUrl(secret)).get(KEY);
  expect(new TextDecoder().decode(await object?.bytesBody())).toBe("rows");
  // Its signature holds for that one act and time.
  expect((await fetch(url)).status).toBe(403);
  expect((await put(url.replace("train.jsonl", "tune.json"))).status).toBe(403);
  expect((await put(url.replace("Expires=60", "Expires=600"))).status).toBe(403);
  expect((await put(await createUploadSigner(bucketUrl("wrong"))(KEY, 60))).status).toBe(403);
  const past = () => Date.now() - 61_000;
  expect((await put(await createUploadSigner(bucketUrl(secret), past)(KEY, 60))).status).toBe(403);
});

test("a presigned URL is the one that the AWS SDK makes", async () => {
  const time = new Date("2026-11-24T10:00:00Z");
  const url = new URL("https://account.r2.cloudflarestorage.com/foreword/datasets/acme/data/train.jsonl");
  const ours = new URL(await presignedUrl({ ...credentials, region: "auto" }, "PUT", url, 3600, time));
  const { host, hostname, pathname, protocol } = url;
  const unsigned = "x-amz-content-sha256";
  const theirs = await sdkSigner(credentials).presign(
    {
      method: "PUT",
      protocol,
      hostname,
      path: pathname,
      query: {},
      headers: { host, [unsigned]: "UNSIGNED-PAYLOAD" },
    },
    {
      signingDate: time,
      expiresIn: 3600,
      unsignableHeaders: new Set([unsigned]),
      unhoistableHeaders: new Set([unsigned]),
    },
  );
  expect(Object.fromEntries(ours.searchParams)).toEqual(theirs.query);
});
