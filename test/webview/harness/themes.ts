export const THEMES = ['dark', 'light', 'hc-dark', 'hc-light'] as const;
export type Theme = (typeof THEMES)[number];

/** As the editor marks the body of a webview. */
export const KINDS: Record<Theme, { kind: string; classes: string }> = {
  dark: { kind: 'vscode-dark', classes: 'vscode-dark' },
  light: { kind: 'vscode-light', classes: 'vscode-light' },
  'hc-dark': { kind: 'vscode-high-contrast', classes: 'vscode-high-contrast' },
  'hc-light': { kind: 'vscode-high-contrast-light', classes: 'vscode-high-contrast vscode-high-contrast-light' },
};

const FONTS = {
  'font-family': 'system-ui, "Ubuntu", "Droid Sans", sans-serif',
  'font-weight': 'normal',
  'font-size': '13px',
  'editor-font-family': '"Droid Sans Mono", monospace',
  'editor-font-weight': 'normal',
  'editor-font-size': '14px',
};

/**
 * Values of Dark Modern, Light Modern, Dark High Contrast and Light High Contrast, as a real VS Code gives them to a
 * webview: test/e2e/looks.test.ts compares them. An empty one is unset there.
 */
const COLOURS: Record<string, readonly [dark: string, light: string, hcDark: string, hcLight: string]> = {
  foreground: ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  descriptionForeground: ['#9d9d9d', '#3b3b3b', 'rgba(255,255,255,.7)', 'rgba(41,41,41,.7)'],
  errorForeground: ['#f85149', '#f85149', '#f48771', '#b5200d'],
  'icon-foreground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  focusBorder: ['#0078d4', '#005fb8', '#f38518', '#006bbd'],
  contrastBorder: ['', '', '#6fc3df', '#0f4a85'],
  contrastActiveBorder: ['', '', '#f38518', '#006bbd'],
  'editor-background': ['#1f1f1f', '#ffffff', '#000000', '#ffffff'],
  'editor-foreground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  'panel-border': ['#2b2b2b', '#e5e5e5', '#6fc3df', '#0f4a85'],
  'panel-background': ['#181818', '#f8f8f8', '#000000', '#ffffff'],
  'panelTitle-activeBorder': ['#0078d4', '#005fb8', '#6fc3df', '#b5200d'],
  'panelTitle-activeForeground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  'panelTitle-inactiveForeground': ['#9d9d9d', '#3b3b3b', '#ffffff', '#292929'],
  'widget-border': ['#313131', '#e5e5e5', '#6fc3df', '#0f4a85'],
  'widget-shadow': ['rgba(0,0,0,.36)', 'rgba(0,0,0,.16)', '', ''],
  'input-background': ['#313131', '#ffffff', '#000000', '#ffffff'],
  'input-foreground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  'input-border': ['#3c3c3c', '#cecece', '#6fc3df', '#0f4a85'],
  'input-placeholderForeground': ['#989898', '#767676', 'rgba(255,255,255,.7)', 'rgba(41,41,41,.7)'],
  'inputValidation-errorBorder': ['#be1100', '#be1100', '#6fc3df', '#0f4a85'],
  'inputValidation-warningBorder': ['#b89500', '#b89500', '#6fc3df', '#0f4a85'],
  'dropdown-background': ['#313131', '#ffffff', '#000000', '#ffffff'],
  'dropdown-foreground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  'dropdown-border': ['#3c3c3c', '#cecece', '#6fc3df', '#0f4a85'],
  'button-background': ['#0078d4', '#005fb8', '#000000', '#0f4a85'],
  'button-foreground': ['#ffffff', '#ffffff', '#ffffff', '#ffffff'],
  'button-hoverBackground': ['#026ec1', '#0258a8', '#000000', '#0f4a85'],
  'button-border': ['rgba(255,255,255,.1)', 'rgba(0,0,0,.1)', '#6fc3df', '#0f4a85'],
  'button-secondaryBorder': ['rgba(204,204,204,.15)', 'rgba(59,59,59,.15)', '#6fc3df', '#0f4a85'],
  'button-secondaryBackground': ['rgba(0,0,0,0)', '#e5e5e5', '', '#ffffff'],
  'button-secondaryForeground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  'button-secondaryHoverBackground': ['#2b2b2b', '#cccccc', '', ''],
  'badge-background': ['#616161', '#cccccc', '#000000', '#0f4a85'],
  'badge-foreground': ['#f8f8f8', '#3b3b3b', '#ffffff', '#ffffff'],
  'progressBar-background': ['#0078d4', '#005fb8', '#6fc3df', '#0f4a85'],
  'menu-background': ['#1f1f1f', '#ffffff', '#000000', '#ffffff'],
  'menu-foreground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  'menu-border': ['#454545', '#cecece', '#6fc3df', '#0f4a85'],
  'menu-selectionBackground': ['#0078d4', '#005fb8', '', 'rgba(15,74,133,.1)'],
  'menu-selectionForeground': ['#ffffff', '#ffffff', '', ''],
  'menu-selectionBorder': ['', '', '#f38518', '#006bbd'],
  'list-hoverBackground': ['#2a2d2e', '#f2f2f2', 'rgba(255,255,255,.1)', 'rgba(15,74,133,.1)'],
  'list-inactiveSelectionBackground': ['#37373d', '#e4e6f1', '', 'rgba(15,74,133,.1)'],
  'toolbar-hoverBackground': ['rgba(90,93,94,.31)', 'rgba(184,184,184,.31)', '', ''],
  'textLink-foreground': ['#4daafc', '#005fb8', '#21a6ff', '#0f4a85'],
  'textLink-activeForeground': ['#4daafc', '#005fb8', '#21a6ff', '#0f4a85'],
  'textCodeBlock-background': ['#2b2b2b', '#f8f8f8', '#000000', '#f2f2f2'],
  'textPreformat-foreground': ['#d0d0d0', '#3b3b3b', '#ffffff', '#ffffff'],
  'textPreformat-background': ['#3c3c3c', 'rgba(0,0,0,.12)', '', '#09345f'],
  'keybindingLabel-background': ['rgba(128,128,128,.17)', 'rgba(221,221,221,.4)', 'rgba(0,0,0,0)', 'rgba(0,0,0,0)'],
  'keybindingLabel-foreground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  'keybindingLabel-border': ['rgba(51,51,51,.6)', 'rgba(204,204,204,.4)', '#6fc3df', '#0f4a85'],
  'keybindingLabel-bottomBorder': ['rgba(68,68,68,.6)', 'rgba(187,187,187,.4)', '#6fc3df', '#292929'],
  'charts-foreground': ['#cccccc', '#3b3b3b', '#ffffff', '#292929'],
  'charts-lines': ['rgba(204,204,204,.5)', 'rgba(59,59,59,.5)', 'rgba(255,255,255,.5)', 'rgba(41,41,41,.5)'],
  'charts-red': ['#f14c4c', '#e51400', '#f48771', '#b5200d'],
  'charts-blue': ['#59a4f9', '#0063d3', '#59a4f9', '#0063d3'],
  'charts-yellow': ['#cca700', '#bf8803', '#ffd370', '#895503'],
  'charts-orange': ['rgba(234,92,0,.33)', 'rgba(234,92,0,.33)', '', ''],
  'charts-green': ['#89d185', '#388a34', '#89d185', '#374e06'],
  'charts-purple': ['#b180d7', '#652d90', '#b180d7', '#652d90'],
  'terminal-ansiCyan': ['#11a8cd', '#0598bc', '#00cdcd', '#0598bc'],
  'terminal-ansiMagenta': ['#bc3fbc', '#bc05bc', '#cd00cd', '#bc05bc'],
  'testing-iconPassed': ['#73c991', '#73c991', '#73c991', '#007100'],
  'debugTokenExpression-name': ['#c586c0', '#9b46b0', '#ffffff', '#292929'],
  'debugTokenExpression-string': ['#ce9178', '#a31515', '#f48771', '#a31515'],
  'debugTokenExpression-number': ['#b5cea8', '#098658', '#89d185', '#098658'],
  'debugTokenExpression-boolean': ['#4e94ce', '#0000ff', '#75bdfe', '#0000ff'],
  'scrollbarSlider-background': [
    'rgba(121,121,121,.4)',
    'rgba(100,100,100,.4)',
    'rgba(111,195,223,.6)',
    'rgba(15,74,133,.4)',
  ],
};

/** The variables of a theme, as the editor sets them on the root of a webview. */
export function themeVariables(theme: Theme): [name: string, value: string][] {
  const column = THEMES.indexOf(theme);
  const colours = Object.entries(COLOURS).map(([name, values]): [string, string] => [name, values[column]!]);
  return [...Object.entries(FONTS), ...colours].map(([name, value]) => [`--vscode-${name}`, value]);
}

/** What the editor puts before a page's own styles. */
export const EDITOR_CSS = `
html { scrollbar-color: var(--vscode-scrollbarSlider-background) var(--vscode-editor-background); }
body { overscroll-behavior-x: none; background-color: transparent; color: var(--vscode-editor-foreground);
  font-family: var(--vscode-font-family); font-weight: var(--vscode-font-weight); font-size: var(--vscode-font-size);
  margin: 0; padding: 0 20px; }
img, video { max-width: 100%; max-height: 100%; }
a, a code { color: var(--vscode-textLink-foreground); }
a:focus, input:focus, select:focus, textarea:focus { outline: 1px solid -webkit-focus-ring-color; outline-offset: -1px; }
code { font-family: monospace; color: var(--vscode-textPreformat-foreground);
  background-color: var(--vscode-textPreformat-background); padding: 1px 3px; border-radius: 4px; }
pre code { padding: 0; }
blockquote { background: var(--vscode-textBlockQuote-background); }
kbd { background-color: var(--vscode-keybindingLabel-background); color: var(--vscode-keybindingLabel-foreground);
  border-style: solid; border-width: 1px; border-radius: 3px; vertical-align: middle; padding: 1px 3px; }
`;
