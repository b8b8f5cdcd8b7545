import { once } from "node:events";
import { createServer } from "node:http";
import type { TrainerMetrics } from "./metrics.ts";

/** Serves `/metrics`, and `/health` for whoever restarts what hangs. Throws where the port is taken. */
export async function serveMetrics(
  metrics: TrainerMetrics,
  port: number,
): Promise<{ port: number; close(): void }> {
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    if (path === "/metrics") {
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
      response.end(metrics.text());
    } else {
      response.writeHead(path === "/health" ? 200 : 404, { "content-type": "text/plain" });
      response.end(path === "/health" ? "ok\n" : "Unknown path, wanted /metrics or /health\n");
    }
  });
  server.listen(port);
  await once(server, "listening");
  // The process ends when its work does.
  server.unref();
  const address = server.address();
  return { port: typeof address === "object" && address ? address.port : port, close: () => server.close() };
}
