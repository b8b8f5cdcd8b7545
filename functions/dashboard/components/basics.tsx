import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ago, dateAndTime } from "../format.ts";

type Children = { readonly children?: ComponentChildren };

/** The top of every page: what it is, which the tab says too, and what can be done with all of it. */
export function PageHeader({
  title,
  back,
  about,
  children,
}: Children & {
  readonly title: string;
  readonly back?: { readonly href: string; readonly text: string };
  readonly about?: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · Foreword`;
  }, [title]);
  return (
    <header class="page-header">
      <div>
        {back && (
          <a class="back" href={back.href}>
            <span aria-hidden="true">←</span> {back.text}
          </a>
        )}
        <h1>{title}</h1>
        {about !== undefined && <p class="about">{about}</p>}
      </div>
      {children !== undefined && <div class="actions">{children}</div>}
    </header>
  );
}

export function Card({
  title,
  aside,
  children,
  class: extra = "",
}: Children & {
  readonly title?: ComponentChildren;
  readonly aside?: ComponentChildren;
  readonly class?: string;
}) {
  return (
    <section class={`card ${extra}`}>
      {title !== undefined && (
        <div class="card-head">
          <h2>{title}</h2>
          {aside !== undefined && <div class="card-aside">{aside}</div>}
        </div>
      )}
      {children}
    </section>
  );
}

/** One figure with its name. */
export function Stat({
  name,
  value,
  note,
}: Record<"name" | "value", ComponentChildren> & { note?: ComponentChildren }) {
  return (
    <div class="stat">
      <dt>{name}</dt>
      <dd>
        {value}
        {note !== undefined && <small>{note}</small>}
      </dd>
    </div>
  );
}

export const Stats = ({ children }: Children) => <dl class="stats">{children}</dl>;

type Tone = "neutral" | "good" | "bad" | "busy" | "warn";
const TONES: Readonly<Record<string, Tone>> = {
  accepted: "good",
  succeeded: "good",
  promoted: "good",
  better: "good",
  running: "busy",
  queued: "neutral",
  paused: "warn",
  cancelled: "neutral",
  refused: "bad",
  failed: "bad",
  error: "bad",
  worse: "bad",
  warn: "warn",
  rolled_back: "warn",
};

/** A state in a word; the tone follows from it. */
export function Badge({ state, children }: Children & { readonly state: string }) {
  return <span class={`badge ${TONES[state] ?? "neutral"}`}>{children ?? state.replaceAll("_", " ")}</span>;
}

/** `seconds` since 1970, as a distance; the exact time is its title. */
export function Time({ seconds }: { readonly seconds: number }) {
  return (
    <time dateTime={new Date(seconds * 1000).toISOString()} title={dateAndTime(seconds)}>
      {ago(seconds)}
    </time>
  );
}

/** What to do where nothing is there yet. */
export function Empty({ title, children }: Children & { readonly title: string }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

export function ErrorNote({ error }: { readonly error: Error | undefined }) {
  return error ? (
    <p class="note bad" role="alert">
      {error.message}
    </p>
  ) : null;
}

/** Holds a place while its content is fetched, so that nothing moves when it comes. */
export function Skeleton({ height = 160 }: { readonly height?: number }) {
  return <div class="skeleton" style={{ height: `${height}px` }} role="status" aria-label="Loading" />;
}

/** A share of 1 as a bar. */
export function Meter({ share, label }: { readonly share: number; readonly label: string }) {
  const value = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <div
      class="meter"
      role="progressbar"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <div style={{ width: `${value}%` }} />
    </div>
  );
}

export function Button({
  kind = "secondary",
  busy = false,
  children,
  ...rest
}: Omit<JSX.IntrinsicElements["button"], "class"> & {
  readonly kind?: "primary" | "secondary" | "danger" | "quiet";
  readonly busy?: boolean;
}) {
  return (
    <button
      type="button"
      {...rest}
      class={`button ${kind}`}
      disabled={rest.disabled === true || busy}
      aria-busy={busy}
    >
      {children}
    </button>
  );
}

export function LinkButton({
  href,
  kind = "secondary",
  children,
}: Children & { readonly href: string; readonly kind?: "primary" | "secondary" }) {
  return (
    <a class={`button ${kind}`} href={href}>
      {children}
    </a>
  );
}
