import { join } from "node:path";
import { root, stateFolder } from "../dev/paths.ts";
import { startVictim, type Victim } from "./process.ts";

export interface Trainers {
  /** Those that run now. */
  readonly victims: readonly Victim[];
  /** Exits that no fault explains: neither a signal nor "start me again". */
  readonly crashes: readonly string[];
  stop(): Promise<void>;
}

/** sysexits' EX_TEMPFAIL: a trainer that lost its lease. */
const EXIT_TRY_AGAIN = 75;

/** Keeps `count` trainers running: whichever ends is started again, as a supervisor would. */
export function startTrainers(count: number, environment: Record<string, string>): Trainers {
  const victims: Victim[] = [];
  const crashes: string[] = [];
  const stopping = new AbortController();
  const ended: Promise<void>[] = [];

  const keep = async (slot: number) => {
    while (!stopping.signal.aborted) {
      const victim = startVictim(
        [join(root, "trainer/main.ts")],
        { ...environment, FOREWORD_WORK_DIRECTORY: join(stateFolder, `trainer-${slot}`) },
        join(stateFolder, `trainer-${slot}.log`),
      );
      victims[slot] = victim;
      const { code, signal } = await victim.exited;
      if (signal === null && code !== 0 && code !== EXIT_TRY_AGAIN)
        crashes.push(`trainer ${slot}: status ${code}`);
    }
  };
  for (let slot = 0; slot < count; slot++) ended.push(keep(slot));
  return {
    get victims() {
      return victims;
    },
    crashes,
    async stop() {
      stopping.abort();
      for (const victim of victims) victim.signal("SIGKILL");
      await Promise.all(ended);
    },
  };
}
