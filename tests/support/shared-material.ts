import { existsSync } from "node:fs";
import { join } from "node:path";

/** Reference material that is not part of the repository: `../shared`, or the folder that FOREWORD_SHARED names. */
const folder = process.env["FOREWORD_SHARED"] ?? join(import.meta.dirname, "..", "..", "..", "shared");

/** A path inside the reference material, and why tests that need it are skipped where it is not there. */
export function sharedMaterial(...path: string[]): { path: string; missing: boolean; reason: string } {
  const whole = join(folder, ...path);
  const missing = !existsSync(whole);
  return { path: whole, missing, reason: missing ? ` (skipped: "${whole}" is not there)` : "" };
}
