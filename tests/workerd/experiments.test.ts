import { exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { ask, call, newKey } from "./app.ts";
import {
  base,
  failure,
  metric,
  total,
  events,
  eventually,
  openLaboratory,
  type Experiment,
} from "./laboratory.ts";

const { key, first, second, create, classify, results } = await openLaboratory();

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
    const exposures = (await events(experiment.id)).filter(({ type }) => type === "exposure");
    expect(exposures).toHaveLength(10);
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
