// oxlint-disable-next-line no-control-regex
const HIDDEN = /[\0-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/g;
// oxlint-disable-next-line no-control-regex
const MOVES = /[\0-\b\v-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g;

/**
 * A name out of a file that somebody else wrote, in one line that shows all of it: what would move the cursor, change
 * the direction of writing or begin a new line is written as `\u001b`, so that no name hides what stands beside it.
 */
export function visible(name: string): string {
  return name.replaceAll(HIDDEN, escaped);
}

/** A text for people, whose lines, tabs and joined characters stay: only what moves the cursor or turns the writing. */
export function visibleText(text: string): string {
  return text.replaceAll(MOVES, escaped);
}

function escaped(one: string): string {
  return `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
