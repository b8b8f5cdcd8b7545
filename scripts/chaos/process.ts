import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { root } from "../dev/paths.ts";

/** A program of the stack that faults happen to. */
export interface Victim {
  readonly alive: boolean;
  /** Also the number of its process group. */
  readonly pid: number;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  /** Sends a signal to the program and all that it started. */
  signal(name: NodeJS.Signals): void;
}

/** Starts a Node program in a process group of its own; what it prints is appended to `logFile`. */
export function startVictim(
  args: readonly string[],
  environment: Record<string, string>,
  logFile: string,
): Victim {
  const log = createWriteStream(logFile, { flags: "a" });
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  const alive = () => child.exitCode === null && child.signalCode === null;
  const exited = once(child, "exit").then(([code, signal]: unknown[]) => {
    log.end();
    return { code: code as number | null, signal: signal as string | null };
  });
  return {
    pid: child.pid ?? 0,
    get alive() {
      return alive();
    },
    exited,
    signal(name) {
      if (child.pid === undefined || !alive()) return;
      try {
        process.kill(-child.pid, name);
      } catch (error) {
        // It ended between the question and the signal.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    },
  };
}
