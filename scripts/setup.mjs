/**
 * Installs what package-lock.json asks for, where it is not there yet. It runs before every npm script, so it is plain
 * JavaScript for Node 20, loads nothing but Node's own modules, and does nothing in a few milliseconds most of the time.
 *
 * Everything it prints goes to stderr: the standard output belongs to the command that follows.
 */
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The oldest Node that wrangler and vitest run on. */
const MIN_NODE = [22, 12];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const stampFile = join(modules, ".foreword-lock");

/** Why the setup cannot go on; shown without a stack. */
class SetupError extends Error {}

async function main() {
  const lock = readFileSync(join(root, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex");
  const stamp = `${hash} ${process.platform}-${process.arch}\n`;
  if (readIfThere(stampFile) === stamp) return;
  if (!isInstalled(lock.toString())) {
    // The old stamp must not outlive an install that breaks off.
    rmSync(stampFile, { force: true });
    await install();
  }
  checkNode();
  writeFileSync(stampFile, stamp);
}

/**
 * True where npm itself has installed this very lock: its own record in node_modules names the same versions.
 *
 * @param {string} lockText
 */
function isInstalled(lockText) {
  const record = readIfThere(join(modules, ".package-lock.json"));
  if (record === null) return false;
  const wanted = JSON.parse(lockText).packages;
  const found = JSON.parse(record).packages;
  const same = (path) =>
    found[path]?.version === wanted[path]?.version && found[path]?.integrity === wanted[path]?.integrity;
  return (
    Object.keys(found).every(same) &&
    // Optional packages are those of other platforms.
    Object.keys(wanted).every(
      (path) => path === "" || wanted[path].optional || wanted[path].devOptional || same(path),
    )
  );
}

async function install() {
  const start = Date.now();
  const seconds = () => Math.round((Date.now() - start) / 1000);
  const say = (text) => process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
  say("Installing dependencies with npm ci");
  const timer = setInterval(
    () => process.stderr.isTTY && say(`Installing dependencies with npm ci: ${seconds()} s`),
    1000,
  );
  const { status, signal, output } = await runNpm().finally(() => clearInterval(timer));
  if (signal !== null) {
    process.stderr.write("\n");
    throw new SetupError(`The installation was interrupted by ${signal}`);
  }
  if (status !== 0) {
    process.stderr.write(`\n${output}\n`);
    throw new SetupError(`npm ci ended with status ${status}: ${explain(output)}`);
  }
  say(`Installed dependencies in ${seconds()} s\n`.slice(0, process.stderr.isTTY ? undefined : -1));
}

/** @returns {Promise<{ status: number | null, signal: string | null, output: string }>} */
function runNpm() {
  const options = ["ci", "--no-audit", "--no-fund", "--no-progress"];
  const program = process.env.npm_execpath;
  const child =
    program !== undefined && /npm-cli\.c?js$/.test(program)
      ? spawn(process.execPath, [program, ...options], { cwd: root })
      : spawn("npm", options, { cwd: root, shell: process.platform === "win32" });
  let output = "";
  child.stdout.on("data", (piece) => (output += piece));
  child.stderr.on("data", (piece) => (output += piece));
  return new Promise((resolve, reject) => {
    child.once("error", (error) =>
      reject(new SetupError(`npm cannot be started (${error.message}), wanted npm on the PATH`)),
    );
    child.once("close", (status, signal) => resolve({ status, signal, output }));
  });
}

/** @param {string} output what npm said */
function explain(output) {
  if (/ENOSPC|no space left/i.test(output)) {
    const { bavail, bsize } = statfsSync(root);
    return `the disk is full: "${root}" has ${Math.round((bavail * bsize) / 1e6)} MB free, wanted about 2000 MB`;
  }
  if (/EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(output))
    return "the npm registry cannot be reached, wanted a network connection (or the proxy and registry of your npm settings)";
  if (/EACCES|EPERM|EROFS/.test(output)) return `"${modules}" cannot be written by this user`;
  if (/EUSAGE/.test(output))
    return "package.json and package-lock.json disagree, wanted the pair of one commit";
  return "see its output above";
}

/** The Node that npm scripts run under: the one in node_modules where there is one for this platform. */
function checkNode() {
  const bundled = join(modules, ".bin", "node");
  const isBundled = existsSync(bundled);
  let version = process.versions.node;
  if (isBundled) {
    try {
      version = execFileSync(bundled, ["--version"], { encoding: "utf8" }).trim().replace(/^v/, "");
    } catch (error) {
      throw new SetupError(
        `The Node in "${bundled}" does not run here: ${error instanceof Error ? error.message : error}`,
      );
    }
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])) return;
  const where = isBundled
    ? `in "${bundled}"`
    : `on the PATH, and none is bundled for ${process.platform}-${process.arch}`;
  throw new SetupError(
    `Node is ${version} ${where}; wanted >= ${MIN_NODE.join(".")}, see https://nodejs.org`,
  );
}

/** @param {string} file */
function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`Setup failed. ${error instanceof SetupError ? error.message : error.stack}\n`);
  process.exitCode = 1;
}
