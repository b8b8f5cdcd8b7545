type Schema = Record<string, unknown>;

/** Whether a value is what a JSON Schema allows; written apart from the code under test, for the keywords that it takes. */
export function isValid(value: unknown, schema: Schema): boolean {
  const { type, properties, required, additionalProperties, items } = schema;
  if (type !== undefined && ![type].flat().some((one) => hasType(value, one as string))) return false;
  if ("enum" in schema && !(schema["enum"] as unknown[]).some((one) => same(one, value))) return false;
  if ("const" in schema && !same(schema["const"], value)) return false;
  if (Array.isArray(value)) return items === undefined || value.every((one) => isValid(one, items as Schema));
  if (typeof value !== "object" || value === null) return true;
  const known = (properties ?? {}) as Record<string, Schema>;
  if (((required ?? []) as string[]).some((key) => !Object.hasOwn(value, key))) return false;
  return Object.entries(value).every(([key, one]) =>
    Object.hasOwn(known, key) ? isValid(one, known[key] as Schema) : additionalProperties !== false,
  );
}

function hasType(value: unknown, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
