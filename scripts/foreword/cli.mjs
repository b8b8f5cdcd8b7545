#!/usr/bin/env node
/**
 * Starts the command-line tool under a Node that runs TypeScript: this one if it is new enough, else the one that the
 * dependencies bring along. Plain JavaScript for Node 20.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const MIN_NODE = [22, 18];
/** 128 + the signal's number, as shells say it. */
const SIGNAL_STATUS = { SIGINT: 130, SIGTERM: 143 };

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])) {
  await import("./main.ts");
} else {
  const bundled = fileURLToPath(new URL("../../node_modules/.bin/node", import.meta.url));
  if (existsSync(bundled)) runUnder(bundled);
  else {
    process.stderr.write(
      `Node is ${process.versions.node}, wanted >= ${MIN_NODE.join(".")}; "npm ci" in Foreword's folder installs one\n`,
    );
    process.exitCode = 1;
  }
}

/** @param {string} node */
function runUnder(node) {
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal sends Ctrl-C to the child too, which decides what to do about it.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.once("error", (error) => {
    process.stderr.write(`"${node}" cannot be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.once("exit", (status, signal) => {
    process.exitCode = status ?? SIGNAL_STATUS[signal] ?? 1;
  });
}
