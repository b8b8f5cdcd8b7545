import { readdirSync, readFileSync } from "node:fs";

/** Reads of /proc: who our descendants are, what memory they hold. Linux only. */

/** Ids of every process that descends from this one. */
export function descendants(): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    // The command's name may hold spaces and parentheses; the parent's id is the second field after it.
    const stat = read(`/proc/${name}/stat`);
    parents.set(pid, Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const isOurs = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && parent > 1 && (parent === process.pid || isOurs(parent));
  };
  return [...parents.keys()].filter(isOurs);
}

/** The command name of a process, `workerd` for one; empty when it is gone. */
export function commandOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trim();
}

/** Resident memory in bytes, now and at its highest so far. */
export function residentBytes(pid: number): { now: number; peak: number } {
  const status = read(`/proc/${pid}/status`);
  const field = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
  return { now: field("VmRSS"), peak: field("VmHWM") };
}

/** Processes come and go while we look: what is gone reads as nothing. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
