/** The page around the playground's script, without the editor's API: the page's tests serve the same one. */

export interface PageParts {
  /** Addresses of the script and the style sheet. */
  script: string;
  style: string;
  /** Where the page's own files come from, as a source of a content security policy. */
  source: string;
  /** Unguessable, and new for each page. */
  nonce: string;
  title: string;
}

/** It reaches no network: only the extension calls endpoints. */
export function contentSecurityPolicy({ source, nonce }: Pick<PageParts, 'source' | 'nonce'>): string {
  return [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${source} 'nonce-${nonce}'`,
    `font-src ${source}`,
    `img-src ${source}`,
    `connect-src 'none'`,
    `form-action 'none'`,
    `base-uri 'none'`,
  ].join('; ');
}

/**
 * The language is that of the page's texts, whatever the editor's is: a screen reader would else read English words by
 * the rules of another one. The toolkit looks for the nonce of the style element that it makes in `csp-nonce`.
 */
export function pageDocument(parts: PageParts): string {
  const { script, style, nonce, title } = parts;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy(parts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta property="csp-nonce" content="${nonce}">
<link rel="stylesheet" href="${style}">
<title>${escapeText(title)}</title>
</head>
<body>
<div id="app"></div>
<script type="module" nonce="${nonce}" src="${script}"></script>
</body>
</html>
`;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
