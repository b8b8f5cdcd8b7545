import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { chromium, type Browser, type Page, type Response } from "playwright-core";
import { expect } from "vitest";

/** Debian's package, or the browser that CHROMIUM names. */
const CANDIDATES = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const axeSource = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

export const chromiumPath = CANDIDATES.find((path) => path !== undefined && existsSync(path));
export const NO_BROWSER = "needs a browser: apt-get install chromium, or CHROMIUM=<path of one>";

export async function launch(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(NO_BROWSER);
  // Root may not use the sandbox, and containers run as root.
  return chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** What a page has asked for, and what went wrong in it. */
export interface Watched {
  readonly page: Page;
  readonly responses: Response[];
  /** Addresses outside the stack that anything asked for. */
  readonly foreign: string[];
  /** Errors of scripts and of the content policy. */
  readonly errors: string[];
}

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
}

const PHONE_WIDTH = 500;

/** A page of its own session, under observation. */
export async function openPage(
  browser: Browser,
  origin: string,
  { width = 1280, height = 860, theme = "light" }: View = {},
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width, height },
    isMobile: width < PHONE_WIDTH,
    colorScheme: theme,
    reducedMotion: "reduce",
    baseURL: origin,
  });
  const page = await context.newPage();
  const watched: Watched = { page, responses: [], foreign: [], errors: [] };
  page.on("response", (response) => watched.responses.push(response));
  page.on("request", (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (protocol !== "blob:" && asked !== origin) watched.foreign.push(request.url());
  });
  page.on("pageerror", (error) => watched.errors.push(error.message));
  page.on("console", (message) => {
    // The browser notes each refused request; that the page says so in words is what tests look at.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      watched.errors.push(message.text());
  });
  return watched;
}

/** Bytes of all that was fetched so far, as Cloudflare would send them. */
export async function compressedBytes(responses: readonly Response[]): Promise<number> {
  const sizes = responses.map(async (response) => {
    const body = await response.body();
    return response.url().endsWith(".woff2") ? body.length : gzipSync(body).length;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** Fails with what axe finds serious or critical on the page as it is. */
export async function expectAccessible(page: Page): Promise<void> {
  // The page's policy refuses scripts in the page; the debugger may still run one.
  await page.evaluate(`${axeSource}; undefined`);
  const { violations } = await page.evaluate<AxeResults>(
    "axe.run(document, { resultTypes: ['violations'] })",
  );
  const found = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}\n${nodes.map((node) => `  ${node.html}\n  ${node.failureSummary}`).join("\n")}`,
    );
  expect(found, `${page.url()}: ${found.join("\n")}`).toEqual([]);
}

/** Fails where a page is wider than its window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, window] = await page.evaluate<[number, number]>(
    "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
  );
  expect(content, `${page.url()} is ${content} pixels wide`).toBeLessThanOrEqual(window);
}
