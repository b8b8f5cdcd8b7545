import { InvalidRequestError } from "../shared/errors.ts";
import { createHttpJobQueue } from "./adapters/http-job-queue.ts";
import { createS3Store } from "./adapters/s3.ts";
import { WrongProviderError } from "./check-provider.ts";
import { choosePrecision } from "./choose-precision.ts";
import { chooseProviders } from "./choose-providers.ts";
import { readConfig } from "./config.ts";
import { withHeartbeatFile } from "./heartbeat-file.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { serveMetrics } from "./metrics/serve-metrics.ts";
import { LeaseLostError, runJobs } from "./run-jobs.ts";
import { createTrain } from "./train.ts";

/** sysexits' EX_TEMPFAIL: start me again. */
const EXIT_TRY_AGAIN = 75;
/** sysexits' EX_CONFIG: starting again changes nothing. */
const EXIT_CONFIGURATION = 78;

const config = readConfigOrEnd();
const shutdown = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => shutdown.abort());

const metrics = createMetrics();
const log = (message: string, fields: Record<string, unknown> = {}) =>
  console.log(JSON.stringify({ time: new Date().toISOString(), message, ...fields }));

try {
  log("Trainer started", { url: config.url });
  if (config.metricsPort !== undefined) await serveMetrics(metrics, config.metricsPort);
  const providers = chooseProviders(config.device, log);
  const precision = await choosePrecision(config.precision, providers, log);
  const queue = createHttpJobQueue(config.url, config.key);
  await runJobs(
    config.heartbeatFile === undefined ? queue : withHeartbeatFile(queue, config.heartbeatFile),
    createTrain({
      store: createS3Store(config.bucket),
      workDirectory: config.workDirectory,
      threads: config.threads,
      providers,
      precision,
    }),
    {
      heartbeatMs: config.heartbeatMs,
      exitWhenIdle: config.exitWhenIdle,
      signal: shutdown.signal,
      metrics,
      log,
    },
  );
} catch (error) {
  log("Trainer ends", { error: error instanceof Error ? error.stack : String(error) });
  process.exitCode = exitCodeOf(error);
}
// Connections that are kept open for a next request would keep the process as well.
process.exit();

function exitCodeOf(error: unknown): number {
  if (error instanceof LeaseLostError) return EXIT_TRY_AGAIN;
  return error instanceof WrongProviderError ? EXIT_CONFIGURATION : 1;
}

/** Ends the process with one line, not a stack, where the environment is not what it should be. */
function readConfigOrEnd() {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) throw error;
    console.error(error.message);
    return process.exit(EXIT_CONFIGURATION);
  }
}
