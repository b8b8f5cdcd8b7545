/**
 * Cloudflare's published prices of the Workers Paid plan in US dollars, beyond what the plan includes, and limits of the
 * services. Workers' and D1's prices were read in stored copies of Cloudflare's documentation in November 2026, Queues' in
 * pages of others; R2's, the hour of a GPU and D1's size are written from memory. Check them before relying on a sum.
 */
export const prices = {
  date: "2026-11",
  workers: { perMillionRequests: 0.3, perMillionCpuMs: 0.02 },
  d1: { perMillionRowsRead: 0.001, perMillionRowsWritten: 1 },
  queues: { perMillionOperations: 0.4, operationsPerMessage: 3 },
  r2: { perMillionWrites: 4.5, perMillionReads: 0.36, perGigabyteMonth: 0.015 },
  /** A rented GPU such as an L4, by the hour: differs much from one cloud to another. */
  gpuPerHour: 0.8,
} as const;

export const limits = {
  queueMessagesPerSecond: 5000,
  databaseBytes: 10_000_000_000,
  cpuMsPerRequest: 30_000,
} as const;
