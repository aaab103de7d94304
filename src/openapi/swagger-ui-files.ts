/** The package that the page is made with. */
export const SWAGGER_UI = 'swagger-ui-dist';

/** What is served of it; the rest are other builds, and maps of them. */
export const SWAGGER_UI_FILES = [
  { name: 'swagger-ui.css', contentType: 'text/css; charset=utf-8' },
  { name: 'swagger-ui-bundle.js', contentType: 'text/javascript; charset=utf-8' },
] as const;
