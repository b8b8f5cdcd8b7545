import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fastifyReference from "@scalar/fastify-api-reference";
import fastify from "fastify";
import { InternalError } from "../../shared/errors.ts";
import { root } from "../dev/paths.ts";
import { renderGuide, type Guide } from "./render-guide.ts";
import { page } from "./page.ts";

const source = join(root, "functions", "docs");
export const guidesFolder = join(source, "guides");
/** In the order in which they are best read. */
export const guideNames = [
  "first-tuning",
  "your-own-dataset",
  "choosing-a-method",
  "ab-test",
  "importing-from-peft",
  "bigger-models",
  "going-to-production",
  "operating",
] as const;

/** Scalar puts its styles into the page at run time. All else comes from this server. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
/** Takes the place of the policy that the other assets have. */
const headers = `/docs/*
  ! Content-Security-Policy
  Content-Security-Policy: ${POLICY}
`;

/** Puts the API reference and the guides into `<assets>/docs`, and their headers behind those in `<assets>/_headers`. */
export async function buildDocs(assets: string): Promise<void> {
  const folder = join(assets, "docs");
  mkdirSync(join(folder, "guides"), { recursive: true });
  const guides = readGuides();
  const reference = `<div id="api"></div>\n<script src="/docs/scalar.js"></script>\n<script src="/docs/start.js"></script>`;
  writeFileSync(join(folder, "index.html"), page("API", guides, reference));
  writeFileSync(join(folder, "scalar.js"), await scalar());
  for (const file of ["start.js", "docs.css"]) cpSync(join(source, file), join(folder, file));
  for (const guide of guides) {
    const body = `<main>\n${guide.html}</main>`;
    writeFileSync(join(folder, "guides", `${guide.name}.html`), page(guide.title, guides, body));
  }
  const list = guides.map(({ name, title }) => `<li><a href="/docs/guides/${name}">${title}</a></li>`);
  const index = `<main>\n<h1>Guides</h1>\n<ol>\n${list.join("\n")}\n</ol>\n</main>`;
  writeFileSync(join(folder, "guides", "index.html"), page("Guides", guides, index));
  appendFileSync(join(assets, "_headers"), headers);
}

function readGuides(): Guide[] {
  return guideNames.map((name) => renderGuide(name, readFileSync(join(guidesFolder, `${name}.md`), "utf8")));
}

/**
 * Scalar's standalone build. Its package for fastify has it inside, and a tenth of the dependencies that Scalar itself
 * would bring along.
 */
async function scalar(): Promise<string> {
  const app = fastify();
  await app.register(fastifyReference, { configuration: { content: {} } });
  const { statusCode, payload } = await app.inject("/reference/js/scalar.js");
  if (statusCode !== 200 || !payload.includes("createApiReference"))
    throw new InternalError(
      `@scalar/fastify-api-reference answers ${statusCode}, wanted its standalone build`,
    );
  return payload;
}
