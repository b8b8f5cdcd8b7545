/** `npm run chaos -- --seeds N [--from SEED]`: storms over the real stack; ends with 1 on any violation. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { createRandom } from "../../shared/random.ts";

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "5" }, from: { type: "string", default: "1" } },
});
const seeds = Number(values.seeds);
const from = Number(values.from);
if (!Number.isInteger(seeds) || seeds < 1 || !Number.isInteger(from)) {
  console.error(`--seeds is "${values.seeds}" and --from "${values.from}", wanted whole numbers`);
  process.exit(2);
}

// Before anything reads it: a stack of its own, far from the one that `npm start` keeps.
const state = mkdtempSync(join(tmpdir(), "foreword-chaos-"));
process.env["FOREWORD_STATE"] = state;
const { startChaosStack } = await import("./stack.ts");
const { runSeed } = await import("./run-seed.ts");
const { databaseFile } = await import("./worker.ts");

const opened: DatabaseSync[] = [];
const openDatabase = () => {
  for (const database of opened.splice(0)) if (database.isOpen) database.close();
  const database = new DatabaseSync(databaseFile(), { readOnly: true });
  opened.push(database);
  return database;
};

const stack = await startChaosStack(createRandom(from));
let faults = 0;
let violations = 0;
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => interruption.abort());
let done = 0;
try {
  for (let seed = from; seed < from + seeds && !interruption.signal.aborted; seed++) {
    const began = performance.now();
    const result = await runSeed(stack, openDatabase, seed);
    done++;
    faults += result.faults;
    violations += result.violations.length;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(
      `seed ${seed}: ${result.faults} faults, ${seconds} s, jobs so far ${JSON.stringify(result.outcomes)}`,
    );
    for (const violation of result.violations) console.log(`  violation: ${violation}`);
    if (result.violations.length > 0) break;
  }
} finally {
  await stack.stop();
  if (violations === 0) rmSync(state, { recursive: true, force: true });
  else console.log(`Logs and records: ${state}`);
}
console.log(`seeds ${done}, faults ${faults}, violations ${violations}`);
process.exit(violations > 0 || interruption.signal.aborted ? 1 : 0);
