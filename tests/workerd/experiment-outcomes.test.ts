import { describe, expect, test } from "vitest";
import { ask, call, newKey } from "./app.ts";
import { bought, failure, metric, total, eventually, openLaboratory } from "./laboratory.ts";

const { key, create, classify, results } = await openLaboratory();

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
