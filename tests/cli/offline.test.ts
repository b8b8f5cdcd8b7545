import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { completionScript } from "../../scripts/foreword/completion-script.ts";
import { inOrder } from "../../scripts/foreword/in-order.ts";
import { readProfile, saveProfile } from "../../scripts/foreword/profile.ts";
import { createProgram } from "../../scripts/foreword/program.ts";
import { scorePredictions } from "../../scripts/foreword/score.ts";
import { emptyFolder, runCli } from "./run-cli.ts";

const GOOD = '{"text": "a", "label": "x"}\n';

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

describe("help", () => {
  const program = createProgram();
  it.each(leaves(program).map((command) => [command.name(), command] as const))(
    "%s has --json and an example",
    (_name, command) => {
      let text = "";
      command.configureOutput({ writeOut: (piece) => (text += piece) }).outputHelp();
      expect(text).toMatch(/Examples?:\n {2}\$ .*foreword /);
      expect(command.options.map(({ long }) => long)).toContain("--json");
    },
  );

  it("has no option that takes a secret", () => {
    const names = leaves(program).flatMap((command) => command.options.map(({ long }) => long));
    expect(names.filter((name) => /key|secret|token$|password/.test(name ?? ""))).toEqual([]);
  });

  it("goes to stdout with status 0", async () => {
    const { status, stdout, stderr } = await runCli(["datasets", "push", "--help"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("Usage: foreword datasets push");
  });
});

describe("wrong usage ends with status 2", () => {
  it.each([
    ["an unknown command", ["no-such"], "unknown command 'no-such'"],
    ["a missing argument", ["datasets", "show"], "missing required argument"],
    ["a wrong number", ["tune", "x.jsonl", "--epochs", "many"], 'Found "many", wanted a number above 0'],
    ["a wrong choice", ["tune", "x.jsonl", "--method", "magic"], "Allowed choices are"],
    ["no command", ["jobs"], "Usage: foreword jobs"],
  ])("%s", async (_what, args, message) => {
    const { status, stdout, stderr } = await runCli(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(message);
  });
});

describe("credentials", () => {
  it("are missed with status 3, in JSON where asked for", async () => {
    const { status, stderr } = await runCli(["models", "ls", "--json"]);
    expect(status).toBe(3);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "missing_api_key", exit_code: 3 } });
  });

  it("are kept where only their owner can read them", () => {
    const file = join(emptyFolder(), "deep", "config.json");
    saveProfile("http://example.com", "fw_1", file);
    writeFileSync(file, "{}", { mode: 0o644 });
    saveProfile("http://example.com", "fw_2", file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ url: "http://example.com", key: "fw_2" });
  });

  it("come from the environment, then a login, then the local stack", () => {
    const home = emptyFolder();
    const folder = join(home, "repository", "inner");
    mkdirSync(join(home, "repository", ".foreword"), { recursive: true });
    writeFileSync(
      join(home, "repository", ".foreword", "credentials.json"),
      JSON.stringify({ apiKey: "fw_local", adminKey: "fw_admin" }),
    );
    expect(readProfile({ HOME: home }, folder)).toMatchObject({
      url: "http://127.0.0.1:8787",
      key: "fw_local",
      adminKey: "fw_admin",
    });
    saveProfile("https://kept.example", "fw_kept", join(home, ".config", "foreword", "config.json"));
    expect(readProfile({ HOME: home }, folder)).toMatchObject({
      url: "https://kept.example",
      key: "fw_kept",
    });
    const environment = { HOME: home, FOREWORD_URL: "https://named.example", FOREWORD_API_KEY: "fw_named" };
    expect(readProfile(environment, folder)).toMatchObject({ url: "https://named.example", key: "fw_named" });
  });

  it("are not sent to another server than they were kept for", () => {
    const home = emptyFolder();
    saveProfile("https://kept.example", "fw_kept", join(home, ".config", "foreword", "config.json"));
    expect(() => readProfile({ HOME: home, FOREWORD_URL: "https://other.example" }, home)).toThrow(
      "No API key for a server",
    );
  });
});

describe("datasets validate", () => {
  it("accepts good rows", async () => {
    const { status, stdout } = await runCli(["datasets", "validate", "-", "--json"], { input: GOOD });
    expect(status).toBe(0);
    expect(
      z.object({ rows: z.literal(1), errorCount: z.literal(0) }).safeParse(JSON.parse(stdout)).success,
    ).toBe(true);
  });

  it("names bad lines and ends with status 5", async () => {
    const { status, stdout } = await runCli(["datasets", "validate", "-"], { input: `${GOOD}nope\n` });
    expect(status).toBe(5);
    expect(stdout).toContain("line 2: invalid_json");
  });

  it("says that a file is missing with status 4", async () => {
    const { status, stderr } = await runCli(["datasets", "validate", "none.jsonl"]);
    expect(status).toBe(4);
    expect(stderr).toContain("none.jsonl");
  });
});

describe("completion", () => {
  const complete = (words: readonly string[]) =>
    execFileSync(
      "bash",
      [
        "-c",
        `${completionScript(createProgram(), "bash")}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _foreword; echo "\${COMPREPLY[@]}"`,
        "bash",
        ...words,
      ],
      { encoding: "utf8" },
    ).trim();

  it("completes commands and options in bash", () => {
    expect(complete(["foreword", "data"])).toBe("datasets");
    expect(complete(["foreword", "datasets", "va"])).toBe("validate");
    expect(complete(["foreword", "datasets", "push", "x", "--va"])).toBe("--valid");
  });

  it("has a script for zsh and one for fish", () => {
    expect(completionScript(createProgram(), "zsh")).toContain("#compdef foreword");
    expect(completionScript(createProgram(), "fish")).toContain(
      "-a datasets -d 'Check, upload and list datasets'",
    );
  });
});

it("NO_COLOR leaves no escape sequences", async () => {
  const { stdout } = await runCli(["datasets", "validate", "-"], { input: GOOD });
  expect(stdout).not.toContain("\u001B");
});

it("results come in the order of the items, and no more run at a time than allowed", async () => {
  let running = 0;
  let most = 0;
  const items = (async function* () {
    yield* [30, 1, 20, 2, 10];
  })();
  const results = inOrder(items, 2, async (ms) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
    running--;
    return ms;
  });
  expect(await Array.fromAsync(results)).toEqual([30, 1, 20, 2, 10]);
  expect(most).toBe(2);
});

it("scores are those of scikit-learn", () => {
  const pairs = ["aa", "ab", "bb", "ba", "bb", "cb"].map(([wanted = "", found = ""]) => ({ wanted, found }));
  const score = scorePredictions(pairs);
  expect(score.accuracy).toBeCloseTo(0.5);
  // f1_score(["a","a","b","b","b","c"], ["a","b","b","a","b","b"], average=None) is [0.5, 0.571429, 0].
  expect(score.labels.map(({ f1 }) => Math.round(f1 * 1e6) / 1e6)).toEqual([0.5, 0.571429, 0]);
  expect(score.macro_f1).toBeCloseTo(0.357143);
});
