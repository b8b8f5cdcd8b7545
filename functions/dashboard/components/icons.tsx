/** Line icons of one weight, drawn on a 20 by 20 grid. */
const paths = {
  overview: "M3 11h6V3H3zM11 17h6V9h-6zM3 17h6v-3H3zM11 6h6V3h-6z",
  datasets:
    "M3 5c0-1.1 3.1-2 7-2s7 .9 7 2-3.1 2-7 2-7-.9-7-2zM3 5v5c0 1.1 3.1 2 7 2s7-.9 7-2V5M3 10v5c0 1.1 3.1 2 7 2s7-.9 7-2v-5",
  jobs: "M2.5 15.5 7 10l3 3 7.5-8.5M13 4.5h4.5V9",
  prompts: "M4 4v12M8 4h8M8 8h8M8 12h8M8 16h5",
  playground: "M3 4h14v9H9l-4 3.5V13H3z",
  experiments: "M8 3h4M9 3v5l-5 7.5c-.5.8 0 1.5 1 1.5h10c1 0 1.5-.7 1-1.5L11 8V3M6.5 12h7",
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect class="mark-ground" width="32" height="32" rx="8" />
      <rect class="mark-prompt" x="7" y="8" width="4" height="16" rx="2" />
      <path class="mark-text" d="M15.5 9.5h8M15.5 16h8M15.5 22.5h4" />
    </svg>
  );
}
