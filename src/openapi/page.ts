/** The page that shows the description. All that it needs is served beside it. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Nereus admin API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/api/swagger-ui.css">
<link rel="stylesheet" href="/api/page.css">
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript. The description itself is at <a href="/api/openapi.json">/api/openapi.json</a>.</noscript>
<script src="/api/swagger-ui-bundle.js"></script>
<script src="/api/page.js"></script>
</body>
</html>
`;

/**
 * Shows the description. Nothing is asked of other hosts, not even whether it is valid, and the token is kept for as long as
 * the page is open, and nowhere.
 */
export const PAGE_SCRIPT = `SwaggerUIBundle({
  url: '/api/openapi.json',
  dom_id: '#page',
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

/** Less air, the token hidden while it is typed, and room on a telephone. */
export const PAGE_STYLE = `body {
  margin: 0;
}
.swagger-ui .info {
  margin: 24px 0 0;
}
.swagger-ui .scheme-container {
  margin: 0;
  padding: 16px 0;
}
.swagger-ui .modal-ux-content {
  display: flex;
  flex-direction: column-reverse;
}
#api_key_value {
  -webkit-text-security: disc;
}
.swagger-ui .filter .operation-filter-input {
  box-sizing: border-box;
  max-width: none;
  width: 100%;
}
.swagger-ui .response-col_links {
  display: none;
}
@media (max-width: 640px) {
  .swagger-ui .info .title {
    font-size: 28px;
  }
  .swagger-ui .opblock .opblock-summary-method {
    min-width: 52px;
    padding: 6px;
  }
  .swagger-ui .opblock-tag small,
  .swagger-ui .download-contents {
    display: none;
  }
  .swagger-ui .wrapper {
    padding: 0 10px;
  }
}
`;
