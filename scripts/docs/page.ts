import type { Guide } from "./render-guide.ts";

/** A page of the documentation, with the way to all others on top. `body` is HTML. */
export function page(title: string, guides: readonly Pick<Guide, "name" | "title">[], body: string): string {
  const links = guides.map(({ name, title: text }) => `<a href="/docs/guides/${name}">${text}</a>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - Foreword</title>
<link rel="icon" href="/favicon.svg">
<link rel="stylesheet" href="/docs/docs.css">
</head>
<body>
<nav aria-label="Documentation">
<a href="/">Foreword</a>
<a href="/docs/">API</a>
${links.join("\n")}
</nav>
${body}
</body>
</html>
`;
}
