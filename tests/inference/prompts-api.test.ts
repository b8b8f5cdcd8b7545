import { beforeAll, describe, expect, it } from "vitest";
import { promptFiles, promptKey } from "../../shared/contracts/job.ts";
import { serializeSafetensors } from "../../shared/formats/safetensors.ts";
import { createTinyApp, tinyAppArchitecture, tinyModel, type TinyApp } from "./support/tiny-app.ts";
import { randomVectors, tensor } from "./support/tuned-prompt.ts";

const { hiddenSize, layers, kvHeads, headSize } = tinyAppArchitecture;
const P = 3;
const vectors = randomVectors(P * hiddenSize);
const adapter = serializeSafetensors(new Map([["prompt_embeddings", tensor([P, hiddenSize], vectors)]]), {
  format: "pt",
});
const configuration = {
  peft_type: "P_TUNING",
  task_type: "CAUSAL_LM",
  num_virtual_tokens: P,
  encoder_hidden_size: 9,
};

interface Prompt {
  id: string;
  model: string;
  method: string;
  files: { name: string; bytes: number; sha256: string }[];
}

let app: TinyApp;
beforeAll(async () => {
  app = await createTinyApp();
});

async function upload(
  fields: Record<string, string>,
  config: object = configuration,
  model: Uint8Array = adapter,
) {
  const form = new FormData();
  form.set("adapter_config", new File([JSON.stringify(config)], "adapter_config.json"));
  form.set("adapter_model", new File([new Uint8Array(model)], "../../evil.safetensors"));
  for (const [name, value] of Object.entries({ base_model: tinyModel, ...fields })) form.set(name, value);
  const response = await app.app.request("/v1/prompts", { method: "POST", body: form });
  return {
    status: response.status,
    body: (await response.json()) as Prompt & { error: { code: string; param: string } },
  };
}
const get = (path: string) => app.app.request(path);

describe("prompts", () => {
  it("come in as PEFT adapters, are served, and go out again", async () => {
    const { status, body } = await upload({ suffix: "mine", row_format: "label", labels: '[" a", " b"]' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      object: "prompt",
      model: `ft:tiny:acme:mine:${body.id}`,
      base_model: tinyModel,
      base_digest: app.manifest.digest,
      method: "prompt_tuning",
      virtual_tokens: P,
      labels: [" a", " b"],
    });
    const chat = await app.post("/v1/chat/completions", {
      model: body.model,
      messages: [{ role: "user", content: "a" }],
      max_tokens: 3,
    });
    expect(chat.status).toBe(200);
    const model = await get(`/v1/prompts/${body.id}/files/adapter_model.safetensors`);
    expect(new Uint8Array(await model.arrayBuffer())).toEqual(adapter);
    const config = await get(`/v1/prompts/${body.id}/files/adapter_config.json`);
    expect(await config.json()).toEqual({
      peft_type: "PROMPT_TUNING",
      task_type: "CAUSAL_LM",
      num_virtual_tokens: P,
    });
    expect(config.headers.get("content-disposition")).toBe('attachment; filename="adapter_config.json"');
    expect(await (await get(`/v1/prompts/${body.id}`)).json()).toEqual(body);
  });

  it("are listed newest first, page by page", async () => {
    const other = await createTinyApp();
    const first = app;
    app = other;
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.unshift((await upload({})).body.id);
    const page = async (query: string) =>
      (await get(`/v1/prompts?${query}`)).json() as Promise<{ data: Prompt[]; has_more: boolean }>;
    const one = await page("limit=2");
    expect(one.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect(one.has_more).toBe(true);
    const two = await page(`limit=2&after=${ids[1]}`);
    expect(two.data.map(({ id }) => id)).toEqual(ids.slice(2));
    expect(two.has_more).toBe(false);
    app = first;
  });

  it("of another base model, another shape or another name are refused, and leave nothing in the bucket", async () => {
    const count = async () => (await Array.fromAsync(app.deps.bucket.list("prompts/"))).length;
    const before = await count();
    expect(await upload({ base_model: "none" })).toMatchObject({
      status: 404,
      body: { error: { code: "model_not_found" } },
    });
    expect(await upload({ base_digest: "0" })).toMatchObject({
      status: 400,
      body: { error: { code: "base_model_mismatch", param: "base_digest" } },
    });
    expect(await upload({ suffix: "../x" })).toMatchObject({
      status: 400,
      body: { error: { param: "suffix" } },
    });
    expect(await upload({ labels: "spam" })).toMatchObject({
      status: 400,
      body: { error: { param: "labels" } },
    });
    expect(await upload({}, { ...configuration, peft_type: "LORA" })).toMatchObject({
      status: 422,
      body: { error: { code: "invalid_adapter", param: "adapter_config" } },
    });
    expect(await upload({}, configuration, adapter.slice(0, -1))).toMatchObject({
      status: 422,
      body: { error: { code: "invalid_safetensors" } },
    });
    expect(await upload({}, configuration, new Uint8Array(17 * 1024 * 1024))).toMatchObject({ status: 413 });
    expect(await count()).toBe(before);
  });

  it("give only the files that they have", async () => {
    const { body } = await upload({});
    for (const file of ["evaluation.json", "__proto__", "..%2F..%2Fmodels%2Ftiny%2Fmanifest.json"]) {
      expect((await get(`/v1/prompts/${body.id}/files/${file}`)).status).toBe(404);
    }
    expect((await get("/v1/prompts/sp_none")).status).toBe(404);
    await app.deps.bucket.put(promptKey("acme", body.id, promptFiles.adapterConfig), "tampered");
    expect((await get(`/v1/prompts/${body.id}/files/adapter_config.json`)).status).toBe(500);
  });

  it("may be downloaded only with the scope for it", async () => {
    const { body } = await upload({});
    const other = await createTinyApp({
      bucket: app.deps.bucket,
      database: app.deps.database,
      caller: { organization: "acme", keyId: "k", scopes: ["inference"] },
    });
    expect((await other.app.request(`/v1/prompts/${body.id}/files/adapter_config.json`)).status).toBe(403);
  });

  it("of prefix tuning keep their own files and get the form that serving reads", async () => {
    const width = 2 * layers * kvHeads * headSize;
    const data = randomVectors(P * width);
    const model = serializeSafetensors(new Map([["prompt_embeddings", tensor([P, width], data)]]), {
      format: "pt",
    });
    const { status, body } = await upload({}, { ...configuration, peft_type: "PREFIX_TUNING" }, model);
    expect(status).toBe(200);
    expect(body.method).toBe("prefix_tuning");
    expect(body.files.map(({ name }) => name)).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
      "prefix.safetensors",
    ]);
    const downloaded = await get(`/v1/prompts/${body.id}/files/adapter_model.safetensors`);
    expect(new Uint8Array(await downloaded.arrayBuffer())).toEqual(model);
    const chat = await app.post("/v1/chat/completions", {
      model: body.model,
      messages: [{ role: "user", content: "a" }],
      max_tokens: 3,
    });
    expect(chat.status).toBe(200);
  });
});
