/** jsonc-parser's `SyntaxKind`, which is a const enum: those do not exist where each file is compiled by itself. */
export const TOKEN = {
  openBrace: 1,
  closeBrace: 2,
  openBracket: 3,
  closeBracket: 4,
  comma: 5,
  colon: 6,
  string: 10,
  lineComment: 12,
  blockComment: 13,
  trivia: 15,
  end: 17,
} as const;
