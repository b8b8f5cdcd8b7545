import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { uploadTinyModel } from "../../scripts/chaos/tiny-model.ts";
import { datasetKey } from "../../shared/contracts/dataset.ts";
import type { StackProcess } from "./local-stack.ts";

const POLL_MS = 250;
const NAME = "tickets";
const cache = join(import.meta.dirname, "../../.foreword/cache");

interface Job {
  readonly id: string;
  readonly status: string;
  readonly training_file: string;
  readonly fine_tuned_model: string | null;
  readonly error: unknown;
}
interface Model {
  readonly job_id: string;
  readonly dataset_id: string;
  readonly entry: { readonly status: string; readonly reason: string } | null;
  readonly experiments: readonly { readonly id: string; readonly name: string; readonly status: string }[];
}
interface Experiment {
  readonly id: string;
  readonly status: string;
  readonly serving: string;
  readonly variants: readonly { readonly key: string; readonly model: string }[];
}
interface Page<T> {
  readonly data: readonly T[];
}

/** One lineage, with nothing but uploads and traffic: a tuned model enters its experiment by itself, or does not. */
export function describeLineage(stackOf: () => StackProcess): void {
  describe("a dataset whose tune.json names an experiment", () => {
    const call = async (path: string, body?: unknown) => {
      const { apiKey } = await stackOf().credentials();
      return fetch(new URL(path, stackOf().url), {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    };
    const ask = async <T>(path: string, body?: unknown): Promise<T> => {
      const response = await call(path, body);
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
      return (await response.json()) as T;
    };
    const until = async <T>(look: () => Promise<T>, found: (value: T) => boolean): Promise<T> => {
      for (;;) {
        const value = await look();
        if (found(value)) return value;
        await sleep(POLL_MS);
      }
    };
    const experiment = () => ask<Experiment>(`/v1/experiments/${NAME}`);
    const modelOf = (name: string) => ask<Model>(`/v1/models/${encodeURIComponent(name)}`);
    const complete = async (model: string, user: string) => {
      const response = await call("/v1/completions", { model, prompt: "The item is", max_tokens: 2, user });
      const { model: answering } = (await response.json()) as { model: string };
      return { answering, variant: response.headers.get("x-foreword-variant") };
    };

    /** Uploads a dataset and waits for what its job comes to. */
    async function tune(baseModel: string, name: string, gate: object): Promise<Job & { model: string }> {
      const bucket = await stackOf().bucket();
      const rows = Array.from({ length: 32 }, (_, i) => {
        const good = i % 2 === 0;
        return JSON.stringify({
          text: `Item ${i} is ${good ? "great" : "broken"}`,
          label: good ? "yes" : "no",
        });
      });
      const settings = {
        base_model: baseModel,
        method: "prompt_tuning",
        virtual_tokens: 2,
        epochs: 6,
        batch_size: 8,
        experiment: {
          name: NAME,
          gate: { metric: "loss", ...gate },
          canary: { steps: [50, 100], min_units: 30 },
        },
      };
      const put = (file: string, text: string) => bucket.put(datasetKey("local", name, file), text);
      await put("tune.json", JSON.stringify(settings));
      await put("valid.jsonl", rows.slice(16, 24).join("\n"));
      await put("test.jsonl", rows.slice(24).join("\n"));
      await put("train.jsonl", rows.slice(0, 16).join("\n"));
      const [dataset] = (
        await until(
          () => ask<Page<{ id: string; status: string }>>(`/v1/datasets?name=${name}`),
          ({ data }) => data.length > 0,
        )
      ).data;
      expect(dataset?.status).toBe("accepted");
      const job = await until(
        async () =>
          (await ask<Page<Job>>("/v1/fine_tuning/jobs?limit=100")).data.find(
            ({ training_file: file }) => file === dataset?.id,
          ),
        (one) => one !== undefined && !["queued", "running"].includes(one.status),
      );
      expect(job).toMatchObject({ status: "succeeded", error: null });
      return { ...(job as Job), model: job?.fine_tuned_model ?? "" };
    }

    test(
      "is tuned, passes the gate, goes through a canary and is promoted; one that fails the gate changes nothing",
      { timeout: 300_000 },
      async () => {
        const base = await uploadTinyModel(await stackOf().bucket(), cache);
        const guardrail = { key: "complaint", kind: "binary", direction: "decrease", role: "guardrail" };
        const first = await ask<Experiment>("/v1/experiments", {
          name: NAME,
          variants: [{ key: "base", model: base }],
          metrics: [guardrail],
        });

        const good = await tune(base, "good-tickets", {});
        const entered = await until(
          () => modelOf(good.model),
          ({ entry }) => entry !== null,
        );
        expect(entered).toMatchObject({
          job_id: good.id,
          dataset_id: good.training_file,
          entry: { status: "entered" },
          experiments: [{ name: NAME, status: "running" }],
        });
        expect(entered.entry?.reason).toMatch(
          /^Gate passed: loss \d+\.\d+ against \d+\.\d+ on 8 held-out rows$/,
        );
        const canary = await experiment();
        expect(canary.id).not.toBe(first.id);
        expect(canary.variants.map(({ model }) => model)).toEqual([base, good.model]);

        const answers = new Map<string | null, string>();
        for (let user = 0; answers.size < 2; user++) {
          const { answering, variant } = await complete(NAME, `user-${user}`);
          answers.set(variant, answering);
        }
        expect(new Set(answers.values())).toEqual(new Set([base, good.model]));
        expect(answers.get("base")).toBe(base);

        const units = Array.from({ length: 150 }, (_, i) => `unit-${i}`);
        await ask("/v1/assignments", { experiment: NAME, units });
        const promoted = await until(experiment, ({ status }) => status !== "running");
        expect(promoted).toMatchObject({
          id: canary.id,
          status: "promoted",
          serving: canary.variants[1]?.key,
        });
        expect((await complete(NAME, "anybody")).answering).toBe(good.model);
        expect(await modelOf(good.model)).toMatchObject({
          experiments: [{ id: canary.id, status: "promoted" }],
        });
        const { data: history } = await ask<Page<{ actor: string; action: string }>>(
          `/v1/experiments/${canary.id}/history`,
        );
        expect(history.map(({ actor, action }) => `${actor} ${action}`)).toEqual(
          expect.arrayContaining(["job start", "policy promote"]),
        );

        // What the run had come to before can be called too.
        const { data: checkpoints } = await ask<
          Page<{ step_number: number; fine_tuned_model_checkpoint: string }>
        >(`/v1/fine_tuning/jobs/${good.id}/checkpoints`);
        const [, earlier] = checkpoints;
        expect(checkpoints.length).toBeGreaterThan(1);
        const checkpoint = earlier?.fine_tuned_model_checkpoint ?? "";
        expect(checkpoint).toBe(`${good.model}:ckpt-step-${earlier?.step_number}`);
        expect((await complete(checkpoint, "anybody")).answering).toBe(checkpoint);

        const bad = await tune(base, "bad-tickets", { min_gain: 1000 });
        const refused = await until(
          () => modelOf(bad.model),
          ({ entry }) => entry !== null,
        );
        expect(refused).toMatchObject({ entry: { status: "refused" }, experiments: [] });
        expect(refused.entry?.reason).toContain("the gate wants a gain of at least 1000");
        const { data: events } = await ask<Page<{ level: string; message: string }>>(
          `/v1/fine_tuning/jobs/${bad.id}/events`,
        );
        expect(events).toContainEqual(
          expect.objectContaining({ level: "warn", message: expect.stringContaining("refused") as string }),
        );
        expect(await experiment()).toEqual(promoted);
        expect((await complete(NAME, "anybody")).answering).toBe(good.model);
      },
    );
  });
}
