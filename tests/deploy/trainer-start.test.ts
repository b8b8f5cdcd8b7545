import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { chooseProviders } from "../../trainer/choose-providers.ts";

const root = join(import.meta.dirname, "../..");
const run = (script: string, environment: Readonly<Record<string, string>>) =>
  spawnSync(process.execPath, [join(root, script)], {
    env: { PATH: process.env["PATH"], ...environment },
    encoding: "utf8",
  });
const heartbeat = () => join(mkdtempSync(join(tmpdir(), "foreword-health-")), "heartbeat");

describe("trainer/main.ts", () => {
  const whole = {
    FOREWORD_URL: "http://127.0.0.1:9",
    FOREWORD_TRAINER_KEY: "fw_1",
    FOREWORD_BUCKET: "http://id:secret@127.0.0.1:9/foreword",
  };

  it.each(Object.keys(whole))("names %s when it is missing, and ends with EX_CONFIG", (name) => {
    const { [name as keyof typeof whole]: _left, ...rest } = whole;
    const { status, stderr } = run("trainer/main.ts", rest);
    expect(status).toBe(78);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(name);
  });

  it("says what a bucket's address must look like, without showing the one it got", () => {
    const { status, stderr } = run("trainer/main.ts", {
      ...whole,
      FOREWORD_BUCKET: "https://s3cr3t.example",
    });
    expect(status).toBe(78);
    expect(stderr).toContain("wanted https://<access key id>:<secret>@<endpoint>/<bucket>");
    expect(stderr).not.toContain("s3cr3t");
  });

  it("runs with three variables, leaves heartbeats, and ends at SIGTERM", async () => {
    const api = createServer((_request, response) => response.writeHead(204).end()).listen(0, "127.0.0.1");
    await once(api, "listening");
    const { port } = api.address() as { port: number };
    const file = heartbeat();
    const child = spawn(process.execPath, [join(root, "trainer/main.ts")], {
      env: {
        PATH: process.env["PATH"],
        ...whole,
        FOREWORD_URL: `http://127.0.0.1:${port}`,
        FOREWORD_HEARTBEAT_FILE: file,
        FOREWORD_DEVICE: "auto",
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let log = "";
    child.stdout.on("data", (piece: Buffer) => (log += piece.toString()));
    onTestFinished(() => {
      child.kill("SIGKILL");
      api.closeAllConnections();
      api.close();
    });
    const ended = once(child, "exit");
    const [first] = (await once(api, "request")) as [{ url: string }];
    expect(first.url).toBe("/v1/trainer/leases");
    await once(api, "request");
    expect(run("trainer/health-check.ts", { FOREWORD_HEARTBEAT_FILE: file })).toMatchObject({
      status: 0,
      stderr: "",
    });
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
    expect(log).toContain("Trainer started");
  });
});

describe("trainer/health-check.ts", () => {
  it("refuses a heartbeat that is too old, naming its age", () => {
    const file = heartbeat();
    writeFileSync(file, "");
    const old = Date.now() / 1000 - 300;
    utimesSync(file, old, old);
    const { status, stderr } = run("trainer/health-check.ts", { FOREWORD_HEARTBEAT_FILE: file });
    expect(status).toBe(1);
    expect(stderr).toMatch(/Last heartbeat was 30\d s ago, wanted at most 120 s/);
    const patient = { FOREWORD_HEARTBEAT_FILE: file, FOREWORD_HEARTBEAT_MAX_AGE: "1000" };
    expect(run("trainer/health-check.ts", patient).status).toBe(0);
  });

  it("refuses when there is none, and when nobody said where it is", () => {
    expect(run("trainer/health-check.ts", { FOREWORD_HEARTBEAT_FILE: heartbeat() }).status).toBe(1);
    expect(run("trainer/health-check.ts", {}).stderr).toContain("FOREWORD_HEARTBEAT_FILE is not set");
  });
});

describe("device", () => {
  const messages: string[] = [];
  const log = (message: string) => messages.push(message);

  it("auto falls back to the CPU with a warning", () => {
    expect(chooseProviders("auto", log, () => "no GPU")).toEqual(["cpu"]);
    expect(messages).toEqual(["Warning: tuning on the CPU"]);
  });

  it("auto takes a GPU that is there, cpu does not, and cuda insists", () => {
    expect(chooseProviders("auto", log, () => null)).toEqual(["cuda", "cpu"]);
    expect(chooseProviders("cpu", log, () => null)).toEqual(["cpu"]);
    expect(() => chooseProviders("cuda", log, () => "no GPU")).toThrow(
      'FOREWORD_DEVICE is "cuda", but no GPU',
    );
  });
});
