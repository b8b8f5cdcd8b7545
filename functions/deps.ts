import type { ModelManifest } from "../shared/contracts/model.ts";
import type { InferenceEngine } from "../shared/ports/inference-engine.ts";
import type { ObjectStore } from "../shared/ports/object-store.ts";
import type { SqlDatabase } from "../shared/ports/sql-database.ts";
import type { TextTokenizer } from "../shared/text/tokenizer.ts";
import type { BucketEvent } from "./events/bucket-event.ts";
import type { ExperimentMessage } from "./experiments/events.ts";
import type { Send } from "./webhooks/deliver.ts";

/** A base model made ready to run. */
export interface LoadedModel {
  readonly manifest: ModelManifest;
  readonly tokenizer: TextTokenizer;
  readonly engine: InferenceEngine;
}

/** The base models of the bucket. */
export interface ModelCatalog {
  list(): Promise<ModelManifest[]>;
  /** Throws NotFoundError (code `model_not_found`). */
  manifest(name: string): Promise<ModelManifest>;
  /** Tokenizer alone, without the weights: what validating a dataset needs. */
  tokenizer(name: string): Promise<TextTokenizer>;
  /** Loads weights on first use; later calls share them. */
  load(name: string): Promise<LoadedModel>;
}

export interface Config {
  readonly bucketName: string;
  /** Key that may make other keys; a secret of the deployment. */
  readonly adminKey: string;
  readonly defaultModel: string;
  /** Milliseconds after which a silent trainer is taken for dead; the usual ones when left out. */
  readonly leaseMs?: number | undefined;
  /** Secrets (`whsec_...`) that sign bucket notifications; two while one takes the other's place. */
  readonly eventSecrets?: readonly string[] | undefined;
}

/** Everything the app needs from the world; entry files fill it in, tests too. */
export interface Deps {
  readonly config: Config;
  readonly database: SqlDatabase;
  readonly bucket: ObjectStore;
  /** A URL to upload one object to, past this server; absent where the bucket's S3 API is not configured. */
  readonly signUpload?: ((key: string, seconds: number) => Promise<string>) | undefined;
  readonly models: ModelCatalog;
  /** Puts bucket events on their queue. */
  enqueue(events: readonly BucketEvent[]): Promise<void>;
  /** Puts exposures and outcomes on theirs. */
  enqueueExperiments(messages: readonly ExperimentMessage[]): Promise<void>;
  /** How webhooks go out, where the runtime's own `fetch` could reach what is private. */
  readonly sendWebhook?: Send | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  log(entry: LogEntry): void;
}

/** One structured log line; never holds a secret, a prompt or a completion. */
export interface LogEntry {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly [field: string]: string | number | boolean | null | undefined;
}
