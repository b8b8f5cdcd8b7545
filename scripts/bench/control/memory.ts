import { readdirSync, readFileSync } from "node:fs";

const KIB_PER_MB = 1000 / 1.024;

/** Resident memory of the workerd processes of a process group, in MB; 0 where the system has no /proc. */
export function workerdMegabytes(group: number): number {
  let kib = 0;
  try {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
      kib += residentKib(pid, group);
  } catch {
    return 0;
  }
  return kib / KIB_PER_MB;
}

function residentKib(pid: string, group: number): number {
  try {
    // "<pid> (<name>) <state> <parent> <group> ..."
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, name = "", processGroup = ""] = /^\d+ \((.*)\) \S+ \d+ (\d+)/.exec(stat) ?? [];
    if (name !== "workerd" || Number(processGroup) !== group) return 0;
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    // It ended while it was looked at.
    return 0;
  }
}
