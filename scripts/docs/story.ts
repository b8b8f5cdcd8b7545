import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../dev/paths.ts";
import type { Call } from "./record-examples.ts";

const rows = ["Win money now", "Lunch at noon?", "Free prize inside", "Minutes of the meeting"].map(
  (words, i) => ({
    text: words,
    label: i % 2 === 0 ? "spam" : "ham",
  }),
);
const jsonl = rows.map((row) => JSON.stringify(row)).join("\n");
const adapter = join(root, "tests/fixtures/spam-prompt");
const BASE = "minimind2-small";

/**
 * Calls every operation of the API once, in an order in which each makes sense. What it sends and gets are the examples
 * of the API document.
 */
export async function tellStory(call: Call, makeDeadLetter: () => Promise<unknown>): Promise<void> {
  await call("post /v1/keys", { as: "admin", request: { name: "backend", organization: "acme" } });
  const operatorScopes = ["inference", "datasets", "prompts:download", "experiments", "admin"];
  const operator = await call("post /v1/keys", {
    as: "admin",
    request: { name: "operator", organization: "acme", scopes: operatorScopes, requests_per_minute: 6000 },
  });
  const trainerKey = await call("post /v1/keys", {
    as: "admin",
    request: { name: "trainer", organization: "acme", scopes: ["trainer", "events"] },
  });
  const user = { as: text(operator, "key") };
  const trainer = { as: text(trainerKey, "key") };
  await call("get /v1/keys", user);
  await call("post /v1/quotas", { as: "admin", request: { organization: "acme", jobs: 50 } });
  await call("get /v1/quotas", user);

  const url = "https://hooks.foreword.dev/jobs";
  const events = ["fine_tuning.job.succeeded", "fine_tuning.job.failed"];
  const hook = {
    parameters: { id: text(await call("post /v1/webhooks", { ...user, request: { url, events } }), "id") },
  };
  await call("get /v1/webhooks", user);
  await call("post /v1/webhooks/{id}/rotate", { ...user, ...hook });

  const dataset = await call("post /v1/datasets", {
    ...user,
    request: {
      name: "mail",
      rows,
      test_rows: rows.slice(0, 2),
      settings: { virtual_tokens: 20 },
      tune: false,
    },
  });
  const byName = { parameters: { dataset: "mail" } };
  await call("get /v1/datasets", { ...user, parameters: { name: "mail" } });
  await call("get /v1/datasets/{dataset}", { ...user, ...byName });
  await call("get /v1/datasets/{dataset}/versions", { ...user, ...byName });
  await call("get /v1/datasets/{dataset}/preview", {
    ...user,
    parameters: { ...byName.parameters, limit: 2 },
  });
  const upload = await call("post /v1/datasets", { ...user, request: { name: "inbox" } }, false);
  await call("put /uploads/{token}", {
    as: null,
    parameters: { token: text(upload, "url").split("/").at(-1) ?? "" },
    request: jsonl,
  });
  const form = { purpose: "fine-tune", file: new File([jsonl.replace("Win", "Make")], "mail.jsonl") };
  const file = { parameters: { file: text(await call("post /v1/files", { ...user, form }), "id") } };
  await call("get /v1/files", { ...user, parameters: { purpose: "fine-tune" } });
  await call("get /v1/files/{file}", { ...user, ...file });
  await call("get /v1/files/{file}/content", { ...user, ...file });
  await call("post /v1/bucket-events", {
    ...trainer,
    request: {
      Records: [
        {
          eventName: "ObjectCreated:Put",
          s3: { bucket: { name: "foreword" }, object: { key: "datasets/acme/mail/train.jsonl" } },
        },
      ],
    },
  });

  const digest = text(
    await call("get /v1/models/{model}", { ...user, parameters: { model: BASE } }),
    "digest",
  );
  const job = await call("post /v1/fine_tuning/jobs", {
    ...user,
    request: {
      model: BASE,
      training_file: text(dataset, "id"),
      suffix: "mail",
      method: { type: "supervised", supervised: { hyperparameters: { n_epochs: 3 } } },
      foreword: { method: "prompt_tuning", virtual_tokens: 20 },
    },
  });
  const id = { parameters: { id: text(job, "id") } };
  const lease = async () => {
    const leased = await call("post /v1/trainer/leases", { ...trainer, request: {} });
    return { token: (leased["lease"] as { token: number }).token };
  };
  // The upload made a job of its own, which is leased first.
  const uploaded = await lease();
  const first = (await call("get /v1/fine_tuning/jobs", user))["data"] as { id: string }[];
  const other = { parameters: { id: first.find((one) => one.id !== id.parameters.id)?.id ?? "" } };
  const error = { code: "out_of_memory", message: "The model does not fit" };
  await call("post /v1/trainer/jobs/{id}/fail", {
    ...trainer,
    ...other,
    request: { ...uploaded, error, retry: false },
  });
  await call("post /v1/trainer/jobs/{id}/release", { ...trainer, ...id, request: await lease() });
  const { token } = await lease();
  const progress = { phase: "tuning", step: 3, total_steps: 9, train_loss: 1.25, seconds_left: 4 };
  await call("post /v1/trainer/jobs/{id}/heartbeat", { ...trainer, ...id, request: { token, progress } });
  await call("get /v1/trainer/backlog", trainer);
  await call("post /v1/trainer/jobs/{id}/complete", {
    ...trainer,
    ...id,
    request: { token, prompt: tuned(digest) },
  });
  await call("get /v1/fine_tuning/jobs/{id}", { ...user, ...id });
  await call("get /v1/fine_tuning/jobs/{id}/events", { ...user, ...id });
  await call("get /v1/fine_tuning/jobs/{id}/checkpoints", { ...user, ...id });
  const second = await call(
    "post /v1/fine_tuning/jobs",
    { ...user, request: { model: BASE, training_file: text(dataset, "id") } },
    false,
  );
  await call("post /v1/fine_tuning/jobs/{id}/cancel", { ...user, parameters: { id: text(second, "id") } });

  const prompt = await call("post /v1/prompts", { ...user, form: await peftForm() });
  const model = text(prompt, "model");
  const place = { parameters: { prompt: text(prompt, "id") } };
  await call("get /v1/prompts", user);
  await call("get /v1/prompts/{prompt}", { ...user, ...place });
  const config = { ...place.parameters, file: "adapter_config.json" };
  await call("get /v1/prompts/{prompt}/files/{file}", { ...user, parameters: config });
  await call("get /v1/models", user);
  await call("post /v1/chat/completions", {
    ...user,
    request: {
      model: BASE,
      messages: [{ role: "user", content: "What is the capital of France?" }],
      temperature: 0,
      max_tokens: 12,
    },
  });
  const mail = "Subject: You won\nClaim your free prize now\nLabel:";
  await call("post /v1/completions", {
    ...user,
    request: { model, prompt: mail, temperature: 0, max_tokens: 4 },
  });
  await call("post /v1/classifications", { ...user, request: { model, input: mail } });

  await experiments(call, user, model);
  await call("get /v1/webhooks/{id}/deliveries", { ...user, ...hook });
  const deliveries = (await call("get /v1/webhooks/{id}/deliveries", { ...user, ...hook }))["data"] as {
    id: string;
  }[];
  const delivery = { ...hook.parameters, delivery: deliveries[0]?.id ?? "" };
  await call("post /v1/webhooks/{id}/deliveries/{delivery}/redeliver", { ...user, parameters: delivery });
  await call("delete /v1/webhooks/{id}", { ...user, ...hook });
  await makeDeadLetter();
  const letters = (await call("get /v1/dead_letters", { as: "admin" }))["data"] as { id: string }[];
  await call("post /v1/dead_letters/{id}/resend", { as: "admin", parameters: { id: letters[0]?.id ?? "" } });
  await call("delete /v1/models/{model}", { ...user, parameters: { model } });
  await call("delete /v1/files/{file}", { ...user, ...file });
  await call("delete /v1/datasets/{dataset}", { ...user, ...byName });
  await call("get /v1/audit_log", { ...user, parameters: { limit: 2 } });
  const keys = (await call("get /v1/keys", user))["data"] as { id: string; name: string }[];
  const backend = { parameters: { id: keys.find(({ name }) => name === "backend")?.id ?? "" } };
  await call("post /v1/keys/{id}/rotate", { ...user, ...backend, request: { grace_seconds: 3600 } });
  await call("delete /v1/keys/{id}", { ...user, ...backend });
}

async function experiments(call: Call, user: { as: string }, model: string): Promise<void> {
  const at = { parameters: { experiment: "mail-filter" } };
  await call("post /v1/sample_size", { ...user, request: { baseline: 0.2, min_effect: 0.02 } });
  await call("post /v1/experiments", {
    ...user,
    request: {
      name: "mail-filter",
      variants: [
        { key: "base", model: BASE },
        { key: "tuned", model },
      ],
      metrics: [{ key: "accepted", kind: "binary", min_effect: 0.02 }],
      start: false,
    },
  });
  await call("patch /v1/experiments/{experiment}", {
    ...user,
    ...at,
    request: { weights: { base: 50, tuned: 50 } },
  });
  await call("post /v1/experiments/{experiment}/start", { ...user, ...at, request: {} });
  await call("post /v1/assignments", {
    ...user,
    request: { experiment: "mail-filter", units: ["user-1", "user-2"] },
  });
  await call("post /v1/outcomes", {
    ...user,
    request: {
      outcomes: [
        {
          unit: "user-1",
          experiment: "mail-filter",
          metric: "accepted",
          value: 1,
          idempotency_key: "order-17",
        },
      ],
    },
  });
  await call("get /v1/experiments", user);
  await call("get /v1/experiments/{experiment}", { ...user, ...at });
  await call("get /v1/experiments/{experiment}/results", { ...user, ...at });
  await call("get /v1/experiments/{experiment}/timeline", { ...user, ...at });
  await call("post /v1/experiments/{experiment}/pause", { ...user, ...at, request: {} });
  await call("post /v1/experiments/{experiment}/resume", { ...user, ...at, request: {} });
  await call("post /v1/experiments/{experiment}/promote", { ...user, ...at, request: { variant: "tuned" } });
  await call("post /v1/experiments/{experiment}/roll_back", { ...user, ...at, request: {} });
  const shadow = {
    name: "shadow",
    variants: [
      { key: "base", model: BASE },
      { key: "tuned", model },
    ],
    policy: "shadow",
  };
  await call("post /v1/experiments", { ...user, request: shadow }, false);
  await call("post /v1/experiments/{experiment}/stop", {
    ...user,
    parameters: { experiment: "shadow" },
    request: {},
  });
  await call("get /v1/experiments/{experiment}/history", { ...user, ...at });
}

async function peftForm(): Promise<Record<string, string | File>> {
  const part = async (name: string) => new File([new Uint8Array(await readFile(join(adapter, name)))], name);
  return {
    adapter_config: await part("adapter_config.json"),
    adapter_model: await part("adapter_model.safetensors"),
    base_model: BASE,
    suffix: "mail",
    row_format: "completion",
    labels: JSON.stringify([" spam", " ham"]),
  };
}

/** What a trainer hands in. */
function tuned(digest: string) {
  const scores = { loss: 0.31, token_accuracy: 0.9, accuracy: 0.88 };
  const sha256 = "0".repeat(64);
  return {
    base_digest: digest,
    method: "prompt_tuning",
    virtual_tokens: 20,
    row_format: "label",
    labels: [" ham", " spam"],
    files: { "prefix.safetensors": { bytes: 327_792, sha256 } },
    evaluation: {
      split: "test",
      rows: 2,
      majority_share: 0.5,
      base: { loss: 2.1, token_accuracy: 0.4, accuracy: 0.5 },
      tuned: scores,
    },
    steps: 9,
    trained_tokens: 216,
    tuning_seconds: 12.5,
  };
}

function text(answer: Readonly<Record<string, unknown>>, field: string): string {
  const value = answer[field];
  if (typeof value === "string") return value;
  throw new TypeError(`The answer's "${field}" is ${JSON.stringify(value)}, wanted text`);
}
