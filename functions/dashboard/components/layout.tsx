import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { useSession } from "../api/context.ts";
import { applyTheme, readTheme, themes } from "../theme.ts";
import { Button } from "./basics.tsx";
import { Icon, Mark, type IconName } from "./icons.tsx";

const PAGES: readonly { readonly href: string; readonly name: string; readonly icon: IconName }[] = [
  { href: "/", name: "Overview", icon: "overview" },
  { href: "/datasets", name: "Datasets", icon: "datasets" },
  { href: "/jobs", name: "Jobs", icon: "jobs" },
  { href: "/prompts", name: "Prompts", icon: "prompts" },
  { href: "/playground", name: "Playground", icon: "playground" },
  { href: "/experiments", name: "Experiments", icon: "experiments" },
];

/** What surrounds every page: the way to the others, whose key it is, and how it looks. */
export function Layout({ children }: { readonly children: ComponentChildren }) {
  const { path } = useLocation();
  const { organization, signOut } = useSession();
  const [theme, setTheme] = useState(readTheme);
  const isCurrent = (href: string) => path === href || (href !== "/" && path.startsWith(`${href}/`));
  return (
    <div class="layout">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="side">
        <p class="wordmark">
          <Mark /> Foreword
        </p>
        <nav aria-label="Pages">
          {PAGES.map(({ href, name, icon }) => (
            <a key={href} href={href} aria-current={isCurrent(href) ? "page" : undefined}>
              <Icon name={icon} />
              <span>{name}</span>
            </a>
          ))}
        </nav>
        <div class="side-foot">
          <a href="/docs" target="_blank">
            Documentation
          </a>
          <label class="theme">
            <span class="sr-only">Theme</span>
            <select
              value={theme}
              onChange={(event) => {
                const chosen = themes.find((one) => one === event.currentTarget.value) ?? "system";
                applyTheme(chosen);
                setTheme(chosen);
              }}
            >
              <option value="system">System theme</option>
              <option value="light">Light</option>
              <option value="dark">Dark</option>
            </select>
          </label>
          <div class="who">
            <span title="Your organization">{organization}</span>
            <Button kind="quiet" onClick={signOut}>
              Sign out
            </Button>
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
