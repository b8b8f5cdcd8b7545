import { defineConfig } from "vite";

/** `vite build functions/dashboard`: the assets that the Worker serves. */
export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    // Every file is fetched as it is: the pages' policy allows no inlined data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
