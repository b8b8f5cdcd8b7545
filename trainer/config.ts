import { z } from "zod";
import { InvalidRequestError } from "../shared/errors.ts";
import { precisions } from "./choose-precision.ts";
import { devices, type Device } from "./choose-providers.ts";

const schema = z.object({
  FOREWORD_URL: z.url(),
  FOREWORD_TRAINER_KEY: z.string().min(1),
  /** `https://<access key id>:<secret>@<endpoint>/<bucket>?region=<region>` */
  FOREWORD_BUCKET: z.url(),
  FOREWORD_WORK_DIRECTORY: z.string().default("/tmp/foreword-trainer"),
  FOREWORD_HEARTBEAT_SECONDS: z.coerce.number().positive().max(20).default(5),
  FOREWORD_THREADS: z.coerce.number().int().nonnegative().default(0),
  FOREWORD_DEVICE: z.enum(devices).default("auto"),
  FOREWORD_PRECISION: z.enum(precisions).default("auto"),
  /** Touched with every sign of life; see health-check.ts. */
  FOREWORD_HEARTBEAT_FILE: z.string().min(1).optional(),
  /** Where to serve Prometheus' metrics; without it they are not served. */
  FOREWORD_METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  /** With 1 the process ends when no job waits, as one-shot machines want it. */
  FOREWORD_EXIT_WHEN_IDLE: z.stringbool().default(false),
});

/** How to reach a bucket over the S3 API. */
export interface S3Options {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface TrainerConfig {
  readonly url: string;
  readonly key: string;
  readonly bucket: S3Options;
  readonly workDirectory: string;
  readonly heartbeatMs: number;
  /** 0 lets the runtime take every core. */
  readonly threads: number;
  readonly exitWhenIdle: boolean;
  readonly metricsPort: number | undefined;
  readonly device: Device;
  readonly precision: (typeof precisions)[number];
  readonly heartbeatFile: string | undefined;
}

/** Reads the environment. Throws InvalidRequestError naming the variable that is missing or wrong. */
export function readConfig(environment: Record<string, string | undefined>): TrainerConfig {
  const result = schema.safeParse(environment);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new InvalidRequestError(`Environment variable ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const variables = result.data;
  return {
    url: variables.FOREWORD_URL,
    key: variables.FOREWORD_TRAINER_KEY,
    bucket: parseBucket(new URL(variables.FOREWORD_BUCKET)),
    workDirectory: variables.FOREWORD_WORK_DIRECTORY,
    heartbeatMs: variables.FOREWORD_HEARTBEAT_SECONDS * 1000,
    threads: variables.FOREWORD_THREADS,
    exitWhenIdle: variables.FOREWORD_EXIT_WHEN_IDLE,
    metricsPort: variables.FOREWORD_METRICS_PORT,
    device: variables.FOREWORD_DEVICE,
    precision: variables.FOREWORD_PRECISION,
    heartbeatFile: variables.FOREWORD_HEARTBEAT_FILE,
  };
}

function parseBucket(url: URL): S3Options {
  const bucket = url.pathname.slice(1);
  if (!url.username || !url.password || !bucket) {
    throw new InvalidRequestError(
      "Environment variable FOREWORD_BUCKET: wanted https://<access key id>:<secret>@<endpoint>/<bucket>?region=<region>",
    );
  }
  return {
    endpoint: url.origin,
    region: url.searchParams.get("region") ?? "auto",
    bucket,
    accessKeyId: decodeURIComponent(url.username),
    secretAccessKey: decodeURIComponent(url.password),
  };
}
