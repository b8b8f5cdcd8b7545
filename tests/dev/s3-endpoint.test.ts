import { createServer } from "node:http";
import { Readable } from "node:stream";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PortInUseError } from "../../scripts/dev/port-in-use-error.ts";
import { startS3Endpoint, type BucketEvent, type S3Endpoint } from "../../scripts/dev/s3/endpoint.ts";
import { openSigned, sendSigned } from "./hand-signed.ts";
import { sdkSigner } from "./sdk-signer.ts";
import { startFixtureWrangler, type FixtureWrangler } from "./fixture-wrangler.ts";

const credentials = { accessKeyId: "local", secretAccessKey: "local-secret" };
const Bucket = "foreword";
let wrangler: FixtureWrangler;
let endpoint: S3Endpoint;
let client: S3Client;
let events: BucketEvent[] = [];
let deliver: (event: BucketEvent) => void = (event) => void events.push(event);

function connect(secretAccessKey: string): S3Client {
  return new S3Client({
    endpoint: endpoint.url,
    region: "auto",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey },
  });
}

async function read(Key: string): Promise<string | undefined> {
  return (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
}

function send(method: string, path: string, payloadHash: string, body: string, headers = {}) {
  return sendSigned(endpoint.url, credentials, { method, path, payloadHash, headers }, body);
}

beforeAll(async () => {
  wrangler = await startFixtureWrangler(credentials);
  endpoint = await startS3Endpoint({
    port: 0,
    upstream: wrangler.url,
    credentials,
    onEvent: (event) => deliver(event),
  });
  client = connect(credentials.secretAccessKey);
}, 60_000);

afterAll(async () => {
  await endpoint.close();
  await wrangler.stop();
});

afterEach(() => {
  events = [];
  deliver = (event) => void events.push(event);
});

describe("the S3 endpoint", () => {
  it.each(["datasets/local/sms/train.jsonl", "a b+c/100% & 'q'.txt", "ünï/漢字/😀.jsonl", "x//y"])(
    'puts, gets, heads, lists and deletes "%s"',
    async (Key) => {
      const put = await client.send(
        new PutObjectCommand({
          Bucket,
          Key,
          Body: "hello",
          ContentType: "text/plain",
          Metadata: { note: "n" },
        }),
      );
      expect(await read(Key)).toBe("hello");
      const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
      expect(head).toMatchObject({
        ContentLength: 5,
        ETag: put.ETag,
        ContentType: "text/plain",
        Metadata: { note: "n" },
      });
      const list = await client.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
      expect(list.Contents?.map((object) => object.Key)).toEqual([Key]);
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
      await expect(client.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toMatchObject({
        name: "NotFound",
      });
      const eTag = put.ETag?.replaceAll('"', "");
      const common = {
        account: "local",
        bucket: Bucket,
        eventTime: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      };
      expect(events).toEqual([
        { ...common, action: "PutObject", object: { key: Key, size: 5, eTag } },
        { ...common, action: "DeleteObject", object: { key: Key } },
      ]);
    },
  );

  it("takes a stream, whose checksum comes behind it", async () => {
    const pieces = Array.from({ length: 40 }, (_, index) => Buffer.alloc(10_000, 65 + index));
    const Body = Readable.from(pieces, { objectMode: false });
    await client.send(new PutObjectCommand({ Bucket, Key: "stream", Body, ContentLength: 400_000 }));
    expect(await read("stream")).toBe(Buffer.concat(pieces).toString());
    expect(events.map((event) => event.object.size)).toEqual([400_000]);
    expect(
      (await client.send(new HeadObjectCommand({ Bucket, Key: "stream" }))).ContentEncoding,
    ).toBeUndefined();
  });

  it("completes a multipart upload, with one event for the whole", async () => {
    const Key = "models/big file.bin";
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const bodies = [Buffer.alloc(5 * 1024 * 1024, 1), Buffer.alloc(1000, 2)];
    const Parts = await Promise.all(
      bodies.map(async (Body, index) => {
        const PartNumber = index + 1;
        const part = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
        return { PartNumber, ETag: part.ETag };
      }),
    );
    expect(events).toEqual([]);
    const complete = { Bucket, Key, UploadId, MultipartUpload: { Parts } };
    const done = await client.send(new CompleteMultipartUploadCommand(complete));
    expect(done.Location).toBe(`${endpoint.url}/foreword/models/big%20file.bin`);
    const eTag = done.ETag?.replaceAll('"', "");
    expect(events).toMatchObject([
      { action: "CompleteMultipartUpload", object: { key: Key, size: 5 * 1024 * 1024 + 1000, eTag } },
    ]);
    await expect(client.send(new CompleteMultipartUploadCommand(complete))).rejects.toMatchObject({
      name: "NoSuchUpload",
    });
    expect(events).toHaveLength(1);
  });

  it("copies, and deletes many at once", async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: "from", Body: "abc" }));
    await client.send(new CopyObjectCommand({ Bucket, Key: "to & fro", CopySource: `${Bucket}/from` }));
    await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "from" }, { Key: "to & fro" }] } }),
    );
    expect(events.slice(1)).toMatchObject([
      {
        action: "CopyObject",
        object: { key: "to & fro", size: 3 },
        copySource: { bucket: Bucket, object: "from" },
      },
      { action: "DeleteObject", object: { key: "from" } },
      { action: "DeleteObject", object: { key: "to & fro" } },
    ]);
  });

  it("passes on conditions: a put that must not replace fails, without an event", async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: "once", Body: "1" }));
    const again = client.send(new PutObjectCommand({ Bucket, Key: "once", Body: "2", IfNoneMatch: "*" }));
    await expect(again).rejects.toMatchObject({ name: "PreconditionFailed" });
    expect(events).toHaveLength(1);
  });

  it("serves a presigned URL, and not a changed one", async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: "a b.txt", Body: "shared" }));
    const { hostname, port, host } = new URL(endpoint.url);
    const signed = await sdkSigner(credentials).presign(
      {
        method: "GET",
        protocol: "http:",
        hostname,
        port: Number(port),
        path: "/foreword/a%20b.txt",
        headers: { host, "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD" },
      },
      { expiresIn: 60, unsignableHeaders: new Set(["x-amz-content-sha256"]) },
    );
    const query = new URLSearchParams(signed.query as Record<string, string>);
    const url = `${endpoint.url}/foreword/a%20b.txt?${query.toString()}`;
    expect(await (await fetch(url)).text()).toBe("shared");
    expect((await fetch(url.replace("a%20b", "other"))).status).toBe(403);
  });

  it("refuses a wrong secret and an unknown key as S3 does", async () => {
    const stranger = connect("wrong").send(new PutObjectCommand({ Bucket, Key: "x", Body: "x" }));
    await expect(stranger).rejects.toMatchObject({
      name: "SignatureDoesNotMatch",
      $metadata: { httpStatusCode: 403 },
    });
    const anonymous = await fetch(`${endpoint.url}/foreword/x`);
    expect(anonymous.status).toBe(403);
    expect(await anonymous.text()).toContain("<Code>AccessDenied</Code>");
    expect(events).toEqual([]);
  });

  it("stores nothing of a body that is not what was signed", async () => {
    const wrongHash = "0".repeat(64);
    expect(await send("PUT", "/foreword/damaged", wrongHash, "hello")).toMatchObject({
      status: 400,
      text: expect.stringContaining("XAmzContentSHA256Mismatch") as string,
    });
    const streaming = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    const broken = await send("PUT", "/foreword/damaged", streaming, "zz\r\n", {
      "x-amz-decoded-content-length": "5",
    });
    expect(broken).toMatchObject({
      status: 400,
      text: expect.stringContaining("InvalidChunkSizeError") as string,
    });
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: "damaged" }))).rejects.toMatchObject({
      name: "NotFound",
    });
    expect(events).toEqual([]);
  });

  it("stores nothing of an upload that its client gave up", async () => {
    const sent = openSigned(endpoint.url, credentials, {
      method: "PUT",
      path: "/foreword/half",
      payloadHash: "UNSIGNED-PAYLOAD",
      headers: { "content-length": "1000000" },
    });
    const gone = new Promise((resolve) => sent.once("close", resolve));
    sent.on("error", () => undefined);
    sent.write(Buffer.alloc(500_000), () => setTimeout(() => sent.destroy(), 50));
    await gone;
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: "half" }))).rejects.toMatchObject({
      name: "NotFound",
    });
    await client.send(new PutObjectCommand({ Bucket, Key: "half", Body: "whole" }));
    expect(events.map((event) => event.object.size)).toEqual([5]);
  });

  it.each(["/foreword/a/../b", "/foreword/%2e%2e/other/b", "/foreword/./b", "/../../x"])(
    'refuses the path "%s"',
    async (path) => {
      expect(await send("GET", path, "UNSIGNED-PAYLOAD", "")).toMatchObject({
        status: 400,
        text: expect.stringContaining("InvalidURI") as string,
      });
    },
  );

  it("answers 501 to a body whose chunks are signed, 411 to one without a length", async () => {
    const signed = await send("PUT", "/foreword/x", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "0\r\n\r\n", {
      "x-amz-decoded-content-length": "0",
    });
    expect(signed.status).toBe(501);
    const endless = await send("PUT", "/foreword/x", "UNSIGNED-PAYLOAD", "hello", {
      "transfer-encoding": "chunked",
    });
    expect(endless.status).toBe(411);
  });

  it("acknowledges no write whose event was not delivered", async () => {
    deliver = () => {
      throw new Error("the queue is away");
    };
    const put = client.send(new PutObjectCommand({ Bucket, Key: "lost", Body: "x" }));
    await expect(put).rejects.toMatchObject({
      message: expect.stringContaining("the queue is away") as string,
      $metadata: { httpStatusCode: 500 },
    });
  });

  it("rejects with a typed error where its port is in use", async () => {
    const port = Number(new URL(endpoint.url).port);
    const second = startS3Endpoint({ port, upstream: wrangler.url, credentials, onEvent: () => undefined });
    await expect(second).rejects.toThrow(PortInUseError);
    await expect(second).rejects.toThrow(`Port ${port} of 127.0.0.1 is in use`);
  });

  it("answers 503 while wrangler is away, and closes in time", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => free.once("listening", resolve));
    const address = free.address();
    await new Promise((resolve) => free.close(resolve));
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const lonely = await startS3Endpoint({
      port: 0,
      upstream: `http://127.0.0.1:${port}`,
      credentials,
      onEvent: () => undefined,
    });
    const orphan = new S3Client({
      endpoint: lonely.url,
      region: "auto",
      forcePathStyle: true,
      maxAttempts: 1,
      credentials,
    });
    const put = orphan.send(new PutObjectCommand({ Bucket, Key: "x", Body: "x" }));
    await expect(put).rejects.toMatchObject({ name: "ServiceUnavailable" });
    const start = performance.now();
    await lonely.close();
    expect(performance.now() - start).toBeLessThan(2500);
  });
});
