import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { createApp } from "../../functions/app.ts";
import { createKeyRecords } from "../../functions/records/keys.ts";
import { defaultScopes } from "../../shared/contracts/key.ts";
import { uploadBundle } from "../../trainer/model/bundle.ts";
import { newAdminKey } from "../dev/credentials.ts";
import { importDefaultModel } from "../dev/default-model.ts";
import { createOutput } from "../dev/output.ts";
import { stateFolder } from "../dev/paths.ts";
import { requireFreePort } from "../dev/ports.ts";
import { createNodeDeps } from "./deps.ts";
import { createFileStore } from "./file-store.ts";

/** `npm run serve:node`: the very same app under Node, for models that are too big for an isolate, or a GPU. */
const port = Number(process.env["PORT"] ?? 8787);
const providers = process.env["FOREWORD_PROVIDERS"]?.split(",") as ("cpu" | "webgpu" | "cuda")[] | undefined;
const folder = join(stateFolder, "node");
const output = createOutput(process.stdout);

await requireFreePort(port, "PORT");
const bucket = createFileStore(join(folder, "bucket"));
await uploadBundle(bucket, await importDefaultModel(output));
const credentials = readCredentials();
const deps = createNodeDeps({
  bucket,
  folder,
  adminKey: credentials.adminKey,
  engine: providers ? { providers } : {},
});
if (credentials.apiKey === undefined) {
  const { key } = await createKeyRecords(deps).create("local", "Node server", defaultScopes);
  credentials.apiKey = key;
  writeCredentials();
}
serve({ fetch: createApp(deps).fetch, port, hostname: "127.0.0.1" });
output.line(`API http://127.0.0.1:${port}, keys in ${join(folder, "credentials.json")}`);

function readCredentials(): { adminKey: string; apiKey?: string } {
  const file = join(folder, "credentials.json");
  if (existsSync(file))
    return JSON.parse(readFileSync(file, "utf8")) as { adminKey: string; apiKey?: string };
  return { adminKey: newAdminKey() };
}

function writeCredentials(): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "credentials.json"), `${JSON.stringify(credentials, null, 2)}\n`, {
    mode: 0o600,
  });
}
