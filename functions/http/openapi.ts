import { z } from "@hono/zod-openapi";

const errorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  })
  .openapi("Error");

/** The `request` of a route that takes a JSON body. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return { body: { required: true, content: { "application/json": { schema } } } } as const;
}

/** The `responses` of a route that answers JSON; anything that goes wrong has one shape. */
export function jsonAnswer<T extends z.ZodType>(schema: T) {
  return {
    200: { description: "OK", content: { "application/json": { schema } } },
    default: { description: "Error", content: { "application/json": { schema: errorSchema } } },
  } as const;
}

/** A page of a list, as OpenAI's API cuts it. */
export const pageQuerySchema = z.object({
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

/** Envelope of a cursor page. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({
    object: z.literal("list"),
    data: z.array(item),
    has_more: z.boolean(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  });
}

/** Makes a page of one item more than was asked for: the last one only says that there are more. */
export function toPage<T extends { id: string }>(items: readonly T[], limit: number) {
  const data = items.slice(0, limit);
  return {
    object: "list" as const,
    data,
    has_more: items.length > limit,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

/** OpenAI's API counts time in whole seconds. */
export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
