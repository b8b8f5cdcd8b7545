/** Checks which way imports point: `node scripts/check-imports.ts` prints `file:line message` per violation. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkImports } from "./check/check-imports.ts";

const root = join(import.meta.dirname, "..");
const rooms = ["shared", "functions", "trainer", "scripts", "tests"];

const paths = rooms
  .flatMap((room) => globSync(`${room}/**/*.{ts,tsx}`, { cwd: root }))
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => !path.endsWith(".d.ts") && !/(?:^|\/)(?:node_modules|fixtures)\//.test(path))
  .toSorted();
const violations = checkImports(new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")])));

for (const { path, line, message } of violations) console.error(`${path}:${line} ${message}`);
console.log(`${paths.length} files, ${violations.length} imports against the rules`);
process.exitCode = violations.length === 0 ? 0 : 1;
