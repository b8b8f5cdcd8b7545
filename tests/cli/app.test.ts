import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { datasetFiles, datasetKey } from "../../shared/contracts/dataset.ts";
import { ADMIN_KEY, startApp, type AppServer } from "./app-server.ts";
import { emptyFolder, runCli, type CliOptions } from "./run-cli.ts";

let server: AppServer;
beforeAll(async () => {
  server = await startApp();
});
afterAll(async () => server.close());

const run = (args: readonly string[], options: CliOptions = {}) =>
  runCli(args, { ...options, environment: { ...server.environment, ...options.environment } });
const files = (content: Readonly<Record<string, string>>): string => {
  const folder = emptyFolder();
  for (const [name, text] of Object.entries(content)) writeFileSync(join(folder, name), text);
  return folder;
};
const rows = ["spam", "ham", "spam", "ham", "spam", "ham"].map((label, i) =>
  JSON.stringify({ text: `${label} number ${i}`, label }),
);
const listShape = z.object({ data: z.array(z.looseObject({ id: z.string() })) });
const idsOf = (json: string) => listShape.parse(JSON.parse(json)).data.map(({ id }) => id);

it("login keeps a key that the server accepts, and refuses another", async () => {
  const home = emptyFolder();
  const environment = { HOME: home, FOREWORD_URL: "", FOREWORD_API_KEY: "" };
  const wrong = await runCli(["login", "--url", server.url], { input: "fw_wrong", environment });
  expect(wrong.status).toBe(3);
  expect(wrong.stderr).toContain("Incorrect API key");
  const key = server.environment["FOREWORD_API_KEY"] ?? "";
  const right = await runCli(["login", "--url", server.url], { input: `${key}\n`, environment });
  expect({ status: right.status, stdout: right.stdout }).toEqual({ status: 0, stdout: "" });
  expect(right.stderr).not.toContain(key);
  const file = join(home, ".config", "foreword", "config.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const later = await runCli(["models", "ls"], { environment: { HOME: home } });
  expect(later.status).toBe(0);
  expect(later.stdout).toContain("minimind2-small");
});

it("doctor finds everything in order, and a wrong key", async () => {
  expect(JSON.parse((await run(["doctor", "--json"])).stdout)).toMatchObject({ ok: true });
  const wrong = await run(["doctor"], { environment: { FOREWORD_API_KEY: "fw_wrong" } });
  expect(wrong.status).toBe(3);
  expect(wrong.stdout).toContain("fail key");
});

it("datasets: pushed with held-out rows, listed, shown, deleted", async () => {
  const folder = files({ "train.jsonl": rows.join("\n"), "test.jsonl": rows.slice(0, 2).join("\n") });
  const pushed = await run(["datasets", "push", "mail", "train.jsonl", "--test", "test.jsonl", "--json"], {
    folder,
  });
  const stored = await server.bucket.get(datasetKey("acme", "mail", datasetFiles.test));
  expect(new TextDecoder().decode(await stored?.bytesBody())).toBe(rows.slice(0, 2).join("\n"));
  expect(pushed.status).toBe(0);
  const { id } = z.looseObject({ id: z.string() }).parse(JSON.parse(pushed.stdout));
  expect(idsOf((await run(["datasets", "ls", "--json"])).stdout)).toContain(id);
  const shown = await run(["datasets", "show", "mail"]);
  expect(shown.stdout).toContain('" ham" 3, " spam" 3');
  expect((await run(["datasets", "rm", "mail"])).status).toBe(0);
});

it("a refused dataset names its bad lines and ends with status 5", async () => {
  const folder = files({ "train.jsonl": `${rows[0]}\nnope` });
  const { status, stdout, stderr } = await run(["datasets", "push", "bad", "train.jsonl"], { folder });
  expect({ status, stdout }).toEqual({ status: 5, stdout: "" });
  expect(stderr).toContain("line 2: invalid_json");
});

it("tune uploads, makes one job with the settings, and makes another when they change", async () => {
  const folder = files({ "spam.jsonl": rows.join("\n"), "tune.json": '{"epochs": 7}' });
  const first = await run(
    ["tune", "spam.jsonl", "--settings", "tune.json", "--virtual-tokens", "4", "--json"],
    { folder },
  );
  expect(first.status).toBe(0);
  const job = z
    .looseObject({ id: z.string(), foreword: z.looseObject({ settings: z.looseObject({}) }) })
    .parse(JSON.parse(first.stdout));
  expect(job.foreword.settings).toMatchObject({ virtual_tokens: 4, epochs: 7 });
  const second = await run(["tune", "spam.jsonl", "--epochs", "2"], { folder });
  expect(second.status).toBe(0);
  expect(second.stdout.trim()).toMatch(/^ftjob_/);
  expect(second.stdout.trim()).not.toBe(job.id);
  const third = await run(["tune", "spam.jsonl"], { folder });
  expect(third.stdout.trim()).toBe(second.stdout.trim());
});

it("jobs: listed, cancelled, watched to their end, and their log", async () => {
  const folder = files({ "train.jsonl": rows.join("\n") });
  const id = (await run(["tune", "train.jsonl", "--name", "jobs"], { folder })).stdout.trim();
  expect(idsOf((await run(["jobs", "ls", "--json"])).stdout)).toContain(id);
  expect((await run(["jobs", "cancel", id])).status).toBe(0);
  const watched = await run(["jobs", "watch", id]);
  expect({ status: watched.status, stdout: watched.stdout }).toEqual({ status: 1, stdout: "" });
  expect(watched.stderr).toContain('ended as "cancelled"');
  const log = (await run(["jobs", "logs", id])).stdout;
  expect(log.indexOf("Created by upload")).toBeLessThan(log.indexOf("Cancellation was requested"));
});

it("what is not there ends with status 4, what may not be done with 3", async () => {
  expect((await run(["jobs", "watch", "ftjob_none"])).status).toBe(4);
  expect((await run(["datasets", "show", "none"])).status).toBe(4);
  const reader = await server.newKey(["inference"]);
  const refused = await run(["datasets", "ls"], { environment: { FOREWORD_API_KEY: reader } });
  expect(refused.status).toBe(3);
  expect(refused.stderr).toContain("lacks the scope");
});

it("keys: created, listed without their secret, revoked", async () => {
  const environment = { FOREWORD_ADMIN_KEY: "" };
  const made = await run(["keys", "create", "shop", "--scope", "inference"], { environment });
  const key = made.stdout.trim();
  expect(key).toMatch(/^fw_/);
  expect(made.stderr).not.toContain(key);
  const list = await run(["keys", "ls", "--json"]);
  expect(list.stdout).not.toContain(key);
  const shop = z
    .object({ data: z.array(z.looseObject({ id: z.string(), name: z.string() })) })
    .parse(JSON.parse(list.stdout))
    .data.find(({ name }) => name === "shop");
  expect((await run(["keys", "revoke", shop?.id ?? ""])).status).toBe(0);
  const after = await run(["models", "ls"], { environment: { FOREWORD_API_KEY: key } });
  expect(after.status).toBe(3);
  const trainer = await run(["keys", "create", "t", "--organization", "acme", "--scope", "trainer"], {
    environment: { FOREWORD_ADMIN_KEY: ADMIN_KEY },
  });
  expect(trainer.status).toBe(0);
});

it("classify keeps the order of its lines; eval scores them", async () => {
  const args = ["minimind2-small", "--labels", "spam", "ham"];
  const { status, stdout } = await run(["classify", ...args, "--concurrency", "3"], {
    input: rows.slice(0, 4).join("\n"),
  });
  expect(status).toBe(0);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => z.object({ line: z.int(), label: z.string() }).parse(JSON.parse(line)));
  expect(lines.map(({ line }) => line)).toEqual([1, 2, 3, 4]);
  const folder = files({ "test.jsonl": rows.slice(0, 4).join("\n") });
  const score = await run(["eval", "minimind2-small", "test.jsonl", "--json"], { folder });
  expect(score.status).toBe(0);
  const right = lines.filter(({ label }, i) => label === ["spam", "ham"][i % 2]).length;
  expect(JSON.parse(score.stdout)).toMatchObject({ rows: 4, accuracy: right / 4 });
});

it("eval scores free text by exact match and token accuracy, conversations by exact match", async () => {
  const question = { role: "user", content: "What is the capital of France?" };
  const system = { role: "system", content: "You are a helpful assistant" };
  const conversation = (content: string) =>
    JSON.stringify({ messages: [system, question, { role: "assistant", content }] });
  const folder = files({
    "chat.jsonl": [conversation("The capital of France is Paris."), conversation("Rome")].join("\n"),
    "text.jsonl": JSON.stringify({ prompt: "The capital of France is", completion: " Paris." }),
  });
  const chat = await run(["eval", "minimind2-small", "chat.jsonl", "--json"], { folder });
  expect(JSON.parse(chat.stdout)).toMatchObject({ rows: 2, exact_match: 0.5, token_accuracy: null });
  const text = await run(["eval", "minimind2-small", "text.jsonl", "--json"], { folder });
  const score = z
    .object({ rows: z.literal(1), exact_match: z.number(), token_accuracy: z.number().positive() })
    .parse(JSON.parse(text.stdout));
  expect(score.token_accuracy).toBeLessThanOrEqual(1);
});

it("classify names a bad line, after the answers to those before it", async () => {
  const { status, stdout, stderr } = await run(
    ["classify", "minimind2-small", "--labels", "spam", "ham", "--concurrency", "1"],
    { input: `"fine"\n{}\n` },
  );
  expect(status).toBe(5);
  expect(stdout.trim().split("\n")).toHaveLength(1);
  expect(stderr).toContain("Line 2");
});

it("chat streams an answer, or gives it whole as JSON", async () => {
  const options = ["--max-tokens", "4", "--temperature", "0"];
  const streamed = await run(["chat", "minimind2-small", "Hello", ...options]);
  expect(streamed.status).toBe(0);
  const whole = await run(["chat", "minimind2-small", ...options, "--json"], { input: "Hello" });
  const { choices } = z
    .object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })) })
    .parse(JSON.parse(whole.stdout));
  expect(streamed.stdout.trim()).toBe(choices[0]?.message.content.trim());
});

it("prompts: what was imported is exported again", async () => {
  const fixture = join(import.meta.dirname, "../fixtures/spam-prompt");
  const imported = await run([
    "prompts",
    "import",
    fixture,
    "--model",
    "minimind2-small",
    "--suffix",
    "mail",
    "--format",
    "completion",
    "--labels",
    " spam",
    " ham",
    "--json",
  ]);
  expect(imported.stderr).toBe("");
  const { id, model } = z
    .looseObject({ id: z.string(), model: z.string() })
    .parse(JSON.parse(imported.stdout));
  expect(idsOf((await run(["prompts", "ls", "--json"])).stdout)).toEqual([id]);
  const folder = emptyFolder();
  mkdirSync(join(folder, "out"));
  expect((await run(["prompts", "export", id, "--to", "out"], { folder })).status).toBe(0);
  expect(readdirSync(join(folder, "out"))).toContain("adapter_config.json");
  expect(readFileSync(join(folder, "out", "adapter_model.safetensors"))).not.toHaveLength(0);
  expect((await run(["models", "ls", "--tuned"])).stdout).toContain(model);
  expect((await run(["models", "rm", model])).status).toBe(0);
  expect((await run(["models", "rm", model])).status).toBe(4);
});

it("experiments: created, shown with results, promoted, rolled back", async () => {
  const model = "minimind2-small";
  const variants = ["--variant", `control=${model}`, "--variant", `other=${model}`];
  const created = await run(["experiments", "create", "ab", ...variants, "--metric", "clicked=binary"]);
  expect(created.stderr).toBe("");
  expect((await run(["experiments", "ls"])).stdout).toContain("ab");
  const shown = JSON.parse((await run(["experiments", "show", "ab", "--json"])).stdout) as unknown;
  expect(shown).toMatchObject({ name: "ab", status: "running" });
  expect((await run(["experiments", "promote", "ab", "other"])).stdout).toContain("promoted");
  expect((await run(["experiments", "rollback", "ab"])).stdout).toContain("rolled_back");
});
