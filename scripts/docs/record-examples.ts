import { createApp } from "../../functions/app.ts";
import { createDeadLetters } from "../../functions/records/dead-letters.ts";
import type { Deps } from "../../functions/deps.ts";
import { createExampleNames } from "./example-names.ts";
import { tellStory } from "./story.ts";

export interface CallOptions {
  /** A key; "admin" is the deployment's own, null none. */
  readonly as: string | null;
  /** Those of the path by their names in it, the others go into the query. */
  readonly parameters?: Readonly<Record<string, string | number>>;
  /** A JSON body, or text that is sent as it is. */
  readonly request?: unknown;
  readonly form?: Readonly<Record<string, string | File>>;
}
/** Calls an operation ("get /v1/models"); what it sends and gets becomes the example, unless said otherwise. Throws where the API refuses. */
export type Call = (
  operation: string,
  options: CallOptions,
  keep?: boolean,
) => Promise<Record<string, unknown>>;

export interface RecordedExample {
  readonly parameters?: unknown;
  readonly request?: unknown;
  readonly answer?: unknown;
}

/** Operations whose answer is a file. */
const DOWNLOADS = ["get /v1/prompts/{prompt}/files/{file}", "get /v1/files/{file}/content"];

/** Runs every operation against an app and gives what each was sent and answered, its names and times made the same every time. */
export async function recordExamples(deps: Deps): Promise<Record<string, RecordedExample>> {
  const app = createApp(deps);
  const examples: Record<string, RecordedExample> = {};
  const rename = createExampleNames();
  const call: Call = async (operation, options, keep = true) => {
    const response = await app.fetch(requestFor(operation, options, deps.config.adminKey));
    const type = response.headers.get("content-type") ?? "";
    const body = await response.text();
    if (!response.ok) throw new Error(`${operation} answered ${response.status}: ${body}`);
    const answer: unknown = type.includes("json") && !DOWNLOADS.includes(operation) ? JSON.parse(body) : body;
    if (keep) {
      examples[operation] = rename({
        ...(options.parameters && { parameters: options.parameters }),
        ...requestExample(options),
        answer,
      });
    }
    return typeof answer === "object" ? (answer as Record<string, unknown>) : {};
  };
  await tellStory(call, async () =>
    createDeadLetters(deps.database, deps.now).add({
      action: "put",
      bucket: "foreword",
      key: "datasets/acme/mail/train.jsonl",
      etag: null,
    }),
  );
  return examples;
}

function requestFor(
  operation: string,
  { as, parameters = {}, request, form }: CallOptions,
  adminKey: string,
) {
  const [method = "", template = ""] = operation.split(" ");
  const inPath = (name: string) => template.includes(`{${name}}`);
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(parameters[name] ?? ""),
  );
  const url = new URL(path, "http://127.0.0.1:8787");
  for (const [name, value] of Object.entries(parameters))
    if (!inPath(name)) url.searchParams.set(name, String(value));
  const headers = new Headers();
  if (as !== null) headers.set("authorization", `Bearer ${as === "admin" ? adminKey : as}`);
  const data = new FormData();
  for (const [name, value] of Object.entries(form ?? {})) data.set(name, value);
  if (request !== undefined && typeof request !== "string") headers.set("content-type", "application/json");
  const text = typeof request === "string" ? request : JSON.stringify(request);
  const body = form ? data : (text ?? null);
  return new Request(url, { method: method.toUpperCase(), headers, body });
}

/** Files of a form are shown by their names. */
function requestExample({ request, form }: CallOptions): { request?: unknown } {
  if (!form) return request === undefined ? {} : { request };
  const shown = Object.entries(form).map(([name, value]) => [
    name,
    value instanceof File ? `@${value.name}` : value,
  ]);
  return { request: Object.fromEntries(shown) };
}
