import { registerHooks } from "node:module";

// openapi-typescript builds its text with the compiler's library, which TypeScript 7 does not have: it gets TypeScript 5's.
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === "typescript" ? "typescript5" : specifier, context),
});

/** Types of all paths, bodies and answers of an API document, as TypeScript; examples are left to the document. */
export async function clientTypes(document: object): Promise<string> {
  const { astToString, default: openapiTypescript } = await import("openapi-typescript");
  const bare = JSON.stringify(document, (name, value: unknown) => (name === "example" ? undefined : value));
  return astToString(await openapiTypescript(bare));
}
