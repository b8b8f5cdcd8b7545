import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { ADMIN_KEY, ask, call, migrate, newKey, putDataset, putEvent } from "./app.ts";
import { seedBaseModel } from "./base-model.ts";

interface Key {
  readonly id: string;
  readonly key: string;
}

let admin: string;
beforeAll(async () => {
  await migrate();
  await seedBaseModel();
  admin = await newKey("acme", ["admin"]);
});

/** A POST with an Idempotency-Key. */
const post = async (key: string, path: string, idempotencyKey: string, body: unknown) =>
  exports.default.fetch(`http://foreword.test${path}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "idempotency-key": idempotencyKey,
    },
    body: JSON.stringify(body),
  });

describe("an idempotency key", () => {
  test("lets a call take effect once and gives its answer again, without the answer being readable at rest", async () => {
    const first = await post(admin, "/v1/keys", "one", { name: "once" });
    const again = await post(admin, "/v1/keys", "one", { name: "once" });
    const made = await first.json<Key>();
    expect(await again.json()).toEqual(made);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const keys = (await ask<{ data: { name: string }[] }>(admin, "GET", "/v1/keys")).data;
    expect(keys.filter(({ name }) => name === "once")).toHaveLength(1);
    const stored = await env.DB.prepare("SELECT * FROM idempotent_calls").all();
    expect(stored.results).toHaveLength(1);
    expect(JSON.stringify(stored.results)).not.toContain(made.key);
  });

  test("used for another body is refused; of another caller's it is another key", async () => {
    expect((await post(admin, "/v1/keys", "two", { name: "a" })).status).toBe(200);
    const other = await post(admin, "/v1/keys", "two", { name: "b" });
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ error: { code: "idempotency_key_reused" } });
    const globex = await newKey("globex", ["admin"]);
    expect((await post(globex, "/v1/keys", "two", { name: "b" })).status).toBe(200);
  });

  test("of many calls at once lets one through; the others wait or get its answer", async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => post(admin, "/v1/keys", "race", { name: "race" })),
    );
    const bodies = await Promise.all(answers.map((answer) => answer.json<{ id?: string }>()));
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    expect(new Set(bodies.flatMap(({ id }) => id ?? [])).size).toBe(1);
    const keys = (await ask<{ data: { name: string }[] }>(admin, "GET", "/v1/keys")).data;
    expect(keys.filter(({ name }) => name === "race")).toHaveLength(1);
  });

  test("of a request that was wrong keeps that answer as well", async () => {
    const wrong = await post(admin, "/v1/keys", "wrong", {});
    expect(wrong.status).toBe(400);
    expect((await post(admin, "/v1/keys", "wrong", {})).headers.get("idempotency-replayed")).toBe("true");
  });
});

describe("a key", () => {
  test("is limited at its own rate, and told when to come back", async () => {
    const { key } = await ask<Key>(ADMIN_KEY, "POST", "/v1/keys", {
      name: "slow",
      organization: "acme",
      requests_per_minute: 3,
    });
    const answers: Response[] = [];
    for (let i = 0; i < 4; i++) answers.push(await call(key, "GET", "/v1/datasets"));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    const header = (i: number, name: string) => answers[i]?.headers.get(name);
    expect(header(0, "x-ratelimit-limit-requests")).toBe("3");
    expect(header(0, "x-ratelimit-remaining-requests")).toBe("2");
    expect(Number(header(3, "retry-after"))).toBeGreaterThan(0);
    expect(header(3, "x-ratelimit-remaining-requests")).toBe("0");
    expect((await call(admin, "GET", "/v1/keys")).status).toBe(200);
  });

  test("that was rotated goes on until its grace is over, and says so", async () => {
    const made = await ask<Key>(admin, "POST", "/v1/keys", { name: "turn", scopes: ["datasets"] });
    const next = await ask<Key>(admin, "POST", `/v1/keys/${made.id}/rotate`, { grace_seconds: 60 });
    expect((await call(made.key, "GET", "/v1/datasets")).status).toBe(200);
    expect((await call(next.key, "GET", "/v1/datasets")).status).toBe(200);
    const last = await ask<Key>(admin, "POST", `/v1/keys/${next.id}/rotate`, { grace_seconds: 0 });
    expect((await call(next.key, "GET", "/v1/datasets")).status).toBe(401);
    expect((await call(last.key, "GET", "/v1/keys")).status).toBe(403);
  });

  test("leaves a trace of what it changed, and of nothing that it only read", async () => {
    const auditor = await newKey("audited", ["admin"]);
    const made = await ask<Key>(auditor, "POST", "/v1/keys", { name: "secret-name" });
    await ask(auditor, "GET", "/v1/keys");
    await ask(auditor, "DELETE", `/v1/keys/${made.id}`);
    const { data } = await ask<{ data: { method: string; path: string; status: number }[] }>(
      auditor,
      "GET",
      "/v1/audit_log",
    );
    expect(data.map(({ method, path, status }) => [method, path, status])).toEqual([
      ["DELETE", `/v1/keys/${made.id}`, 200],
      ["POST", "/v1/keys", 200],
    ]);
    expect(JSON.stringify(data)).not.toContain("secret-name");
  });
});

describe("a quota", () => {
  test("that is used up refuses uploads over the API and lets those in the bucket wait for another day", async () => {
    const key = await newKey("frugal");
    await ask(ADMIN_KEY, "POST", "/v1/quotas", { organization: "frugal", jobs: 1 });
    const rows = [{ prompt: "a", completion: " b" }];
    await ask(key, "POST", "/v1/datasets", { name: "first", rows });
    const second = await call(key, "POST", "/v1/datasets", { name: "second", rows });
    expect(second.status).toBe(429);
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
    const { key: object } = await putDataset("frugal", "third", rows);
    const events = await newKey("frugal", ["events"]);
    await ask(events, "POST", "/v1/bucket-events", putEvent(object));
    expect(await ask(key, "GET", "/v1/quotas")).toMatchObject({
      jobs: { limit: 1, used: 1 },
      rows: { used: 1 },
    });
    expect((await call(key, "POST", "/v1/quotas", { organization: "frugal", jobs: 9 })).status).toBe(403);
  });
});

describe("a dataset over the API", () => {
  test("is made of rows, described, previewed and deleted", async () => {
    const key = await newKey("rows");
    const rows = Array.from({ length: 6 }, (_, i) => ({ text: `text ${i}`, label: i % 2 ? "odd" : "even" }));
    const made = await ask<{ id: string }>(key, "POST", "/v1/datasets", {
      name: "parity",
      rows,
      tune: false,
    });
    expect(made).toMatchObject({
      status: "accepted",
      rows: 6,
      labels: { " even": 3, " odd": 3 },
      tokens: { sampled_rows: 6 },
    });
    expect(await ask(key, "GET", "/v1/fine_tuning/jobs")).toMatchObject({ data: [] });
    const preview = await ask<{ data: unknown[] }>(key, "GET", `/v1/datasets/${made.id}/preview?limit=2`);
    expect(preview.data).toEqual([
      { format: "label", text: "text 0", label: "even" },
      { format: "label", text: "text 1", label: "odd" },
    ]);
    await ask(key, "POST", "/v1/datasets", { name: "parity", rows: rows.slice(2), tune: false });
    const versions = await ask<{ data: { rows: number }[] }>(key, "GET", "/v1/datasets/parity/versions");
    expect(versions.data.map((version) => version.rows)).toEqual([4, 6]);
    expect((await call(key, "GET", `/v1/datasets/${made.id}/preview`)).status).toBe(409);
    await ask(key, "DELETE", "/v1/datasets/parity");
    expect((await call(key, "GET", "/v1/datasets/parity")).status).toBe(404);
  });

  test("is uploaded once to a URL that is its own key", async () => {
    const key = await newKey("urls");
    const { url } = await ask<{ url: string }>(key, "POST", "/v1/datasets", { name: "later" });
    const put = async () =>
      exports.default.fetch(url, { method: "PUT", body: '{"prompt":"a","completion":" b"}' });
    expect(await (await put()).json()).toMatchObject({ name: "later", status: "accepted", rows: 1 });
    expect((await put()).status).toBe(401);
    expect(await ask(key, "GET", "/v1/fine_tuning/jobs")).toMatchObject({ data: [{ status: "queued" }] });
  });
});
