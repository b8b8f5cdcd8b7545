/** One bar of a list; `share` is its length, of 1. */
export interface Bar {
  readonly name: string;
  readonly share: number;
  readonly value: string;
}

/** Shares side by side, with their names and values in words. */
export function Bars({ bars, series = 0 }: { readonly bars: readonly Bar[]; readonly series?: number }) {
  return (
    <ul class={`bars series-${series}`}>
      {bars.map(({ name, share, value }) => (
        <li key={name}>
          <span class="bar-name">{name}</span>
          <span class="bar-value">{value}</span>
          <span class="bar-track" aria-hidden="true">
            <span style={{ width: `${Math.max(0.5, share * 100)}%` }} />
          </span>
        </li>
      ))}
    </ul>
  );
}
