import { z } from "zod";

/**
 * What a key may do. `admin` may do everything in its organisation and make organisations' keys; `trainer` may only
 * take jobs and report on them, and no user's key may do that.
 */
export const scopeSchema = z.enum([
  "inference",
  "datasets",
  "prompts:download",
  "experiments",
  "admin",
  "trainer",
  "events",
]);
export type Scope = z.infer<typeof scopeSchema>;

/** Scopes of a key that is made without naming any: all that a user of the API needs. */
export const defaultScopes: readonly Scope[] = ["inference", "datasets", "prompts:download", "experiments"];

/** Every key begins with this, so that secret scanners can find one that leaked. */
export const KEY_PREFIX = "fw_";
