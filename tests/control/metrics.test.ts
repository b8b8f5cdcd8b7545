import { expect, test } from "vitest";
import { createMetrics } from "../../trainer/metrics/metrics.ts";
import { serveMetrics } from "../../trainer/metrics/serve-metrics.ts";

test("the trainer's metrics are served in Prometheus' text format", async () => {
  const metrics = createMetrics();
  metrics.started();
  metrics.beat({
    phase: "tuning",
    step: 7,
    total_steps: 9,
    train_loss: 1,
    valid_loss: null,
    tokens_per_second: 1234,
    seconds_left: null,
  });
  metrics.missed();
  metrics.ended("succeeded", 2.5);
  const server = await serveMetrics(metrics, 0);
  try {
    const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    expect(response.headers.get("content-type")).toContain("version=0.0.4");
    const lines = (await response.text()).trimEnd().split("\n");
    for (const line of lines)
      expect(line).toMatch(
        /^(# (HELP|TYPE) foreword_trainer_\w+ .+|foreword_trainer_\w+(\{\w+="\w+"\})? [\d.e+]+)$/,
      );
    expect(lines).toContain('foreword_trainer_jobs_ended_total{outcome="succeeded"} 1');
    expect(lines).toContain("foreword_trainer_jobs_running 0");
    expect(lines).toContain("foreword_trainer_step 7");
    expect(lines).toContain('foreword_trainer_heartbeats_total{answered="no"} 1');
    expect((await fetch(`http://127.0.0.1:${server.port}/health`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${server.port}/x`)).status).toBe(404);
  } finally {
    server.close();
  }
});
