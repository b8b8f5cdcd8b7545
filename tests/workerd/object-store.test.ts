import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createR2Store } from "../../functions/adapters/r2.ts";
import { describeObjectStore } from "../contracts/object-store.ts";

describeObjectStore("R2", async () => {
  await reset();
  return createR2Store(env.BUCKET);
});
