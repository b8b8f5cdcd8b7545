import { describe, expect, test } from "vitest";
import { createApp } from "../../functions/app.ts";
import type { Deps } from "../../functions/deps.ts";
import { newSecret, signedHeaders } from "../../functions/webhooks/sign.ts";
import { ConflictError, InternalError, UnavailableError } from "../../shared/errors.ts";
import { ADMIN_KEY, createControlDeps } from "./control-deps.ts";

const bearer = { authorization: `Bearer ${ADMIN_KEY}` };
const rows = '{"prompt":"a","completion":" b"}';
const json = async <T>(response: Response | Promise<Response>) => (await (await response).json()) as T;
interface ErrorBody {
  readonly error: { readonly message: string; readonly code: string };
}

function start(overrides: Partial<Deps> = {}) {
  const deps = createControlDeps(overrides);
  return { deps, app: createApp(deps) };
}

describe("a failure of ours", () => {
  test("says its code and nothing of what lies behind it, which the log has", async () => {
    const { deps, app } = start();
    await app.request("/v1/datasets", {
      method: "POST",
      headers: { ...bearer, "content-type": "application/json" },
      body: JSON.stringify({ name: "data", content: rows }),
    });
    const cause = new Error("connect ECONNREFUSED 10.0.0.7:9000");
    const failures = [
      new InternalError('"prompts/acme/sp_1/kv" has sha256 "77ab"', { code: "corrupt_object", cause }),
      new Error("D1_ERROR: no such column: secret_column"),
    ];
    for (const failure of failures) {
      const broken = createApp({ ...deps, bucket: { ...deps.bucket, get: () => Promise.reject(failure) } });
      const response = await broken.request("/v1/datasets/data/preview", { headers: bearer });
      expect(response.status).toBe(500);
      const { error } = await json<ErrorBody>(response);
      expect(error.message).toBe(
        "The server had an error while processing the request; its id is in x-request-id",
      );
      expect(["corrupt_object", "internal_error"]).toContain(error.code);
      expect(response.headers.get("x-request-id")).toMatch(/^req_/);
    }
    const log = JSON.stringify(deps.logged);
    for (const secret of ["77ab", "10.0.0.7", "secret_column"]) expect(log).toContain(secret);
  });

  test("that passes by itself, and a fault of the caller's, say what to do", async () => {
    const { deps } = start();
    const messageOf = async (failure: Error) => {
      const broken = createApp({
        ...deps,
        database: { ...deps.database, all: () => Promise.reject(failure) },
      });
      return (await json<ErrorBody>(broken.request("/v1/datasets", { headers: bearer }))).error.message;
    };
    expect(await messageOf(new UnavailableError("All places are taken; try again"))).toContain("try again");
    expect(await messageOf(new ConflictError("It has ended"))).toBe("It has ended");
  });
});

describe("an idempotency key on a form", () => {
  const form = (content: string, boundary: string) =>
    [
      `--${boundary}`,
      'Content-Disposition: form-data; name="purpose"',
      "",
      "fine-tune",
      `--${boundary}`,
      'Content-Disposition: form-data; name="file"; filename="rows.jsonl"',
      "Content-Type: application/jsonl",
      "",
      content,
      `--${boundary}--`,
      "",
    ].join("\r\n");

  test("tells uploads apart by their content, not by the boundary of the attempt", async () => {
    const { deps, app } = start();
    const upload = (content: string, boundary: string, key = "one") =>
      app.request("/v1/files", {
        method: "POST",
        headers: {
          ...bearer,
          "idempotency-key": key,
          "content-type": `multipart/form-data; boundary=${boundary}`,
        },
        body: form(content, boundary),
      });
    const first = await upload(rows, "aaa");
    expect(first.status).toBe(200);
    const again = await upload(rows, "bbb");
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(await first.json());
    const other = await upload(rows.replace("b", "c"), "aaa");
    expect(other.status).toBe(422);
    expect((await json<ErrorBody>(other)).error.code).toBe("idempotency_key_reused");
    expect(await deps.database.all("SELECT id FROM files")).toHaveLength(1);
    // Larger than one piece of the digest: it is the last byte that differs.
    const long = `{"prompt":"${"x".repeat(1_200_000)}","completion":"`;
    expect((await upload(`${long}1"}`, "aaa", "two")).status).toBe(200);
    expect((await upload(`${long}2"}`, "aaa", "two")).status).toBe(422);
    const broken = await app.request("/v1/files", {
      method: "POST",
      headers: { ...bearer, "idempotency-key": "three", "content-type": "multipart/form-data; boundary=aaa" },
      body: "nothing of the kind",
    });
    expect(broken.status).toBe(400);
  });
});

describe("a signed bucket notification", () => {
  const notification = JSON.stringify({
    action: "PutObject",
    bucket: "foreword",
    object: { key: "datasets/acme/data/train.jsonl", eTag: "1" },
  });
  const [secret, next, stranger] = [newSecret(), newSecret(), newSecret()];
  const now = () => Math.floor(Date.now() / 1000);

  async function send(given: { secrets?: string[]; at?: number; body?: string; accepted?: string[] } = {}) {
    const enqueued: unknown[] = [];
    const base = createControlDeps();
    const app = createApp({
      ...base,
      config: { ...base.config, eventSecrets: given.accepted ?? [secret] },
      enqueue: async (events) => void enqueued.push(...events),
    });
    const headers = await signedHeaders(given.secrets ?? [secret], "msg_1", given.at ?? now(), notification);
    const response = await app.request("/v1/bucket-events", {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: given.body ?? notification,
    });
    return {
      status: response.status,
      code: (await json<Partial<ErrorBody>>(response)).error?.code,
      enqueued,
    };
  }

  test("is taken, also while one secret takes the other's place", async () => {
    expect(await send()).toMatchObject({ status: 200, enqueued: [{ action: "put", etag: "1" }] });
    expect((await send({ accepted: [next, secret] })).status).toBe(200);
    expect((await send({ secrets: [next, secret] })).status).toBe(200);
  });

  test("is refused when forged, altered, played back, or where no secret is configured", async () => {
    for (const given of [
      { secrets: [stranger] },
      { body: notification.replace("acme", "evil") },
      { at: now() - 310 },
      { at: now() + 330 },
      { accepted: [] },
    ])
      expect(await send(given), JSON.stringify(given)).toMatchObject({
        status: 401,
        code: "invalid_signature",
        enqueued: [],
      });
    expect((await send({ at: now() - 270 })).status).toBe(200);
  });

  test("opens nothing else", async () => {
    const { app } = start();
    const headers = await signedHeaders([secret], "msg_1", now(), "");
    expect((await app.request("/v1/datasets", { headers })).status).toBe(401);
  });
});

describe("a URL to upload a dataset to", () => {
  const invite = async (overrides: Partial<Deps>, more: object) => {
    const { deps, app } = start(overrides);
    const response = await app.request("/v1/datasets", {
      method: "POST",
      headers: { ...bearer, "content-type": "application/json" },
      body: JSON.stringify({ name: "later", ...more }),
    });
    return { deps, app, upload: await json<{ url: string; direct: boolean }>(response) };
  };
  const asked: [string, number][] = [];
  const signUpload = async (key: string, seconds: number) => {
    asked.push([key, seconds]);
    return "https://bucket.example/signed";
  };
  const settings = { epochs: 2 };

  test("is the bucket's own where that can be signed; what belongs to the rows is there before them", async () => {
    const { deps, upload } = await invite({ signUpload }, { settings, tune: false });
    expect(upload).toMatchObject({ url: "https://bucket.example/signed", direct: true });
    expect(asked).toEqual([["datasets/admin/later/train.jsonl", 3600]]);
    expect(await deps.bucket.head("datasets/admin/later/tune.json")).not.toBeNull();
    const { handleBucketEvent } = await import("../../functions/events/handle-bucket-event.ts");
    const key = "datasets/admin/later/train.jsonl";
    await deps.bucket.put(key, rows);
    const event = { action: "put" as const, bucket: "foreword", key, etag: null };
    expect(await handleBucketEvent(deps, event)).toMatchObject({ outcome: "accepted", job: null });
  });

  test("is this server's elsewhere", async () => {
    const { deps, app, upload } = await invite({}, { settings, tune: false });
    expect(upload.direct).toBe(false);
    const answer = await app.request(new URL(upload.url).pathname, { method: "PUT", body: rows });
    expect(await answer.json()).toMatchObject({ name: "later", status: "accepted" });
    expect(await deps.database.all("SELECT id FROM jobs")).toEqual([]);
    expect(await deps.bucket.head("datasets/admin/later/tune.json")).not.toBeNull();
  });
});
