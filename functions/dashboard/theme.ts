const STORED = "foreword.theme";
export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** Tells whoever draws with colours of its own that they have changed. */
export const themeChanged = new EventTarget();
const system = matchMedia("(prefers-color-scheme: dark)");
system.addEventListener("change", () => themeChanged.dispatchEvent(new Event("change")));

export function readTheme(): Theme {
  const stored = localStorage.getItem(STORED);
  return themes.find((theme) => theme === stored) ?? "system";
}

/** Shows the page in a theme, and remembers it. */
export function applyTheme(theme: Theme): void {
  localStorage.setItem(STORED, theme);
  document.documentElement.dataset["theme"] = theme;
  themeChanged.dispatchEvent(new Event("change"));
}
