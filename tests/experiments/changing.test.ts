import { describe, expect, it } from "vitest";
import { assign } from "../../functions/experiments/assign.ts";
import { actOnExperiment, changeExperiment } from "../../functions/experiments/change-experiment.ts";
import { createExperiment } from "../../functions/experiments/create-experiment.ts";
import { experimentsOf } from "../../functions/experiments/service.ts";
import { listHistory } from "../../functions/records/experiment-history.ts";
import { createWebhookRecords, webhookEvents } from "../../functions/records/webhooks.ts";
import { createFakeDeps, twoVariants } from "./fake-deps.ts";

const source = (user: string | undefined) => ({
  requestId: "req_1",
  user,
  session: "s1",
  forced: undefined,
  mayForce: false,
});

describe("creating", () => {
  it("refuses variants with different tokenizers, naming both", async () => {
    const deps = createFakeDeps({ base: "t1", other: "t2" });
    await expect(createExperiment(deps, "acme", twoVariants(), "key")).rejects.toMatchObject({
      code: "tokenizer_mismatch",
      status: 400,
      message: expect.stringContaining('"other", whose tokenizer differs from that of "base"') as string,
    });
  });

  it("gives one of two that come at once, and another organisation its own", async () => {
    const deps = createFakeDeps();
    const results = await Promise.allSettled(
      [1, 2, 3].map(() => createExperiment(deps, "acme", twoVariants(), "key")),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await createExperiment(deps, "other", twoVariants(), "key");
    expect(await deps.database.all("SELECT id FROM experiments")).toHaveLength(2);
    expect(await deps.database.all("SELECT id FROM experiment_history")).toHaveLength(2);
  });
});

describe("changing", () => {
  it("lets one of two writers through and writes nothing of the other", async () => {
    const deps = createFakeDeps();
    const { records } = experimentsOf(deps);
    const record = await createExperiment(deps, "acme", twoVariants(), "key");
    const paused = await actOnExperiment(deps, record, "pause", "key_1");
    await expect(actOnExperiment(deps, record, "stop", "key_2")).rejects.toMatchObject({
      code: "experiment_changed",
    });
    await expect(
      records.update(record, { allocation: record.allocation }, { actor: "key_3", action: "change" }),
    ).rejects.toMatchObject({ status: 409 });
    expect(await records.find("acme", record.id)).toEqual(paused);
    expect((await listHistory(deps.database, record.id)).map(({ actor }) => actor)).toEqual(["key", "key_1"]);
    expect(await records.phases(record.id)).toHaveLength(1);
  });

  it("of a draft changes anything; a running one only its weights", async () => {
    const deps = createFakeDeps();
    const draft = await createExperiment(deps, "acme", twoVariants({ start: false }), "key");
    expect(assign(draft, source("u1"), 0)).toMatchObject({ key: "a", exposure: null });
    const changed = await changeExperiment(
      deps,
      draft,
      { unit: "session", weights: { a: 10, b: 90 } },
      "key",
    );
    expect(changed.definition.unit).toBe("session");
    const running = await actOnExperiment(deps, changed, "start", "key");
    expect(assign(running, source(undefined), 0).exposure).toMatchObject({ phase: 1, unitId: "s1" });
    await expect(changeExperiment(deps, running, { metrics: [] }, "key")).rejects.toMatchObject({
      code: "breaking_change",
      message: expect.stringContaining("stop it and create a new one") as string,
    });
    const reweighed = await changeExperiment(deps, running, { weights: { a: 0.5, b: 0.5 } }, "key");
    expect(reweighed.phase).toBe(2);
    await expect(
      changeExperiment(deps, reweighed, { weights: { a: 50, c: 50 } }, "key"),
    ).rejects.toMatchObject({
      code: "variant_not_found",
    });
  });

  it("asks which treatment to promote where there are several", async () => {
    const deps = createFakeDeps();
    const three = twoVariants({ variants: ["a", "b", "c"].map((key) => ({ key, model: "base" })) });
    const record = await createExperiment(deps, "acme", three, "key");
    await expect(actOnExperiment(deps, record, "promote", "key")).rejects.toThrow("none was named");
    expect(await actOnExperiment(deps, record, "promote", "key", "c")).toMatchObject({
      serving: 2,
      status: "promoted",
    });
  });
});

describe("assigning", () => {
  it("splits as the weights say, by each kind of unit", async () => {
    const deps = createFakeDeps();
    const variants = [
      { key: "a", model: "base", weight: 20 },
      { key: "b", model: "other", weight: 80 },
    ];
    const record = await createExperiment(deps, "acme", twoVariants({ variants, unit: "request" }), "key");
    const units = 20_000;
    let b = 0;
    for (let i = 0; i < units; i++)
      b += assign(record, { ...source(undefined), requestId: `req_${i}` }, 0).variant;
    // Three standard errors.
    expect(Math.abs(b / units - 0.8)).toBeLessThan(3 * Math.sqrt((0.8 * 0.2) / units));
  });
});

describe("webhooks", () => {
  it("tell of each decision, also of one that takes another back", async () => {
    const deps = createFakeDeps();
    const webhooks = createWebhookRecords(deps.database, deps.now);
    const { id } = await webhooks.create("acme", "https://hooks.foreword.dev/", webhookEvents, "whsec_x");
    let record = await createExperiment(deps, "acme", twoVariants(), "key");
    for (const action of ["pause", "resume", "promote", "roll_back"] as const)
      record = await actOnExperiment(deps, record, action, "key");
    const told = (await webhooks.deliveries(id, { limit: 10 })).toReversed();
    expect(told.map(({ type }) => type)).toEqual([
      "experiment.paused",
      "experiment.promoted",
      "experiment.rolled_back",
    ]);
    expect(new Set(told.map(({ messageId }) => messageId)).size).toBe(3);
  });
});
