import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { createFakeCloudflare, type Call } from "./fake-wrangler.ts";

// Each step is a process of its own, on a machine that runs other tests beside.
vi.setConfig({ testTimeout: 240_000 });

const CHANGES = /\b(?:create|put|apply)\b|^deploy/;
const changesOf = (calls: readonly Call[]) =>
  calls.map(({ args }) => args.join(" ")).filter((line) => CHANGES.test(line));
const root = join(import.meta.dirname, "../..");

it("an empty account gets everything once; a second run only migrations and the Worker", async () => {
  const cloudflare = createFakeCloudflare();
  const first = await cloudflare.deploy();
  expect(first).toMatchObject({ status: 0, stderr: "" });
  const made = changesOf(cloudflare.calls());
  expect(made[0]).toBe("r2 bucket create foreword");
  expect(made).toContain("d1 create foreword");
  for (const queue of ["foreword-bucket-events", "foreword-experiment-events", "foreword-dead-letters"])
    expect(made).toContain(`queues create ${queue}`);
  expect(made.find((line) => line.includes("notification"))).toMatch(
    /--event-types object-create object-delete --prefix datasets\/ --suffix train\.jsonl --queue foreword-bucket-events/,
  );
  expect(made.findIndex((line) => line.includes("migrations apply"))).toBeLessThan(
    made.findIndex((line) => line.startsWith("deploy")),
  );
  // The manifest is what makes a bundle visible.
  expect(made.filter((line) => line.includes("object put")).at(-1)).toContain("manifest.json");
  expect(first.stdout).toContain("https://foreword.example.workers.dev");

  const before = cloudflare.calls().length;
  const second = await cloudflare.deploy();
  expect(second.status).toBe(0);
  expect(changesOf(cloudflare.calls().slice(before))).toEqual([
    "d1 migrations apply foreword --remote --config wrangler.deploy.toml",
    "deploy --config wrangler.deploy.toml",
  ]);
});

it("the admin key goes to stdin, is kept for its owner alone, and never shown", async () => {
  const cloudflare = createFakeCloudflare();
  const { stdout, stderr } = await cloudflare.deploy();
  const file = join(cloudflare.state, "deployment.json");
  const { adminKey } = JSON.parse(readFileSync(file, "utf8")) as { adminKey: string };
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const put = cloudflare.calls().find(({ args }) => args[0] === "secret" && args[1] === "put");
  expect(put?.input).toBe(adminKey);
  expect(JSON.stringify(cloudflare.calls().map(({ args }) => args)) + stdout + stderr).not.toContain(
    adminKey,
  );
});

it("a given admin key is used", async () => {
  const cloudflare = createFakeCloudflare();
  await cloudflare.deploy([], { FOREWORD_ADMIN_KEY: "fw_given" });
  expect(cloudflare.calls().find(({ input }) => input !== "")?.input).toBe("fw_given");
  expect(existsSync(join(cloudflare.state, "deployment.json"))).toBe(false);
});

it("a failure ends it with what was run and what wrangler said; the next run goes on from there", async () => {
  const cloudflare = createFakeCloudflare();
  const failed = await cloudflare.deploy([], { FAKE_FAIL: "queues info foreword-dead" });
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain('"wrangler queues info foreword-dead-letters" ended with status 1');
  expect(failed.stderr).toContain("Authentication error");
  // Not to be told from a missing queue by mistake.
  expect(changesOf(cloudflare.calls())).not.toContain("queues create foreword-dead-letters");
  const before = cloudflare.calls().length;
  expect((await cloudflare.deploy()).status).toBe(0);
  expect(changesOf(cloudflare.calls().slice(before))).not.toContain("r2 bucket create foreword");
  expect(existsSync(join(root, "wrangler.deploy.toml"))).toBe(false);
});

it("--dry-run prints every step and calls nothing", async () => {
  const cloudflare = createFakeCloudflare();
  const { status, stdout } = await cloudflare.deploy(["--dry-run"]);
  expect(status).toBe(0);
  expect(cloudflare.calls()).toEqual([]);
  for (const command of [
    "wrangler r2 bucket create foreword",
    "wrangler d1 create foreword",
    "wrangler queues create foreword-dead-letters",
    "wrangler r2 bucket notification create foreword",
    "wrangler d1 migrations apply foreword --remote",
    "wrangler deploy",
    "wrangler secret put ADMIN_KEY",
  ])
    expect(stdout).toContain(command);
  expect(existsSync(join(cloudflare.state, "deployment.json"))).toBe(false);
});

it("an unknown option ends with status 2", async () => {
  expect((await createFakeCloudflare().deploy(["--force"])).status).toBe(2);
});
