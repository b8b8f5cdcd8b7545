import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import worker from "../../functions/worker.ts";
import { newId } from "../../shared/ids.ts";
import { ask } from "./app.ts";
import { base, bought, metric, events, eventually, openLaboratory, type Experiment } from "./laboratory.ts";
import { storePrompt } from "./store-prompt.ts";

const { seeded, key, first, create, classify, results } = await openLaboratory();

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
    const raw = await events<{ type: string; answers?: { texts: string[] }[] }>(id);
    const shadow = raw.find(({ type }) => type === "shadow");
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
