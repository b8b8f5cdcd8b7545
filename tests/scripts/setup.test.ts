import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let root = "";
const at = (...path: string[]) => join(root, ...path);

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
  chmodSync(at(path), mode);
}

/** Runs the script in a project of its own, whose npm is a shell script. */
function setup(npm: string | null) {
  if (npm !== null) write("bin/npm", `#!/bin/sh\necho "$@" >>"${at("npm-calls")}"\n${npm}\n`, 0o755);
  const { npm_execpath: _, ...environment } = process.env;
  const PATH = npm === null ? at("bin") : [at("bin"), process.env["PATH"]].join(delimiter);
  const result = spawnSync(process.execPath, [at("scripts/setup.mjs")], {
    env: { ...environment, PATH },
    encoding: "utf8",
  });
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

const lock = (version: string) =>
  JSON.stringify({
    packages: {
      "": {},
      "node_modules/a": { version },
      "node_modules/b": { version: "1.0.0", optional: true },
    },
  });
const installs = (version: string) =>
  `mkdir -p node_modules/.bin; printf '%s' '{"packages":{"node_modules/a":{"version":"${version}"}}}' >node_modules/.package-lock.json`;
const calls = () =>
  existsSync(at("npm-calls")) ? readFileSync(at("npm-calls"), "utf8").trim().split("\n") : [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "foreword-setup-"));
  mkdirSync(at("scripts"));
  mkdirSync(at("bin"));
  copyFileSync(join(import.meta.dirname, "..", "..", "scripts", "setup.mjs"), at("scripts/setup.mjs"));
  write("package-lock.json", lock("1.0.0"));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("setup", () => {
  it("installs once, with all it says on stderr, and then says nothing", () => {
    const first = setup(installs("1.0.0"));
    expect(first).toMatchObject({ status: 0, stdout: "" });
    expect(first.stderr).toMatch(/^Installing dependencies with npm ci\nInstalled dependencies in \d+ s\n$/);
    expect(setup(installs("1.0.0"))).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(calls()).toEqual(["ci --no-audit --no-fund --no-progress"]);
  });

  it("installs again when the lock has changed", () => {
    setup(installs("1.0.0"));
    write("package-lock.json", lock("2.0.0"));
    expect(setup(installs("2.0.0")).stderr).toContain("Installed");
    expect(calls()).toHaveLength(2);
  });

  it("takes over what npm has installed already", () => {
    write("node_modules/.package-lock.json", '{"packages":{"node_modules/a":{"version":"1.0.0"}}}');
    expect(setup("exit 1")).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(calls()).toEqual([]);
  });

  it.each([
    ["npm error code ENOSPC", /the disk is full: ".*" has \d+ MB free, wanted about 2000 MB/],
    ["npm error code EAI_AGAIN", /the npm registry cannot be reached/],
    ["npm error code EUSAGE", /package.json and package-lock.json disagree/],
    ["npm error something else", /see its output above/],
  ])("says why where npm fails: %s", (message, reason) => {
    const failed = setup(`echo "${message}" >&2; exit 7`);
    expect(failed).toMatchObject({ status: 1, stdout: "" });
    expect(failed.stderr).toContain(`\n${message}\n`);
    expect(failed.stderr).toMatch(/Setup failed. npm ci ended with status 7: /);
    expect(failed.stderr).toMatch(reason);
    expect(existsSync(at("node_modules/.foreword-lock"))).toBe(false);
  });

  it("says so where there is no npm", () => {
    expect(setup(null)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("wanted npm on the PATH") as string,
    });
  });

  it("refuses a Node that is too old", () => {
    write("node", "#!/bin/sh\necho v20.20.2\n", 0o755);
    const old = setup(`${installs("1.0.0")}; cp node node_modules/.bin/node`);
    expect(old).toMatchObject({ status: 1, stdout: "" });
    expect(old.stderr).toMatch(
      /Node is 20\.20\.2 in ".*node"; wanted >= 22\.12, see https:\/\/nodejs\.org\n$/,
    );
  });
});
