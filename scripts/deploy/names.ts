import { readFileSync } from "node:fs";
import { unstable_readConfig } from "wrangler";
import { z } from "zod";
import { DeployError } from "./wrangler.ts";

const queueSchema = z.object({ queue: z.string(), dead_letter_queue: z.string().optional() });
const configSchema = z.object({
  r2_buckets: z.tuple([z.object({ bucket_name: z.string() })]),
  d1_databases: z.tuple([z.object({ database_name: z.string(), database_id: z.string() })]),
  queues: z.object({ producers: z.array(queueSchema), consumers: z.array(queueSchema) }),
});

/** What wrangler.toml names, and so what has to be there. */
export interface Names {
  readonly bucket: string;
  readonly database: string;
  /** As it stands in wrangler.toml; zeros where the account's own is to be looked up. */
  readonly databaseId: string;
  /** Each once, dead-letter queues too. */
  readonly queues: readonly string[];
  /** The one that bucket events go to. */
  readonly eventQueue: string;
}

/** Reads the names out of wrangler.toml. Throws DeployError. */
export function readNames(file: string): Names {
  const parsed = configSchema.safeParse(unstable_readConfig({ config: file }, { hideWarnings: true }));
  if (!parsed.success) throw new DeployError(`"${file}": ${z.prettifyError(parsed.error)}`);
  const { r2_buckets: buckets, d1_databases: databases, queues } = parsed.data;
  const all = [...queues.producers, ...queues.consumers].flatMap((one) => [
    one.queue,
    ...(one.dead_letter_queue === undefined ? [] : [one.dead_letter_queue]),
  ]);
  const eventQueue = all.find((name) => name.endsWith("bucket-events"));
  if (eventQueue === undefined) {
    throw new DeployError(`"${file}" names the queues ${all.join(", ")}, wanted one for "bucket-events"`);
  }
  return {
    bucket: buckets[0].bucket_name,
    database: databases[0].database_name,
    databaseId: databases[0].database_id,
    queues: [...new Set(all)],
    eventQueue,
  };
}

/** wrangler.toml with the account's own database in place of the one it names. */
export function withDatabase(file: string, { databaseId }: Names, id: string): string {
  return readFileSync(file, "utf8").replaceAll(`"${databaseId}"`, `"${id}"`);
}
