import type { ComponentChildren } from "preact";
import type { Query } from "../api/use-query.ts";
import { Button, ErrorNote, Skeleton } from "./basics.tsx";

/** What a query found: its content, the place for it, or why it is not there. */
export function QueryView<T>({
  query,
  height,
  children,
}: {
  readonly query: Query<T>;
  readonly height?: number;
  readonly children: (data: T) => ComponentChildren;
}) {
  const { data, error, refresh } = query;
  if (data === undefined && error === undefined)
    return <Skeleton {...(height === undefined ? {} : { height })} />;
  return (
    <>
      {error && (
        <div class="failed">
          <ErrorNote error={error} />
          <Button onClick={() => void refresh()}>Try again</Button>
        </div>
      )}
      {data !== undefined && children(data)}
    </>
  );
}
