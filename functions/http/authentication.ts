import type { MiddlewareHandler } from "hono";
import type { Scope } from "../../shared/contracts/key.ts";
import { AuthenticationError, PermissionError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "./app-env.ts";
import { afterAnswer } from "./background.ts";
import { callersOf, DEPLOYMENT_KEY } from "./callers.ts";

/** Finds out who calls by the bearer key. Throws AuthenticationError. */
export function authenticate(deps: Deps): MiddlewareHandler<AppEnv> {
  const callers = callersOf(deps);
  return async (c, next) => {
    const [scheme, key] = (c.req.header("authorization") ?? "").split(" ");
    if (scheme?.toLowerCase() !== "bearer" || !key) {
      throw new AuthenticationError('You did not provide an API key; send "Authorization: Bearer fw_..."', {
        code: "missing_api_key",
      });
    }
    const caller = await callers.authenticate(key, (work) => afterAnswer(c, work));
    if (!caller) throw new AuthenticationError("Incorrect API key provided", { code: "invalid_api_key" });
    c.set("caller", caller);
    await next();
  };
}

/** Lets only the deployment's own admin key pass: what it guards belongs to no organisation. Throws PermissionError. */
export const requireDeploymentKey: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.get("caller").keyId !== DEPLOYMENT_KEY) {
    throw new PermissionError("Only the deployment's own admin key may do this", {
      code: "insufficient_scope",
    });
  }
  await next();
};

/** Lets only keys with the scope pass; `admin` passes wherever users do. Throws PermissionError. */
export function requireScope(scope: Scope): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { scopes } = c.get("caller");
    const allowed = scopes.includes(scope) || (scope !== "trainer" && scopes.includes("admin"));
    if (!allowed) {
      throw new PermissionError(
        `This key lacks the scope "${scope}", it has ${scopes.map((s) => `"${s}"`).join(", ")}`,
        {
          code: "insufficient_scope",
        },
      );
    }
    await next();
  };
}
