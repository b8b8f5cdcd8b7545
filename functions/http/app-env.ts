import { OpenAPIHono } from "@hono/zod-openapi";
import type { Scope } from "../../shared/contracts/key.ts";
import type { Encounter } from "../experiments/encounter.ts";
import { toInvalidRequest } from "./validation.ts";

/** Who calls, as the authentication middleware found out. */
export interface Caller {
  readonly organization: string;
  readonly keyId: string;
  readonly scopes: readonly Scope[];
  /** Absent or null means the usual limit. */
  readonly requestsPerMinute?: number | null;
}

/** What handlers find in their context. */
export interface AppEnv {
  Variables: {
    caller: Caller;
    requestId: string;
    /** Counts tokens against the organisation's quota; set where answers are generated. */
    spendTokens?: (tokens: number) => void;
    /** Set where the request named an experiment. */
    encounter?: Encounter;
  };
}

/** A router whose failed validations become OpenAI-shaped 400s naming the field. */
export function createRouter(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) throw toInvalidRequest(result.error);
    },
  });
}
