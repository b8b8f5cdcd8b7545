import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../shared/random.ts";

export const networkFaults = [
  "refuse",
  "error",
  "delay",
  "lose-answer",
  "cut-answer",
  "mangle-answer",
] as const;
export type NetworkFault = (typeof networkFaults)[number];

export interface FaultProxy {
  readonly url: string;
  /** Share of the requests that something happens to; 0 lets everything pass. */
  rate: number;
  /** Faults that took place. */
  readonly count: number;
  close(): void;
}

const MAX_DELAY_MS = 1500;
const ERRORS = [500, 502, 503];

/**
 * A proxy on the loopback that does to some requests what networks do: it refuses or delays them, answers with errors, loses
 * or cuts off their answers after they took effect. With `mangle`, answers may also come garbled, for protocols that
 * can tell.
 */
export async function startFaultProxy(target: string, random: Random, mangle: boolean): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  let count = 0;
  const proxy = { rate: 0 };
  const pick = (): NetworkFault | null => {
    if (random.next() >= proxy.rate) return null;
    count++;
    const fault = networkFaults[random.below(networkFaults.length)] as NetworkFault;
    return fault === "mangle-answer" && !mangle ? "cut-answer" : fault;
  };

  const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
    const fault = pick();
    if (fault === "refuse") {
      incoming.destroy();
      return;
    }
    if (fault === "error") {
      incoming.resume();
      response.writeHead(ERRORS[random.below(ERRORS.length)] as number, { "content-type": "text/plain" });
      response.end("injected");
      return;
    }
    if (fault === "delay") await sleep(random.below(MAX_DELAY_MS));
    const outgoing = request({
      host: hostname,
      port,
      method: incoming.method,
      path: incoming.url,
      // Signatures cover the host that the client knows.
      headers: incoming.headers,
      agent: false,
    });
    incoming.pipe(outgoing);
    incoming.on("error", () => outgoing.destroy());
    response.on("close", () => outgoing.destroy());
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    if (fault === "lose-answer") {
      answer.resume();
      await once(answer, "end");
      incoming.destroy();
      return;
    }
    const chunks: Buffer[] = [];
    if (fault === "cut-answer" || fault === "mangle-answer") {
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (fault === "mangle-answer") {
        response.end(Buffer.from(body).fill("#", body.length >> 1));
        return;
      }
      response.write(body.subarray(0, body.length >> 1));
      // What was promised is more than what comes.
      setTimeout(() => response.destroy(), 20);
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  };

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => {
      // The target is down, which is one of the faults: the client sees a broken connection.
      response.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${address.port}`,
    get rate() {
      return proxy.rate;
    },
    set rate(rate) {
      proxy.rate = rate;
    },
    get count() {
      return count;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
