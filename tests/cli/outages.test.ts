import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { freePort } from "../e2e/local-stack.ts";
import { listen } from "./app-server.ts";
import { runCli } from "./run-cli.ts";

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

/** A server that answers each request with the next of these. */
async function serve(
  answers: readonly { status: number; body: unknown; headers?: Record<string, string> }[],
) {
  let asked = 0;
  const server = await listen(
    createServer((_request, response) => {
      const { status, body, headers } = answers[Math.min(asked++, answers.length - 1)] ?? {
        status: 500,
        body: {},
      };
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(body));
    }),
  );
  close = server.close;
  return { environment: { FOREWORD_URL: server.url, FOREWORD_API_KEY: "fw_1" }, asked: () => asked };
}

const busy = {
  status: 503,
  body: { error: { message: "Busy", code: "busy" } },
  headers: { "retry-after": "7" },
};
const models = { status: 200, body: { object: "list", data: [] } };

it("no server: status 75", async () => {
  const environment = { FOREWORD_URL: `http://127.0.0.1:${await freePort()}`, FOREWORD_API_KEY: "fw_1" };
  const { status, stderr } = await runCli(["models", "ls"], { environment });
  expect(status).toBe(75);
  expect(stderr).toContain("does not answer (ECONNREFUSED)");
});

it("a busy server is asked again", async () => {
  const server = await serve([busy, busy, models]);
  expect(await runCli(["models", "ls"], server)).toMatchObject({ status: 0, stdout: "No models\n" });
  expect(server.asked()).toBe(3);
});

it("a server that stays busy: status 75, and when to try again", async () => {
  const { status, stderr } = await runCli(["models", "ls"], await serve([busy]));
  expect(status).toBe(75);
  expect(stderr).toContain("Busy (try again after 7 s)");
});

it("what changes something is not sent twice", async () => {
  const server = await serve([busy]);
  expect((await runCli(["jobs", "cancel", "ftjob_1"], server)).status).toBe(75);
  expect(server.asked()).toBe(1);
});

it("an answer of another shape is an error that says so", async () => {
  const { status, stderr } = await runCli(
    ["models", "ls"],
    await serve([{ status: 200, body: { hello: 1 } }]),
  );
  expect(status).toBe(1);
  expect(stderr).toContain("answered something else than wanted");
});

it("a reader that goes away is no error", async () => {
  const data = Array.from({ length: 5000 }, (_, i) => ({
    id: `model-${i}`,
    created: 0,
    owned_by: "foreword",
  }));
  const { environment } = await serve([{ status: 200, body: { data } }]);
  const launcher = join(import.meta.dirname, "../../scripts/foreword/cli.mjs");
  const child = spawn(
    "bash",
    ["-c", `"$0" "$1" models ls | head -n 1; echo \${PIPESTATUS[0]}`, process.execPath, launcher],
    {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (piece: Buffer) => (text += piece.toString()));
  await once(child, "close");
  expect(text.trim().split("\n").at(-1)).toBe("0");
  expect(text).not.toContain("EPIPE");
});
