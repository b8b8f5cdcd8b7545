import { useState } from "preact/hooks";
import type { JobEvent } from "../api/types.ts";
import { plural } from "../format.ts";
import { Badge, Button, Time } from "./basics.tsx";

/** A job's history, newest first; the many reports of steps are shown only when asked for. */
export function JobEvents({ events }: { readonly events: readonly JobEvent[] }) {
  const [all, setAll] = useState(false);
  const steps = events.filter(({ type }) => type === "metrics").length;
  const shown = all ? events : events.filter(({ type }) => type !== "metrics");
  return (
    <>
      <ol class="events">
        {shown.map(({ id, created_at: time, level, message }) => (
          <li key={id}>
            <Time seconds={time} />
            <span>
              {level !== "info" && <Badge state={level} />} {message}
            </span>
          </li>
        ))}
      </ol>
      {steps > 0 && (
        <Button kind="quiet" onClick={() => setAll(!all)}>
          {all ? "Hide the steps" : `Show ${plural(steps, "step report")}`}
        </Button>
      )}
    </>
  );
}
