import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { InternalError } from "../../shared/errors.ts";
import { logFolder, root } from "./paths.ts";

/** A part of the stack that runs as a process of its own. */
export interface Child {
  /** Rejects with ChildDiedError when the process ends by itself. */
  readonly died: Promise<never>;
  /** Asks it to end, and after a while makes it. */
  stop(): Promise<void>;
}

/** A part of the stack ended by itself. */
export class ChildDiedError extends InternalError {}

/** Longer than the trainer needs to give its job back. */
const STOP_TIMEOUT_MS = 12_000;
const TAIL_LINES = 15;

/** Starts a Node program; what it prints goes to `.foreword/logs/<name>.log`. */
export function startChild(
  name: string,
  args: readonly string[],
  environment: Record<string, string>,
): Child {
  mkdirSync(logFolder, { recursive: true });
  const logFile = join(logFolder, `${name}.log`);
  const log = createWriteStream(logFile);
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C reaches us alone, and we end the parts in order.
    detached: true,
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const exited = once(child, "exit");
  let stopping = false;
  const died = exited.then(([code, signal]) => {
    if (stopping) return new Promise<never>(() => undefined);
    const tail = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
    throw new ChildDiedError(
      `The ${name} ended by itself (${signal ?? `status ${code}`}). Its last words:\n${tail}`,
    );
  });
  // Whoever awaits `died` gets the error; until then it must not count as unhandled.
  died.catch(() => undefined);
  const signalGroup = (signal: NodeJS.Signals) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, signal);
  };
  return {
    died,
    async stop() {
      stopping = true;
      signalGroup("SIGTERM");
      const timer = setTimeout(() => signalGroup("SIGKILL"), STOP_TIMEOUT_MS);
      if (child.exitCode === null && child.signalCode === null) await exited;
      clearTimeout(timer);
      log.end();
    },
  };
}
