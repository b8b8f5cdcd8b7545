import { lookup, type LookupAddress } from "node:dns";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { LookupFunction } from "node:net";
import { PermissionError } from "../../shared/errors.ts";
import { isPrivateAddress } from "../../functions/webhooks/check-url.ts";
import type { Send } from "../../functions/webhooks/deliver.ts";

/** Resolves a name to all of its addresses. */
export type Resolve = (
  hostname: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Sends webhooks from a machine that lies in a private network: the addresses that a name resolves to are checked, and the
 * connection goes to one that was checked, so that no second answer of a resolver can lead elsewhere. Redirects are not
 * followed. Rejects with PermissionError for a private address.
 */
export function createSendWebhook(resolve: Resolve = lookup): Send {
  const publicOnly: LookupFunction = (hostname, _options, callback) => {
    resolve(hostname, { all: true }, (error, addresses) => {
      const hidden = addresses?.find(({ address }) => isPrivateAddress(address));
      if (error || !hidden) callback(error, addresses ?? []);
      else {
        const refusal = new PermissionError(
          `"${hostname}" resolves to the private address "${hidden.address}"`,
          {
            code: "webhook_url",
          },
        );
        callback(refusal as unknown as NodeJS.ErrnoException, []);
      }
    });
  };
  return async (url, { method = "POST", headers, body, signal }) => {
    const sent: Record<string, string> = {};
    new Headers(headers).forEach((value, name) => {
      sent[name] = value;
    });
    const outgoing = request(url, {
      method,
      headers: sent,
      lookup: publicOnly,
      // A connection that is kept could be one that was opened for another name.
      agent: false,
      ...(signal ? { signal } : {}),
    });
    outgoing.end(body);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    // What the receiver says beyond its status is nobody's business.
    answer.destroy();
    return new Response(null, { status: answer.statusCode ?? 502 });
  };
}
