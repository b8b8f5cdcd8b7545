import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { getRequestListener } from "@hono/node-server";
import { createApp } from "../../functions/app.ts";
import { createKeyRecords } from "../../functions/records/keys.ts";
import type { Scope } from "../../shared/contracts/key.ts";
import { createNodeDeps } from "../../scripts/serve-node/deps.ts";
import { uploadBundle } from "../../trainer/model/bundle.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { baseModelFolder } from "../support/model-cache.ts";
import { emptyFolder } from "./run-cli.ts";

export const ADMIN_KEY = "fw_admin-of-the-cli-tests";

export interface AppServer {
  readonly url: string;
  readonly bucket: ObjectStore;
  /** What the tool needs to call it. */
  readonly environment: Record<string, string>;
  newKey(scopes: readonly Scope[]): Promise<string>;
  close(): Promise<void>;
}

/** The real app under Node on a port of its own: SQLite, a bucket in memory, and the default base model. */
export async function startApp(): Promise<AppServer> {
  const bucket = createMemoryStore();
  await uploadBundle(bucket, baseModelFolder);
  const deps = {
    ...createNodeDeps({ bucket, folder: emptyFolder(), adminKey: ADMIN_KEY, engine: { threads: 1 } }),
    log: () => undefined,
  };
  const newKey = async (scopes: readonly Scope[]) =>
    (await createKeyRecords(deps).create("acme", "test", scopes)).key;
  const key = await newKey(["inference", "datasets", "prompts:download", "experiments", "admin"]);
  const answer = getRequestListener(createApp(deps).fetch);
  const server = await listen(createServer((request, response) => void answer(request, response)));
  return {
    ...server,
    bucket,
    environment: { FOREWORD_URL: server.url, FOREWORD_API_KEY: key },
    newKey,
  };
}

/** Starts a server on a free port of this machine. */
export async function listen(server: Server): Promise<{ url: string; close(): Promise<void> }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
