import { createRandom } from "../../../shared/random.ts";

export interface IsolateSimulation {
  /** Isolates at work at the end. */
  readonly isolates: number;
  /** Share of requests that met an isolate without a model. */
  readonly coldShare: number;
  /** Milliseconds from arrival to answer. */
  readonly p50: number;
  readonly p95: number;
}

/** An isolate without requests for this long is taken away: Cloudflare says nothing about when, so this is a guess. */
const IDLE_MS = 60_000;
/** Work that waits in an isolate before the next one is started: another guess, about two requests' worth. */
const QUEUE_MS = 200;

/**
 * Requests of one place in the world, arriving at random (Poisson), each of `serviceMs` of one isolate's only thread. A
 * request goes to the isolate with the least work; where even that one has too much, a new one is started, cold.
 */
export function simulateIsolates(
  requestsPerSecond: number,
  {
    serviceMs,
    coldStartMs,
    requests,
    seed,
  }: { serviceMs: number; coldStartMs: number; requests: number; seed: number },
): IsolateSimulation {
  const random = createRandom(seed);
  let isolates: { freeAt: number }[] = [];
  const latencies: number[] = [];
  let cold = 0;
  let time = 0;
  for (let i = 0; i < requests; i++) {
    time += (-Math.log(1 - random.next()) / requestsPerSecond) * 1000;
    isolates = isolates.filter(({ freeAt }) => time - freeAt < IDLE_MS);
    let target = isolates.reduce<{ freeAt: number } | undefined>(
      (best, one) => (best === undefined || one.freeAt < best.freeAt ? one : best),
      undefined,
    );
    if (target === undefined || target.freeAt - time > QUEUE_MS) {
      target = { freeAt: time + coldStartMs };
      isolates.push(target);
      cold++;
    }
    target.freeAt = Math.max(time, target.freeAt) + serviceMs;
    latencies.push(target.freeAt - time);
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? 0;
  return { isolates: isolates.length, coldShare: cold / requests, p50: at(0.5), p95: at(0.95) };
}
