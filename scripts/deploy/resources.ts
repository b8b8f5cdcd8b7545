import { z } from "zod";
import { datasetFiles } from "../../shared/contracts/dataset.ts";
import type { Names } from "./names.ts";
import { ask, DeployError, must, type Wrangler } from "./wrangler.ts";

/** Whether a step had anything to do. */
export type Outcome = "created" | "there already";

const EVENT_PREFIX = "datasets/";
const databasesSchema = z.array(z.looseObject({ name: z.string(), uuid: z.string() }));

/** Makes the bucket where it is not there. */
export async function ensureBucket(wrangler: Wrangler, { bucket }: Names): Promise<Outcome> {
  if ((await ask(wrangler, ["r2", "bucket", "info", bucket, "--json"])) !== null) return "there already";
  await must(wrangler, ["r2", "bucket", "create", bucket]);
  return "created";
}

/** Makes a queue where it is not there. */
export async function ensureQueue(wrangler: Wrangler, queue: string): Promise<Outcome> {
  if ((await ask(wrangler, ["queues", "info", queue])) !== null) return "there already";
  await must(wrangler, ["queues", "create", queue]);
  return "created";
}

/** Makes the database where it is not there, and gives its id. */
export async function ensureDatabase(
  wrangler: Wrangler,
  { database }: Names,
): Promise<{ outcome: Outcome; id: string | null }> {
  const known = await databaseId(wrangler, database);
  if (known !== null) return { outcome: "there already", id: known };
  await must(wrangler, ["d1", "create", database]);
  return { outcome: "created", id: await databaseId(wrangler, database) };
}

async function databaseId(wrangler: Wrangler, name: string): Promise<string | null> {
  const answer = await ask(wrangler, ["d1", "list", "--json"]);
  if (answer === null) return null;
  const parsed = databasesSchema.safeParse(parseJson(answer));
  if (!parsed.success)
    throw new DeployError(`"wrangler d1 list --json" printed no list: ${answer.slice(0, 200)}`);
  return parsed.data.find((one) => one.name === name)?.uuid ?? null;
}

/** Has the bucket tell the queue of every `train.jsonl` that comes or goes. */
export async function ensureNotification(
  wrangler: Wrangler,
  { bucket, eventQueue }: Names,
): Promise<Outcome> {
  const rules = await ask(wrangler, ["r2", "bucket", "notification", "list", bucket]);
  if (rules !== null && hasRule(rules, eventQueue)) return "there already";
  await must(wrangler, [
    "r2",
    "bucket",
    "notification",
    "create",
    bucket,
    "--event-types",
    "object-create",
    "object-delete",
    "--prefix",
    EVENT_PREFIX,
    "--suffix",
    datasetFiles.train,
    "--queue",
    eventQueue,
    "--description",
    "Foreword: datasets that come and go",
  ]);
  return "created";
}

/** wrangler lists rules as blocks of `name: value` lines. */
function hasRule(list: string, queue: string): boolean {
  return list
    .split(/(?=rule_id:)/)
    .some((rule) =>
      [`queue_name:\\s+${queue}$`, `prefix:\\s+${EVENT_PREFIX}$`, `suffix:\\s+${datasetFiles.train}$`].every(
        (line) => new RegExp(`^\\s*${line.replaceAll(".", "\\.")}`, "m").test(rule),
      ),
    );
}

/** Output of wrangler, which may print a notice before its JSON. */
export function parseJson(text: string): unknown {
  const start = text.search(/^[[{]/m);
  try {
    return JSON.parse(start < 0 ? text : text.slice(start));
  } catch {
    return undefined;
  }
}
