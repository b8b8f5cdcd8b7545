import type { Timings } from "./session.ts";

/** `server-timing` header: where a request's time went, in milliseconds. */
export function serverTiming(timings: Timings): string {
  return Object.entries(timings)
    .map(([name, milliseconds]) => `${name};dur=${milliseconds}`)
    .join(", ");
}
