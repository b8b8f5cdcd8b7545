import type { Experiment } from "../api/types.ts";
import { Card } from "./basics.tsx";

/** The two requests that make an experiment. */
export function HowToCall({ experiment: { name, metrics } }: { readonly experiment: Experiment }) {
  const metric = metrics.find(({ role }) => role === "primary")?.key ?? "accepted";
  return (
    <Card title="How to take part" aside="from your application">
      <p>
        Name the experiment as the model, and say which user asks. The answer's header{" "}
        <code>x-foreword-exposure</code> ties later outcomes to it.
      </p>
      <pre tabIndex={0}>{`curl ${location.origin}/v1/chat/completions \\
  -H "authorization: Bearer $KEY" -H "content-type: application/json" \\
  -d '{"model": "${name}", "user": "user-1", "messages": [{"role": "user", "content": "Hello"}]}'`}</pre>
      <p>Report how it ended:</p>
      <pre tabIndex={0}>{`curl ${location.origin}/v1/outcomes \\
  -H "authorization: Bearer $KEY" -H "content-type: application/json" \\
  -d '{"exposure": "xp_...", "metric": "${metric}", "value": 1}'`}</pre>
    </Card>
  );
}
