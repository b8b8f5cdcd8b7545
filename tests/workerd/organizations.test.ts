import { beforeAll, describe, expect, test, vi } from "vitest";
import type { LeaseAnswer, TunedPrompt } from "../../shared/contracts/job.ts";
import type { Scope } from "../../shared/contracts/key.ts";
import { ask, call, migrate, newKey } from "./app.ts";
import { seedBaseModel } from "./base-model.ts";

/** Everything below is generated from the API's own description, so that no new route can be forgotten. */
interface OpenApi {
  readonly paths: Record<string, Record<string, unknown>>;
}
interface Route {
  readonly method: string;
  readonly path: string;
}

const userScopes: readonly Scope[] = ["inference", "datasets", "prompts:download", "experiments", "admin"];
const rows = [{ prompt: "a", completion: " b" }];
const tuned: TunedPrompt = {
  base_digest: "0".repeat(64),
  method: "prompt_tuning",
  virtual_tokens: 4,
  row_format: "completion",
  labels: null,
  files: { "adapter_config.json": { bytes: 1, sha256: "0" } },
  evaluation: null,
  steps: 1,
  trained_tokens: 1,
  tuning_seconds: 1,
};

let routes: Route[];
let owner: string;
let stranger: string;
let trainer: string;
/** An id of the owner's for each kind of resource: the first part of a path after `/v1/`. */
const ids: Record<string, string> = {};
/** Second ids within a resource. */
const innerIds: Record<string, string> = { file: "adapter_config.json", delivery: "whd_x" };
/** Bodies that routes with an id want, so that a request gets as far as looking the id up. */
const bodies: Record<string, unknown> = {
  "post /v1/trainer/jobs/{id}/complete": { token: 99, prompt: tuned },
  "post /v1/trainer/jobs/{id}/fail": { token: 99, error: { code: "x", message: "x" } },
  "patch /v1/experiments/{experiment}": { weights: {} },
};

beforeAll(async () => {
  await migrate();
  await seedBaseModel();
  owner = await newKey("owner", userScopes);
  stranger = await newKey("stranger", userScopes);
  trainer = await newKey("owner", ["trainer"]);
  const { paths } = await (await call(null, "GET", "/openapi.json")).json<OpenApi>();
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method, path })),
  );

  const dataset = await ask<{ id: string }>(owner, "POST", "/v1/datasets", { name: "secret-data", rows });
  ids["datasets"] = dataset.id;
  ids["files"] = dataset.id;
  const { job, lease } = await ask<LeaseAnswer>(trainer, "POST", "/v1/trainer/leases", {});
  const done = { token: lease.token, prompt: tuned };
  const { model } = await ask<{ model: string }>(
    trainer,
    "POST",
    `/v1/trainer/jobs/${job.id}/complete`,
    done,
  );
  ids["fine_tuning"] = job.id;
  ids["trainer"] = job.id;
  ids["models"] = model;
  ids["prompts"] = job.prompt_id;
  const { data } = await ask<{ data: { id: string }[] }>(owner, "GET", "/v1/keys");
  ids["keys"] = data[0]?.id ?? "";
  const webhook = { url: "https://hooks.foreword.dev/x" };
  ids["webhooks"] = (await ask<{ id: string }>(owner, "POST", "/v1/webhooks", webhook)).id;
  ids["dead_letters"] = "ftevent_x";
  if (routes.some(({ path }) => path === "/v1/experiments")) {
    const variants = ["a", "b"].map((key) => ({ key, model: "minimind2-small" }));
    const experiment = { name: "secret-trial", variants };
    ids["experiments"] = (await ask<{ id: string }>(owner, "POST", "/v1/experiments", experiment)).id;
  }
});

/** What a stranger gets for a path with these ids in it: the ids themselves are taken out of the answer. */
async function probe({ method, path }: Route, id: string) {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(path.indexOf(`{${name}}`) === path.indexOf("{") ? id : (innerIds[name] ?? "x")),
  );
  const forTrainers = path.startsWith("/v1/trainer/");
  const role = forTrainers ? trainer : stranger;
  const body = bodies[`${method} ${path}`] ?? (forTrainers ? { token: 99 } : {});
  const json = method === "get" || method === "delete" ? undefined : body;
  const response = await call(role, method.toUpperCase(), filled, json);
  return { status: response.status, text: (await response.text()).replaceAll(id, "ID") };
}

describe("another organisation's id", () => {
  test("is answered as one that does not exist is, on every route", async () => {
    const withIds = routes.filter(({ path }) => path.startsWith("/v1/") && path.includes("{"));
    expect(withIds.length).toBeGreaterThan(20);
    for (const route of withIds) {
      const name = `${route.method} ${route.path}`;
      const id = ids[route.path.split("/")[2] ?? ""];
      expect(id, `this test has no id for ${name}`).toBeDefined();
      const theirs = await probe(route, id ?? "");
      const missing = await probe(route, `${id?.slice(0, -6)}MISSNG`);
      expect(theirs, name).toEqual(missing);
      // Trainers serve every organisation, and dead letters belong to none.
      const special = { trainer: 409, dead_letters: 403 }[route.path.split("/")[2] ?? ""];
      expect(theirs.status, `${name}: ${theirs.text}`).toBe(special ?? 404);
    }
  });

  test("is as unknown inside of a request", async () => {
    const create = (file: string) =>
      call(stranger, "POST", "/v1/fine_tuning/jobs", { model: "minimind2-small", training_file: file });
    const theirs = await create(ids["files"] ?? "");
    expect(theirs.status).toBe(404);
    const missing = (await (await create("file_none")).text()).replaceAll("file_none", "ID");
    expect((await theirs.text()).replaceAll(ids["files"] ?? "", "ID")).toBe(missing);
    const chat = { model: ids["models"], messages: [{ role: "user", content: "x" }] };
    expect((await call(stranger, "POST", "/v1/chat/completions", chat)).status).toBe(404);
  });

  test("appears in no list", async () => {
    // Of an organisation that has not asked for the ids itself: its audit log would rightly show them.
    const bystander = await newKey("bystander", userScopes);
    const secrets = [...Object.values(ids), "secret-data", "secret-trial"];
    const lists = routes.filter(
      ({ method, path }) => method === "get" && path.startsWith("/v1/") && !path.includes("{"),
    );
    expect(lists.length).toBeGreaterThan(7);
    for (const { path } of lists) {
      const text = await (await call(bystander, "GET", path)).text();
      expect(
        secrets.filter((secret) => text.includes(secret)),
        path,
      ).toEqual([]);
    }
  });
});

describe("roles", () => {
  const status = async (key: string | null, { method, path }: Route) => {
    const body = method === "get" || method === "delete" ? undefined : {};
    return (await call(key, method.toUpperCase(), path.replaceAll(/\{\w+\}/g, "x"), body)).status;
  };

  test("a trainer gets nowhere but to the trainers' routes, a user everywhere but there, nobody nowhere", async () => {
    for (const route of routes.filter(({ path }) => path.startsWith("/v1/"))) {
      const name = `${route.method} ${route.path}`;
      expect(await status(null, route), name).toBe(401);
      const forTrainers = route.path.startsWith("/v1/trainer/");
      if (!forTrainers) expect(await status(trainer, route), `${name} by a trainer`).toBe(403);
      else expect(await status(owner, route), `${name} by a user`).toBe(403);
    }
  });

  test("a key without any scope that a route wants is refused", async () => {
    const narrow = await newKey("owner", ["inference"]);
    for (const path of [
      "/v1/datasets",
      "/v1/files",
      "/v1/fine_tuning/jobs",
      "/v1/keys",
      "/v1/webhooks",
      "/v1/audit_log",
    ])
      expect((await call(narrow, "GET", path)).status, path).toBe(403);
  });
});

test("logs hold neither keys nor anybody's text, whatever is asked", async () => {
  const lines: string[] = [];
  for (const level of ["log", "info", "warn", "error"] as const)
    vi.spyOn(console, level).mockImplementation((...values: unknown[]) => void lines.push(values.join(" ")));
  try {
    const canary = "canary-7f3a";
    const key = await newKey("logged", userScopes);
    await call(`fw_${canary}`, "GET", "/v1/datasets");
    await call(key, "POST", "/v1/datasets", {
      name: "logs",
      rows: [{ prompt: canary, completion: ` ${canary}` }],
    });
    await call(key, "POST", "/v1/datasets", { name: "broken", content: `${canary} is not JSON` });
    await call(key, "POST", "/v1/datasets", { name: "wrong", rows: canary });
    const messages = [{ role: "user", content: canary }];
    await call(key, "POST", "/v1/chat/completions", { model: "minimind2-small", messages, max_tokens: 2 });
    await call(key, "POST", "/v1/chat/completions", { model: "none", messages });
    expect(lines.some((line) => line.includes("Bucket event accepted"))).toBe(true);
    expect(lines.filter((line) => line.includes(canary) || line.includes(key))).toEqual([]);
  } finally {
    vi.restoreAllMocks();
  }
});
