import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { createD1Database } from "../../functions/adapters/d1.ts";
import { insertPrompt } from "../../functions/records/prompts.ts";
import { promptFiles, promptKey, tunedModelName } from "../../shared/contracts/job.ts";
import { sha256Hex } from "../../shared/sha256.ts";
import expected from "../fixtures/spam-prompt/expected.json";
import { ask, migrate, newKey } from "./app.ts";
import { seedBaseModel } from "./base-model.ts";

/** A binding that only tests have; vitest.config.ts declares it. */
const { FIXTURE_FILES } = env as Env & { readonly FIXTURE_FILES: Fetcher };

const ID = "sp_spam";
const MODEL = tunedModelName("minimind2-small", "acme", "spam", ID);
/** Log-probabilities at the edge, where activations are rounded to int8, differ by less than this from float32's. */
const MEAN_DIFFERENCE = 0.1;

interface Classifications {
  readonly data: { label: string; scores: { label: string; logprob: number }[] }[];
}

let key: string;
beforeAll(async () => {
  await migrate();
  const { manifest, bucket } = await seedBaseModel();
  if (manifest.digest !== expected.base_digest)
    throw new Error(`The fixture is of base "${expected.base_digest}"`);
  const bytes = await (await FIXTURE_FILES.fetch("http://files/spam-prompt/prefix.safetensors")).bytes();
  await bucket.put(promptKey("acme", ID, promptFiles.prefix), bytes);
  await createD1Database(env.DB).transaction([
    insertPrompt({
      id: ID,
      organization: "acme",
      model: MODEL,
      baseModel: manifest.name,
      jobId: null,
      datasetId: null,
      createdAt: 0,
      prompt: {
        base_digest: manifest.digest,
        method: "prompt_tuning",
        virtual_tokens: 20,
        row_format: "completion",
        labels: expected.labels,
        files: { [promptFiles.prefix]: { bytes: bytes.length, sha256: await sha256Hex(bytes) } },
        evaluation: null,
        steps: 200,
        trained_tokens: 0,
        tuning_seconds: 0,
      },
    }),
  ]);
  key = await newKey("acme");
});

test("a tuned prompt's labels inside workerd are those of the trainer's float32 graph", async () => {
  const differences: number[] = [];
  const disagreeing: string[] = [];
  for (const { prompt, scores } of expected.rows) {
    const answer = await ask<Classifications>(key, "POST", "/v1/classifications", {
      model: MODEL,
      input: prompt,
    });
    const [result] = answer.data;
    const edge = expected.labels.map(
      (label) => result?.scores.find((score) => score.label === label.trim())?.logprob ?? NaN,
    );
    edge.forEach((logprob, i) => differences.push(Math.abs(Math.exp(logprob) - Math.exp(scores[i] ?? NaN))));
    if (result?.label !== expected.labels[scores.indexOf(Math.max(...scores))]?.trim())
      disagreeing.push(prompt);
  }
  // 1 of 60 is what an agreement of 99 % in 300 leaves room for here.
  expect(disagreeing.length).toBeLessThanOrEqual(1);
  expect(differences.reduce((sum, d) => sum + d, 0) / differences.length).toBeLessThan(MEAN_DIFFERENCE);
}, 120_000);
