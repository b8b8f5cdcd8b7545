/**
 * `npm run check`: types, lint, format, direction of imports, size of the bundle. One line per step; the whole output only of
 * those that fail. Every step runs, whatever came before it.
 */
import { globSync } from "node:fs";
import { delimiter, join } from "node:path";
import { requireNode } from "./check/require-node.ts";
import { runStep, type Step } from "./check/run-step.ts";

const root = join(import.meta.dirname, "..");
const bin = join(root, "node_modules", ".bin");
const tool = (name: string) => join(bin, name);
const node = (script: string) => ({ program: process.execPath, args: [join("scripts", script)] });

requireNode();

const projects = globSync(["tsconfig*.json", "*/tsconfig*.json", "functions/dashboard/tsconfig.json"], {
  cwd: root,
  exclude: ["node_modules"],
})
  .filter((path) => !path.endsWith("tsconfig.base.json"))
  .toSorted();

const steps: Step[] = [
  ...projects.map((path) => ({
    name: `types (${path})`,
    program: tool("tsc"),
    args: ["-p", path, "--pretty"],
  })),
  { name: "lint", program: tool("oxlint"), args: ["--deny-warnings"] },
  { name: "format", program: tool("oxfmt"), args: ["--check"] },
  { name: "direction of imports", ...node("check-imports.ts") },
  {
    name: "types of the client",
    program: process.execPath,
    args: [join("scripts", "generate-client.ts"), "--check"],
  },
  { name: "size of the bundle", ...node("check-bundle.ts") },
];

// The tools are started with `env node`, which must not find an old one.
const env = { ...process.env, PATH: [bin, process.env["PATH"]].join(delimiter) };
let failed = 0;
for (const step of steps) if (!(await runStep(step, { cwd: root, env }))) failed++;
console.log(failed === 0 ? "All checks passed" : `${failed} of ${steps.length} checks failed`);
process.exitCode = failed === 0 ? 0 : 1;
