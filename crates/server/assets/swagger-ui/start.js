// Relative URLs keep working behind a proxy that serves this API under a path.
window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // Otherwise the page asks a validator on the internet.
  validatorUrl: null,
});
