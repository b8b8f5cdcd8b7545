import { existsSync, statSync } from "node:fs";
import type { Command } from "commander";
import { z } from "zod";
import { createClient } from "../client.ts";
import { leaf, type CommonOptions } from "../command.ts";
import { CliError, exitCodes } from "../exit-codes.ts";
import { paint, print, printJson } from "../output.ts";
import { configFile, readProfile, type Profile } from "../profile.ts";
import { modelListShape } from "../shapes.ts";

const OTHERS = 0o077;
const MODE_BITS = 0o777;

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly exitCode: number;
}

/** `foreword doctor`: is everything there that the other commands need? */
export function addDoctor(program: Command): void {
  leaf(program, "doctor", "Check this machine, the credentials and the server", [
    "doctor",
    "doctor --json | jq -e .ok",
  ]).action(async ({ json }: CommonOptions) => {
    const checks: Check[] = [];
    for await (const check of runChecks()) checks.push(check);
    const failed = checks.find(({ ok }) => !ok);
    if (json)
      printJson({ ok: !failed, checks: checks.map(({ name, ok, detail }) => ({ name, ok, detail })) });
    else for (const { name, ok, detail } of checks) print(`${mark(ok)} ${name.padEnd(12)} ${detail}`);
    process.exitCode = failed?.exitCode ?? exitCodes.ok;
  });
}

async function* runChecks(): AsyncGenerator<Check> {
  yield pass("node", process.versions.node);
  yield configMode();
  const profile = await attempt(
    "credentials",
    async () => readProfile(),
    ({ source }) => source,
  );
  yield profile.check;
  if (!profile.value) return;
  const { url, key }: Profile = profile.value;
  const client = createClient({ url, key });
  const health = await attempt(
    "server",
    () => client.call("health", z.looseObject({ status: z.literal("ok") })),
    () => url,
  );
  yield health.check;
  if (!health.value) return;
  const models = await attempt(
    "key",
    () => client.call("v1/models", modelListShape),
    () => "accepted",
  );
  yield models.check;
  if (!models.value) return;
  const bases = models.value.data.filter((model) => model.base_model === undefined).map(({ id }) => id);
  yield bases.length > 0
    ? pass("base models", bases.join(", "))
    : fail("base models", 'none in the bucket, wanted at least one: "npm run model:add"', exitCodes.notFound);
}

function configMode(): Check {
  const file = configFile();
  if (!existsSync(file)) return pass("config file", `none at ${file}`);
  const mode = statSync(file).mode & MODE_BITS;
  if (process.platform === "win32" || (mode & OTHERS) === 0) return pass("config file", file);
  return fail(
    "config file",
    `${file} has mode ${mode.toString(8)}, wanted 600: others can read the key`,
    exitCodes.failed,
  );
}

async function attempt<T>(name: string, run: () => Promise<T>, detail: (value: T) => string) {
  try {
    const value = await run();
    return { value, check: pass(name, detail(value)) };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { value: null, check: fail(name, error.message, error.exitCode) };
  }
}

const pass = (name: string, detail: string): Check => ({ name, ok: true, detail, exitCode: exitCodes.ok });
const fail = (name: string, detail: string, exitCode: number): Check => ({
  name,
  ok: false,
  detail,
  exitCode,
});
const mark = (ok: boolean) => (ok ? paint("green", "ok  ") : paint("red", "fail"));
