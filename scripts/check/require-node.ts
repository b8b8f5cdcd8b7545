/** The oldest Node that wrangler and vitest run on. */
const MIN_NODE = [22, 12] as const;

/** Ends the process with a message where it runs under a Node that is too old for the tools. */
export function requireNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])) return;
  console.error(
    `Node is ${version}, wanted >= ${MIN_NODE.join(".")}. Run this with npm, which finds the one in node_modules, or put it ` +
      `on the PATH: PATH="$PWD/node_modules/.bin:$PATH"`,
  );
  process.exit(1);
}
