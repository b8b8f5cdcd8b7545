import type { Context, MiddlewareHandler } from "hono";
import type { Scope } from "../../shared/contracts/key.ts";
import { AuthenticationError, PermissionError } from "../../shared/errors.ts";
import type { Deps } from "../deps.ts";
import { isSigned } from "../webhooks/sign.ts";
import type { AppEnv, Caller } from "./app-env.ts";
import { afterAnswer } from "./background.ts";
import { callersOf, DEPLOYMENT_KEY } from "./callers.ts";

/** Where a bucket's notifications may come signed instead of with a key. */
const SIGNED_PATH = "/v1/bucket-events";
const SENDER: Caller = { organization: "events", keyId: "key_signature", scopes: ["events"] };

/** Finds out who calls by the bearer key, or by the signature of a bucket's notification. Throws AuthenticationError. */
export function authenticate(deps: Deps): MiddlewareHandler<AppEnv> {
  const callers = callersOf(deps);
  return async (c, next) => {
    if (c.req.path === SIGNED_PATH && c.req.header("webhook-signature") !== undefined) {
      await requireSignature(c, deps);
      c.set("caller", SENDER);
      return next();
    }
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

/** Throws AuthenticationError where none of the deployment's secrets signed the request, or not within five minutes. */
async function requireSignature(c: Context<AppEnv>, { config, now }: Deps): Promise<void> {
  const header = (name: string) => c.req.header(`webhook-${name}`) ?? "";
  const message = {
    id: header("id"),
    timestamp: header("timestamp"),
    signature: header("signature"),
    body: await c.req.text(),
  };
  if (await isSigned(config.eventSecrets ?? [], message, Math.floor(now() / 1000))) return;
  throw new AuthenticationError(
    "The notification's signature is wrong, or its timestamp is not within 300 s of now",
    {
      code: "invalid_signature",
    },
  );
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
