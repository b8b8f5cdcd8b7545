// Shows the API document. Nothing here or in Scalar may ask anybody but this server; the page's Content-Security-Policy sees to it.
globalThis.Scalar.createApiReference("#api", {
  url: "/openapi.json",
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
  persistAuth: false,
});
