import { InvalidRequestError } from "../../shared/errors.ts";
import { arrayOf, freeObject, freeValue, MAX_DEPTH, type Grammar } from "./json-free-value.ts";
import {
  choice,
  literal,
  literals,
  nothing,
  number,
  sequence,
  space,
  string,
  type Rest,
} from "./json-grammar.ts";

const MAX_CHOICES = 1000;
const PARAM = "response_format.json_schema.schema";

const types = ["object", "array", "string", "number", "integer", "boolean", "null"] as const;
type Type = (typeof types)[number];
const supported = ["type", "properties", "required", "additionalProperties", "items", "enum", "const"];
/** These say something about a value and nothing about which values there are. */
const annotations = [
  "$schema",
  "$id",
  "$comment",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
];

type Schema = Readonly<Record<string, unknown>>;

/**
 * The grammar of the values that a JSON Schema allows: a part of them where it allows freedom (properties in the schema's
 * order, none but those it lists, one blank at most between parts), and never one that it does not allow.
 *
 * Throws InvalidRequestError (code `unsupported_schema`) that names the keyword and its place for whatever it does not
 * understand: a constraint that is silently dropped would be worse than none.
 */
export function schemaGrammar(schema: Schema): Grammar {
  return compile(schema, "", MAX_DEPTH);
}

function compile(schema: unknown, path: string, depth: number): Grammar {
  if (!isRecord(schema)) throw unsupported(path, `is ${JSON.stringify(schema)}, wanted an object`);
  if (depth === 0) throw unsupported(path, `is nested deeper than ${MAX_DEPTH} levels`);
  const unknown = Object.keys(schema).find((key) => !supported.includes(key) && !annotations.includes(key));
  if (unknown !== undefined) {
    throw unsupported(
      `${path}/${unknown}`,
      `is not supported, only ${supported.map((key) => `"${key}"`).join(", ")} are`,
    );
  }
  const allowed = typesOf(schema, path);
  if ("enum" in schema || "const" in schema) {
    const texts = choices(schema, allowed, path).map((value) => JSON.stringify(value));
    return () => literals(texts, () => nothing);
  }
  const ways = (allowed ?? impliedTypes(schema)).map((type) => grammarOf(type, schema, path, depth));
  return () => choice(...ways.map((way) => way()));
}

const flatGrammars: Readonly<Record<Exclude<Type, "array" | "object">, Grammar>> = {
  string: () => string,
  number: () => number(false),
  integer: () => number(true),
  boolean: () => literals(["true", "false"], () => nothing),
  null: () => literal("null", () => nothing),
};

function grammarOf(type: Type, schema: Schema, path: string, depth: number): Grammar {
  if (type === "object") return objectGrammar(schema, path, depth);
  if (type !== "array") return flatGrammars[type];
  const items =
    "items" in schema ? compile(schema["items"], `${path}/items`, depth - 1) : () => freeValue(depth - 1);
  return () => arrayOf(items);
}

/** Types as the schema lists them; undefined where it lists none. */
function typesOf({ type }: Schema, path: string): readonly Type[] | undefined {
  if (type === undefined) return undefined;
  const listed: unknown[] = Array.isArray(type) ? type : [type];
  const wrong = listed.find((one) => !types.some((known) => known === one));
  if (wrong !== undefined || listed.length === 0) {
    throw unsupported(
      `${path}/type`,
      `is ${JSON.stringify(type)}, wanted one or more of ${types.map((one) => `"${one}"`).join(", ")}`,
    );
  }
  // A number may be an integer: the two begin alike, and the wider one has all.
  return (listed as Type[]).filter((one) => one !== "integer" || !listed.includes("number"));
}

/** Without a type, the keywords tell what is meant; without those, everything is. */
function impliedTypes(schema: Schema): readonly Type[] {
  if ("properties" in schema || "required" in schema || "additionalProperties" in schema) return ["object"];
  if ("items" in schema) return ["array"];
  return types.filter((type) => type !== "integer");
}

function choices(schema: Schema, allowed: readonly Type[] | undefined, path: string): unknown[] {
  const listed = "enum" in schema ? schema["enum"] : [schema["const"]];
  if (!Array.isArray(listed) || listed.length > MAX_CHOICES) {
    throw unsupported(`${path}/enum`, `must list at most ${MAX_CHOICES} values`);
  }
  const constant = "const" in schema ? JSON.stringify(schema["const"]) : undefined;
  const fitting = (listed as unknown[]).filter(
    (value) =>
      (!allowed || allowed.some((type) => isOf(type, value))) &&
      (constant === undefined || JSON.stringify(value) === constant),
  );
  if (fitting.length === 0) throw unsupported(path === "" ? "/" : path, "allows no value at all");
  return fitting;
}

function isOf(type: Type, value: unknown): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isRecord(value);
  return typeof value === type;
}

interface Property {
  readonly key: string;
  readonly required: boolean;
  readonly value: Grammar;
}

function objectGrammar(schema: Schema, path: string, depth: number): Grammar {
  const { properties, required = [], additionalProperties } = schema;
  if (additionalProperties !== undefined && typeof additionalProperties !== "boolean") {
    throw unsupported(`${path}/additionalProperties`, "is a schema, only true and false are supported");
  }
  if (properties !== undefined && !isRecord(properties))
    throw unsupported(`${path}/properties`, "must be an object");
  if (!Array.isArray(required)) throw unsupported(`${path}/required`, "must list names");
  const missing = (required as unknown[]).find(
    (name) => typeof name !== "string" || !Object.hasOwn(properties ?? {}, name),
  );
  if (missing !== undefined)
    throw unsupported(`${path}/required`, `lists ${JSON.stringify(missing)}, which "properties" lacks`);
  if (properties === undefined && additionalProperties !== false) return () => freeObject(depth);
  const listed = Object.entries(properties ?? {}).map(([key, value]): Property => ({
    key: JSON.stringify(key),
    required: (required as unknown[]).includes(key),
    value: compile(value, `${path}/properties/${key}`, depth - 1),
  }));
  return () => literal("{", () => space(() => closable(listed, 0, members(listed, 0))));
}

/** One of the properties from `index` on; a required one cannot be passed over. Null where none is left. */
function members(properties: readonly Property[], index: number): Rest | null {
  const firstRequired = properties.findIndex(({ required }, i) => i >= index && required);
  const open = properties.slice(index, firstRequired < 0 ? undefined : firstRequired + 1);
  if (open.length === 0) return null;
  return literals(
    open.map(({ key }) => key),
    (chosen) =>
      member(open[chosen] as Property, () => {
        const next = index + chosen + 1;
        const more = members(properties, next);
        return closable(properties, next, more && literal(",", () => space(() => more)));
      }),
  );
}

function member({ value }: Property, next: () => Rest): Rest {
  return space(() => literal(":", () => space(() => sequence(value(), () => space(next)))));
}

function closable(properties: readonly Property[], index: number, more: Rest | null): Rest {
  const close = properties.slice(index).some(({ required }) => required) ? null : literal("}", () => nothing);
  return choice(...[close, more].filter((way) => way !== null));
}

function isRecord(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unsupported(path: string, problem: string): InvalidRequestError {
  return new InvalidRequestError(`"${path === "" ? "/" : path}" in the JSON schema ${problem}`, {
    code: "unsupported_schema",
    param: PARAM,
  });
}
