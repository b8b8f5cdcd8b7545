import createFetchClient, { type Client } from "openapi-fetch";
import type { paths } from "./schema.d.ts";

export type { components, operations, paths } from "./schema.d.ts";
export type ForewordClient = Client<paths>;

export interface ForewordClientOptions {
  /** Address of the server, without `/v1`. */
  readonly url: string;
  readonly apiKey: string;
  /** In place of the global one. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/**
 * A client of the whole API whose paths, bodies and answers are typed from the API document. Calls give `data`, or
 * `error` in OpenAI's shape; they throw only where no answer came.
 *
 *     const { data, error } = await createForewordClient({ url, apiKey }).GET("/v1/datasets");
 */
export function createForewordClient({ url, apiKey, fetch }: ForewordClientOptions): ForewordClient {
  return createFetchClient<paths>({
    baseUrl: url,
    headers: { authorization: `Bearer ${apiKey}` },
    ...(fetch && { fetch }),
  });
}
