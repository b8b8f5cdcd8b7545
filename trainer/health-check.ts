/**
 * A container's HEALTHCHECK: status 0 while the trainer's heartbeat file is young, 1 with a reason when it is not.
 *
 *     FOREWORD_HEARTBEAT_FILE=/tmp/foreword-heartbeat node trainer/health-check.ts
 */
import { statSync } from "node:fs";

/** Heartbeats come every few seconds; one step of a large model on a slow machine may hold the process this long. */
const USUAL_MAX_AGE_SECONDS = 120;

const file = process.env["FOREWORD_HEARTBEAT_FILE"];
const limit = Number(process.env["FOREWORD_HEARTBEAT_MAX_AGE"] ?? USUAL_MAX_AGE_SECONDS);

/** Why the trainer is not well, or null. */
function complaint(): string | null {
  if (!file) return "FOREWORD_HEARTBEAT_FILE is not set, wanted the file that the trainer writes";
  if (!(limit > 0)) return "FOREWORD_HEARTBEAT_MAX_AGE is no number of seconds above 0";
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) return `"${file}" is not there, wanted a heartbeat`;
  const age = (Date.now() - stats.mtimeMs) / 1000;
  return age <= limit ? null : `Last heartbeat was ${Math.round(age)} s ago, wanted at most ${limit} s`;
}

const found = complaint();
if (found !== null) {
  console.error(found);
  process.exitCode = 1;
}
