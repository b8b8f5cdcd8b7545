import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/app-env.ts";
import examples from "./examples.json" with { type: "json" };
import { operationTexts, tags } from "./operations.ts";

type Document = ReturnType<OpenAPIHono<AppEnv>["getOpenAPI31Document"]>;
type PathItem = NonNullable<Document["paths"]>[string];
type Operation = NonNullable<PathItem["get"]>;

/** A request and its answer as they were recorded; see scripts/docs/record-examples.ts. */
interface Example {
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly request?: unknown;
  readonly answer?: unknown;
}
const recorded: Readonly<Record<string, Example>> = examples;

const methods = ["get", "post", "put", "patch", "delete"] as const;

/** Answers that any operation may give, by what the operation has: parameters, a body, a key. */
const failures = {
  BadRequest: { status: 400, description: "A field is missing or wrong; `param` names it" },
  Unauthorized: { status: 401, description: "No key, or one that is not known" },
  Forbidden: { status: 403, description: "The key lacks the scope that this takes" },
  NotFound: { status: 404, description: "There is no such thing in this organization" },
  Conflict: { status: 409, description: "Something else has changed it, or the same request is under way" },
  TooLarge: { status: 413, description: "The body is larger than this takes" },
  TooMany: {
    status: 429,
    description: "A limit of requests, tokens or jobs is reached; `retry-after` says when to come back",
  },
  Unavailable: {
    status: 503,
    description:
      "Too much at once, or a part that is needed does not answer; `retry-after` says when to come back",
  },
} as const;
type Failure = keyof typeof failures;

/** The API document: what the routes say, with all that is the same for each of them, and examples that were really run. */
export function openApiDocument(app: OpenAPIHono<AppEnv>): Document {
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Foreword",
      version: "0.1.0",
      description:
        "Tunes a soft prompt when you upload a dataset, and serves it from the edge. Guides: [/docs/guides](/docs/guides/). Any OpenAI client works with this server as its base URL, with `/v1` at its end.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/", description: "This server" }],
    tags: tags.map(({ name, description }) => ({ name, description })),
    security: [{ key: [] }],
  });
  const paths = Object.fromEntries(
    Object.entries(document.paths ?? {}).map(([path, item]) => [path, describeItem(path, item)]),
  );
  return {
    ...document,
    paths,
    components: {
      ...document.components,
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key: `Authorization: Bearer fw_...`" },
      },
      responses: Object.fromEntries(
        Object.entries(failures).map(([name, { description }]) => [
          name,
          {
            description,
            content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
          },
        ]),
      ),
    },
  };
}

function describeItem(path: string, item: PathItem): PathItem {
  const described: PathItem = { ...item };
  for (const method of methods) {
    const operation = item[method];
    if (operation) described[method] = describe(method, path, operation);
  }
  return described;
}

function describe(method: string, path: string, operation: Operation): Operation {
  const name = `${method} ${path}`;
  const text = operationTexts[name];
  const example = recorded[name] ?? {};
  const { default: _shape, ...answers } = operation.responses ?? {};
  const tag = tags.find(({ paths }) => paths.some((start) => path.startsWith(start)));
  return {
    ...operation,
    ...(text && { operationId: text.id, description: text.description }),
    ...(tag && { tags: [tag.name] }),
    ...(operation.parameters && { parameters: operation.parameters.map((one) => withExample(one, example)) }),
    ...(operation.requestBody && { requestBody: exampleOf(operation.requestBody, example.request) }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]): [string, unknown] => [
          status,
          status === "200" ? exampleOf(answer, example.answer) : answer,
        ]),
      ),
      ...Object.fromEntries(
        failuresOf(path, operation).map((failure) => [
          String(failures[failure].status),
          { $ref: `#/components/responses/${failure}` },
        ]),
      ),
    },
  };
}

function failuresOf(path: string, { parameters, requestBody, security }: Operation): Failure[] {
  return [
    ...(parameters || requestBody ? (["BadRequest"] as const) : []),
    ...(security?.length === 0 ? [] : (["Unauthorized", "Forbidden"] as const)),
    ...(path.includes("{") || requestBody ? (["NotFound"] as const) : []),
    ...(requestBody || path.startsWith("/v1/models/") ? (["Conflict"] as const) : []),
    ...(requestBody ? (["TooLarge"] as const) : []),
    ...(security?.length === 0 ? [] : (["TooMany"] as const)),
    "Unavailable",
  ];
}

/** Puts an example beside the JSON schema of a body or an answer. */
function exampleOf<T extends object>(holder: T, example: unknown): T {
  if (example === undefined || !("content" in holder)) return holder;
  const content = holder.content as Readonly<Record<string, object>>;
  const shown = Object.entries(content).map(([type, media]) => [
    type,
    type === "text/event-stream" ? media : { ...media, example },
  ]);
  return { ...holder, content: Object.fromEntries(shown) as unknown };
}

function withExample<T extends object>(parameter: T, { parameters }: Example): T {
  const name = "name" in parameter ? String(parameter.name) : "";
  return parameters && Object.hasOwn(parameters, name)
    ? { ...parameter, example: parameters[name] }
    : parameter;
}
