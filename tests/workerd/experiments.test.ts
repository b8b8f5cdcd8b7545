import { createScheduledController } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import worker from "../../functions/worker.ts";
import { newId } from "../../shared/ids.ts";
import { ask, call, migrate, newKey } from "./app.ts";
import { seedBaseModel, type SeededModel } from "./base-model.ts";
import { storePrompt } from "./store-prompt.ts";

interface Results {
  readonly verdict: { readonly state: string; readonly text: string };
  readonly variants: { readonly key: string; readonly units: number }[];
  readonly metrics: {
    readonly key: string;
    readonly variants: { variant: string; units: number; mean: number | null }[];
  }[];
  readonly sample_ratio: { readonly mismatch: boolean };
}
interface Experiment {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly serving: string;
  readonly variants: { readonly key: string; readonly model: string; readonly weight: number }[];
}
interface ErrorBody {
  readonly error: { readonly message: string; readonly code: string; readonly param: string | null };
}

const base = "minimind2-small";
let seeded: SeededModel;
let key: string;
let first: string;
let second: string;
beforeAll(async () => {
  await migrate();
  seeded = await seedBaseModel();
  key = await newKey("acme");
  first = await storePrompt(seeded, "acme", 1);
  second = await storePrompt(seeded, "acme", 2);
});

const bought = { key: "bought", kind: "binary", role: "primary" };
const create = (name: string, more: object = {}) =>
  ask<Experiment>(key, "POST", "/v1/experiments", {
    name,
    variants: [
      { key: "a", model: first, weight: 50 },
      { key: "b", model: second, weight: 50 },
    ],
    metrics: [bought],
    ...more,
  });
const classify = (model: string, user?: string, headers: Record<string, string> = {}, as = key) =>
  exports.default.fetch("http://foreword.test/v1/classifications", {
    method: "POST",
    headers: { authorization: `Bearer ${as}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({ model, input: "Is this a test?", user }),
  });
const failure = async (response: Response) => ({
  status: response.status,
  ...(await response.json<ErrorBody>()).error,
});
const results = (experiment: string) => ask<Results>(key, "GET", `/v1/experiments/${experiment}/results`);
const metric = (report: Results, name: string) =>
  report.metrics.find((one) => one.key === name)?.variants ?? [];
const total = (report: Results) => report.variants.reduce((sum, { units }) => sum + units, 0);

/** The queue delivers within about a second. */
async function eventually<T>(look: () => Promise<T>, until: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; attempt < 80; attempt++) {
    const value = await look();
    if (until(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("It did not happen within 8 seconds");
}

describe("an experiment", () => {
  test("answers under its name: sticky by user, with headers, and the tuned model in the body", async () => {
    const experiment = await create("sticky");
    expect(experiment).toMatchObject({
      status: "running",
      serving: "a",
      variants: [{ weight: 0.5 }, { weight: 0.5 }],
    });
    const seen = new Map<string, string>();
    for (const user of ["u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u1", "u2"]) {
      const response = await classify("sticky", user);
      expect(response.status).toBe(200);
      const variant = response.headers.get("x-foreword-variant") ?? "";
      const model = experiment.variants.find((one) => one.key === variant)?.model;
      expect(await response.json()).toMatchObject({ model });
      expect(response.headers.get("x-foreword-exposure")).toMatch(/^xp_/);
      expect(seen.get(user) ?? variant).toBe(variant);
      seen.set(user, variant);
    }
    expect(new Set(seen.values())).toEqual(new Set(["a", "b"]));
    // Exposures and the metrics that need no reporting come by themselves.
    const report = await eventually(
      () => results("sticky"),
      (one) => total(one) === 8 && metric(one, "error_rate").reduce((sum, { units }) => sum + units, 0) === 8,
    );
    expect(metric(report, "error_rate").every(({ mean }) => mean === 0)).toBe(true);
    expect(metric(report, "prompt_tokens").every(({ mean }) => (mean ?? 0) > 0)).toBe(true);
    expect(report.verdict.state).toBe("keep_collecting");
    expect(report.sample_ratio.mismatch).toBe(false);
    const raw = await env.BUCKET.list({ prefix: `events/acme/${experiment.id}/` });
    const lines = await Promise.all(
      raw.objects.map(async (object) => (await env.BUCKET.get(object.key))?.text() ?? ""),
    );
    const kinds = lines
      .join("")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect(kinds.filter((type) => type === "exposure")).toHaveLength(10);
  });

  test("streams, and generates in both endpoints", async () => {
    await create("generates", { unit: "session" });
    const generate = (path: string, body: object) =>
      exports.default.fetch(`http://foreword.test${path}`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${key}`,
          "content-type": "application/json",
          "x-foreword-session": "s1",
        },
        body: JSON.stringify({ model: "generates", max_tokens: 3, temperature: 0, ...body }),
      });
    const messages = [{ role: "user", content: "Hello" }];
    const streamed = await generate("/v1/chat/completions", { messages, stream: true });
    expect(streamed.headers.get("x-foreword-exposure")).toMatch(/^xp_/);
    expect(await streamed.text()).toContain("[DONE]");
    expect(
      (await generate("/v1/completions", { prompt: "Hello" })).headers.get("x-foreword-variant"),
    ).toMatch(/^[ab]$/);
    const report = await eventually(
      () => results("generates"),
      (one) => metric(one, "completion_tokens").some(({ units }) => units === 1),
    );
    const tokens = metric(report, "completion_tokens").find(({ units }) => units === 1)?.mean ?? 0;
    expect(tokens).toBeGreaterThan(0);
    expect(tokens).toBeLessThanOrEqual(3);
    expect(total(report)).toBe(1);
  });

  test("without a unit gives the control and counts nothing", async () => {
    await create("no-unit");
    const response = await classify("no-unit");
    expect(response.headers.get("x-foreword-variant")).toBe("a");
    expect(response.headers.get("x-foreword-exposure")).toBeNull();
  });

  test("shows testers the variant that they force, with a key for it, and does not count them", async () => {
    await create("forced");
    const forced = await classify("forced", "u1", { "x-foreword-force-variant": "b" });
    expect(forced.headers.get("x-foreword-variant")).toBe("b");
    expect(forced.headers.get("x-foreword-exposure")).toBeNull();
    const unknown = await failure(await classify("forced", "u1", { "x-foreword-force-variant": "z" }));
    expect(unknown).toMatchObject({ status: 400, code: "variant_not_found" });
    expect(unknown.message).toContain('"a", "b"');
    const plain = await newKey("acme", ["inference"]);
    const refused = await classify("forced", "u1", { "x-foreword-force-variant": "b" }, plain);
    expect(await failure(refused)).toMatchObject({ status: 403, code: "insufficient_scope" });
  });

  test("pauses, resumes, is promoted and rolled back, each with an entry in its history", async () => {
    const { id } = await create("life");
    const act = (action: string, body: object = {}) =>
      ask<Experiment>(key, "POST", `/v1/experiments/life/${action}`, body);
    const variantOf = async () => (await classify("life", "u1")).headers.get("x-foreword-variant");
    expect(await act("pause")).toMatchObject({ status: "paused" });
    expect(await variantOf()).toBe("a");
    expect(await act("resume")).toMatchObject({ status: "running", phase: 2 });
    expect(await act("promote", { variant: "b" })).toMatchObject({ status: "promoted", serving: "b" });
    expect(await variantOf()).toBe("b");
    expect(await act("roll_back")).toMatchObject({ status: "rolled_back", serving: "a" });
    expect(await variantOf()).toBe("a");
    const again = await failure(await call(key, "POST", "/v1/experiments/life/pause", {}));
    expect(again).toMatchObject({ status: 409, code: "wrong_status" });
    const history = await ask<{ data: { action: string; actor: string }[] }>(
      key,
      "GET",
      `/v1/experiments/${id}/history`,
    );
    expect(history.data.map(({ action }) => action)).toEqual([
      "start",
      "pause",
      "resume",
      "promote",
      "roll_back",
    ]);
    expect(history.data.every(({ actor }) => actor.startsWith("key_"))).toBe(true);
    // The name is free for the next one.
    expect((await create("life")).id).not.toBe(id);
  });

  test("keeps everybody in place who need not move when the weights change", async () => {
    await create("weights");
    const assigned = async () => {
      const units = Array.from({ length: 400 }, (_, i) => `unit-${i}`);
      const { data } = await ask<{ data: { unit: string; variant: string }[] }>(
        key,
        "POST",
        "/v1/assignments",
        {
          experiment: "weights",
          units,
        },
      );
      return data.map(({ variant }) => variant);
    };
    const before = await assigned();
    await ask(key, "PATCH", "/v1/experiments/weights", { weights: { a: 0.25, b: 0.75 } });
    const after = await assigned();
    expect(before.every((variant, i) => variant === "a" || after[i] === "b")).toBe(true);
    const moved = before.filter((variant, i) => variant !== after[i]).length;
    expect(moved).toBeGreaterThan(60);
    expect(moved).toBeLessThan(140);
    const report = await eventually(
      () => results("weights"),
      (one) => total(one) === 400,
    );
    // Each unit stays counted where it was first.
    expect(report.variants[0]?.units).toBe(before.filter((variant) => variant === "a").length);
  });
});

describe("outcomes", () => {
  test("count once, by exposure, by request or by unit, early or twice", async () => {
    await create("counted", { metrics: [bought, { key: "rating", kind: "continuous" }] });
    const answers = await Promise.all(["u1", "u2", "u3"].map((user) => classify("counted", user)));
    const exposures = answers.map((answer) => answer.headers.get("x-foreword-exposure"));
    const report = (outcome: object) => ask(key, "POST", "/v1/outcomes", outcome);
    await report({ exposure: exposures[0], metric: "bought", value: true, idempotency_key: "order-1" });
    await report({ exposure: exposures[0], metric: "bought", value: true, idempotency_key: "order-1" });
    await report({ request: answers[1]?.headers.get("x-request-id"), metric: "bought" });
    const batch = [
      { experiment: "counted", unit: "u3", metric: "bought", value: 0 },
      { unit: "u1", metric: "rating", value: 4.5 },
      { experiment: "counted", unit: "u1", metric: "rating", value: 3.5 },
      { exposure: "xp_invented", metric: "bought" },
      { exposure: exposures[2], metric: "rating", value: 1 },
    ];
    const answer = await ask<{ accepted: number; rejected: { index: number; error: { code: string } }[] }>(
      key,
      "POST",
      "/v1/outcomes",
      { outcomes: batch },
    );
    expect(answer).toMatchObject({
      accepted: 4,
      rejected: [{ index: 3, error: { code: "exposure_not_found" } }],
    });
    const counted = await eventually(
      () => results("counted"),
      (one) => metric(one, "rating").reduce((sum, { units }) => sum + units, 0) === 2 && total(one) === 3,
    );
    const sums = metric(counted, "bought").map(({ units, mean }) => units * (mean ?? 0));
    expect(sums.reduce((sum, one) => sum + one, 0)).toBeCloseTo(2, 9);
    const ratings = metric(counted, "rating").map(({ units, mean }) => units * (mean ?? 0));
    expect(ratings.reduce((sum, one) => sum + one, 0)).toBeCloseTo(5, 9);
  });

  test("are refused with what to do instead", async () => {
    await create("refusing", { metrics: [bought, { key: "clicks", kind: "count" }] });
    const { headers } = await classify("refusing", "u1");
    const exposure = headers.get("x-foreword-exposure");
    const post = async (outcome: object) => failure(await call(key, "POST", "/v1/outcomes", outcome));
    expect(await post({ exposure: `${exposure?.slice(0, -8)}00000000`, metric: "bought" })).toMatchObject({
      status: 404,
      code: "exposure_not_found",
    });
    expect(await post({ exposure, metric: "bought", value: 0.5 })).toMatchObject({
      status: 400,
      param: "value",
    });
    expect(await post({ exposure, metric: "clicks", value: 1.5 })).toMatchObject({
      status: 400,
      param: "value",
    });
    expect(await post({ exposure, metric: "unknown" })).toMatchObject({
      status: 400,
      code: "metric_not_found",
    });
    expect(await post({ exposure, metric: "latency_ms", value: 1 })).toMatchObject({
      code: "metric_not_found",
    });
    expect(await post({ request: "req_01AAAAAAAAAAAAAAAAAAAAAAAA", metric: "bought" })).toMatchObject({
      status: 404,
    });
    expect(await post({ metric: "bought" })).toMatchObject({ status: 400 });
    expect(await post({ exposure, metric: "bought", time: 1 })).toMatchObject({ code: "outcome_too_old" });
    await ask(key, "POST", "/v1/experiments/refusing/stop", {});
    const late = await post({ exposure, metric: "bought", time: Date.now() / 1000 + 60 });
    expect(late).toMatchObject({ status: 409, code: "experiment_ended" });
    const other = await newKey("other");
    const foreign = await failure(await call(other, "POST", "/v1/outcomes", { exposure, metric: "bought" }));
    expect(foreign).toMatchObject({ status: 404, code: "exposure_not_found" });
  });
});

describe("bad experiments", () => {
  const refuse = async (body: object) => failure(await call(key, "POST", "/v1/experiments", body));
  const variants = () => [
    { key: "a", model: first, weight: 50 },
    { key: "b", model: second, weight: 40 },
  ];
  test("are refused with what to do instead", async () => {
    const sum = await refuse({ name: "bad", variants: variants() });
    expect(sum).toMatchObject({ status: 400, message: "Weights sum to 90, wanted 1 or 100" });
    const missing = await refuse({ name: "bad", variants: [{ key: "a", model: "ft:none" }] });
    expect(missing).toMatchObject({ status: 404, code: "model_not_found", param: "variants.0.model" });
    expect(await refuse({ name: base, variants: [{ key: "a", model: base }] })).toMatchObject({
      code: "name_taken",
    });
    const kind = await refuse({
      name: "bad",
      variants: [{ key: "a", model: base }],
      metrics: [{ key: "x" }],
    });
    expect(kind.message).toContain('Metric "x" needs a "kind"');
    const three = [...variants(), { key: "c", model: base, weight: 10 }];
    expect((await refuse({ name: "bad", variants: three, policy: "canary" })).message).toContain(
      "found 3 variants",
    );
    await create("taken");
    expect(await refuse({ name: "taken", variants: [{ key: "a", model: base }] })).toMatchObject({
      status: 409,
      code: "experiment_exists",
    });
    const breaking = await failure(await call(key, "PATCH", "/v1/experiments/taken", { unit: "session" }));
    expect(breaking).toMatchObject({ status: 409, code: "breaking_change", param: "unit" });
    const used = await failure(await call(key, "DELETE", `/v1/models/${encodeURIComponent(second)}`));
    expect(used).toMatchObject({ status: 409, code: "model_in_use" });
  });
});

describe("policies", () => {
  test("a canary that does harm is rolled back as soon as the outcomes are in", async () => {
    const { id } = await create("canary", {
      policy: { type: "canary", steps: [50, 100], min_units: 30 },
      metrics: [
        { key: "complaint", kind: "binary", direction: "decrease", role: "guardrail", min_effect: 0.05 },
      ],
    });
    const units = Array.from({ length: 400 }, (_, i) => `unit-${i}`);
    const { data } = await ask<{ data: { unit: string; variant: string; exposure: string }[] }>(
      key,
      "POST",
      "/v1/assignments",
      { experiment: "canary", units },
    );
    const outcomes = data
      .filter(({ variant }) => variant === "b")
      .map(({ exposure }, i) => ({ exposure, metric: "complaint", value: i % 2 }));
    await ask(key, "POST", "/v1/outcomes", { outcomes });
    const rolledBack = await eventually(
      () => ask<Experiment>(key, "GET", `/v1/experiments/${id}`),
      ({ status }) => status === "rolled_back",
    );
    expect(rolledBack.serving).toBe("a");
    const history = await ask<{ data: { action: string; actor: string; detail: { reason?: string } }[] }>(
      key,
      "GET",
      `/v1/experiments/${id}/history`,
    );
    expect(history.data.at(-1)).toMatchObject({ actor: "policy", action: "roll_back" });
    expect(history.data.at(-1)?.detail.reason).toContain('Guardrail "complaint" is worse');
  });

  test("a shadow answers behind the control, is compared and never returned", async () => {
    const { id } = await create("shadow", { policy: "shadow" });
    const response = await classify("shadow", "u1");
    expect(response.headers.get("x-foreword-variant")).toBe("a");
    expect(await response.json()).toMatchObject({ model: first });
    const report = await eventually(
      () => results("shadow"),
      (one) => metric(one, "agreement_rate")[1]?.units === 1,
    );
    expect(report.variants.map(({ units }) => units)).toEqual([1, 1]);
    const raw = await env.BUCKET.list({ prefix: `events/acme/${id}/` });
    const texts = await Promise.all(
      raw.objects.map(async ({ key: object }) => (await env.BUCKET.get(object))?.text() ?? ""),
    );
    const shadow = texts
      .join("")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; answers?: { texts: string[] }[] })
      .find(({ type }) => type === "shadow");
    expect(shadow?.answers?.map((answer) => answer.texts.length)).toEqual([1, 1]);
  });
});

describe("a finished tuning job", () => {
  const scores = (accuracy: number) => ({ loss: 1, token_accuracy: 1, accuracy });
  const evaluation = (baseAccuracy: number, tuned: number) => ({
    split: "test" as const,
    rows: 100,
    majority_share: 0.5,
    base: scores(baseAccuracy),
    tuned: scores(tuned),
  });
  async function finishJob(experiment: object, accuracy: number): Promise<string> {
    const job = newId("job");
    const dataset = newId("file");
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO datasets (id, organization, name, etag, bytes, status, report_json, created_at) VALUES (?1, 'acme', ?1, ?1, 1, 'accepted', '{"rows":1}', 0)`,
      ).bind(dataset),
      env.DB.prepare(
        `INSERT INTO jobs (id, organization, dataset_id, base_model, suffix, settings_json, status, created_at, finished_at)
         VALUES (?1, 'acme', ?2, ?3, 'test', ?4, 'succeeded', ?5, ?5)`,
      ).bind(job, dataset, base, JSON.stringify({ experiment }), Date.now()),
    ]);
    return storePrompt(seeded, "acme", 9, evaluation(0.7, accuracy), job);
  }
  const look = () => worker.scheduled(createScheduledController(), env);
  const lineage = (model: string) =>
    ask<{
      entry: { status: string; reason: string } | null;
      experiments: { name: string; status: string }[];
    }>(key, "GET", `/v1/models/${encodeURIComponent(model)}`);

  test("enters its experiment when it passes the gate, waits while another runs, is reported when it does not", async () => {
    await ask(key, "POST", "/v1/experiments", {
      name: "support",
      variants: [{ key: "base", model: base }],
      metrics: [bought],
    });
    const good = await finishJob(
      { name: "support", gate: { min_gain: 0.05 }, canary: { steps: [10, 100] } },
      0.9,
    );
    const bad = await finishJob({ name: "absent" }, 0.9);
    await look();
    const entered = await lineage(good);
    expect(entered).toMatchObject({
      entry: { status: "entered" },
      experiments: [{ name: "support", status: "running" }],
    });
    expect(entered.entry?.reason).toContain("accuracy 0.9000 against 0.7000 on 100 held-out rows");
    const { variants, serving } = await ask<Experiment>(key, "GET", "/v1/experiments/support");
    expect(serving).toBe("base");
    expect(variants.map(({ model, weight }) => [model, weight])).toEqual([
      [base, 0.9],
      [good, 0.1],
    ]);
    expect(await lineage(bad)).toMatchObject({ entry: { status: "refused" }, experiments: [] });

    const next = await finishJob({ name: "support" }, 0.95);
    await look();
    expect(await lineage(next)).toMatchObject({ entry: { status: "waiting" }, experiments: [] });
    await ask(key, "POST", "/v1/experiments/support/promote", {});
    await look();
    // What serves now is a tuned model that this job's trainer has not evaluated on its rows.
    const refused = await lineage(next);
    expect(refused.entry?.reason).toContain("was not evaluated beside");
    expect((await ask<Experiment>(key, "GET", "/v1/experiments/support")).status).toBe("promoted");
  });

  test("that is no better leaves the traffic untouched", async () => {
    await ask(key, "POST", "/v1/experiments", { name: "steady", variants: [{ key: "base", model: base }] });
    const model = await finishJob({ name: "steady" }, 0.7);
    await look();
    await look();
    expect(await lineage(model)).toMatchObject({ entry: { status: "refused" }, experiments: [] });
    expect(await ask<Experiment>(key, "GET", "/v1/experiments/steady")).toMatchObject({
      status: "running",
      serving: "base",
    });
  });
});

test("the calculator answers for both ways of looking", async () => {
  const answer = await ask<{ sequential: { per_variant: number }; fixed: { per_variant: number } }>(
    key,
    "POST",
    "/v1/sample_size",
    { baseline: 0.05, min_effect: 0.01 },
  );
  expect(answer.fixed.per_variant).toBe(8158);
  expect(answer.sequential.per_variant).toBeGreaterThan(8158);
});
