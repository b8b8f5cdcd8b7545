/**
 * Builds the dashboard, and the documentation beside it, into functions/dashboard/dist, where their sources have changed since
 * the last time. It runs before npm scripts, behind setup.mjs: plain JavaScript for Node 20, done in a few milliseconds most
 * of the time, and silent then.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const app = join(root, "functions", "dashboard");
const docs = [join(root, "functions", "docs"), join(root, "scripts", "docs")];
/** Made last. */
const built = join(app, "dist", "docs", "index.html");
const stampFile = join(root, "node_modules", ".foreword-dashboard");

/** Tells apart all that the build depends on: the sources and the libraries. */
function fingerprint() {
  const hash = createHash("sha256");
  for (const file of [join(root, "package-lock.json"), ...[app, ...docs].flatMap(sourcesIn)]) {
    hash.update(relative(root, file)).update(readFileSync(file));
  }
  return hash.digest("hex");
}

/** @param {string} folder */
function sourcesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((path) => join(folder, String(path)))
    .filter((path) => !path.startsWith(join(app, "dist")) && statSync(path).isFile())
    .toSorted();
}

function build() {
  // The Node that is running may be too old for the tool; the one in node_modules is not.
  const bundled = join(root, "node_modules", ".bin", "node");
  const node = existsSync(bundled) ? bundled : process.execPath;
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  run(node, [vite, "build", app, "--logLevel", "warn"]);
  run(node, [join(root, "scripts", "build-docs.ts"), join(app, "dist")]);
}

/**
 * @param {string} node
 * @param {string[]} args
 */
function run(node, args) {
  const { status, stdout, stderr, error } = spawnSync(node, args, {
    encoding: "utf8",
    env: { ...process.env, NODE_ENV: "production" },
  });
  if (status === 0) return;
  process.stderr.write(`The dashboard could not be built:\n${error?.message ?? stdout + stderr}\n`);
  process.exit(1);
}

const wanted = fingerprint();
if (!existsSync(built) || !existsSync(stampFile) || readFileSync(stampFile, "utf8") !== wanted) {
  build();
  writeFileSync(stampFile, wanted);
}
