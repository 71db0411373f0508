import { createScanner, type JSONScanner } from 'jsonc-parser';
import { isDeepStrictEqual } from 'node:util';
import { BOM } from './parse.ts';
import { TOKEN } from './tokens.ts';

/*
 * jsonc-parser's own `modify` moves the comment at the end of a line to the property inserted there and drops comments
 * beside a removed one. Here everything outside of the changed values stays as it is.
 */

interface Property {
  name: string;
  start: number;
  valueStart: number;
  end: number;
  /** Offset of the comma that follows, if one does. */
  comma: number | undefined;
}

interface ObjectText {
  open: number;
  /** Offset of the closing brace. */
  close: number;
  properties: Property[];
}

interface Splice {
  from: number;
  to: number;
  text: string;
}

interface Style {
  /** One step of indentation. */
  unit: string;
  eol: string;
  /** The whole document is on one line. */
  oneLine: boolean;
}

/**
 * The text with the value at `path` set; objects that the path lacks are made, and a new property goes to the end of
 * its object. An equal value leaves the text as it is. The text must be a valid document whose root is an object.
 */
export function setValue(text: string, path: readonly string[], value: unknown): string {
  const { offset, depth } = descend(text, path);
  const object = readObject(text, offset);
  const key = path[depth]!;
  const rest = path.slice(depth + 1);
  const property = object.properties.find((one) => one.name === key);
  if (property) return replace(text, property, wrap(rest, value), styleOf(text));
  return insert(text, object, key, wrap(rest, value), styleOf(text));
}

/** The text without the property at `path`; comments around it stay. The same text where there is no such property. */
export function removeValue(text: string, path: readonly string[]): string {
  const { offset, depth } = descend(text, path);
  if (depth < path.length - 1) return text;
  const object = readObject(text, offset);
  const index = object.properties.findIndex((one) => one.name === path[depth]);
  return index < 0 ? text : remove(text, object, index);
}

function wrap(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

/** Where the innermost object begins that the path leads to, and how many names lead there. */
function descend(text: string, path: readonly string[]): { offset: number; depth: number } {
  let offset = text.startsWith(BOM) ? 1 : 0;
  let depth = 0;
  for (; depth < path.length - 1; depth++) {
    const start = valueStart(text, offset, path[depth]!);
    if (start === undefined || text[start] !== '{') break;
    offset = start;
  }
  return { offset, depth };
}

/** Where a property's value begins; what comes after it is not read. */
function valueStart(text: string, offset: number, key: string): number | undefined {
  const scanner = openObject(text, offset);
  while (scanner.scan() === TOKEN.string) {
    const name = scanner.getTokenValue();
    scanner.scan();
    scanner.scan();
    if (name === key) return scanner.getTokenOffset();
    skipValue(scanner);
    if (scanner.scan() !== TOKEN.comma) break;
  }
  return undefined;
}

function readObject(text: string, offset: number): ObjectText {
  const scanner = openObject(text, offset);
  const open = scanner.getTokenOffset();
  const properties: Property[] = [];
  let token = scanner.scan();
  while (token === TOKEN.string) {
    const name = scanner.getTokenValue();
    const start = scanner.getTokenOffset();
    if (scanner.scan() !== TOKEN.colon) break;
    scanner.scan();
    const valueStart = scanner.getTokenOffset();
    const end = skipValue(scanner);
    token = scanner.scan();
    const comma = token === TOKEN.comma ? scanner.getTokenOffset() : undefined;
    if (comma !== undefined) token = scanner.scan();
    properties.push({ name, start, valueStart, end, comma });
  }
  if (token !== TOKEN.closeBrace) throw new Error('Only valid documents can be edited');
  return { open, close: scanner.getTokenOffset(), properties };
}

/** A scanner that has read the opening brace and passes over comments. */
function openObject(text: string, offset: number): JSONScanner {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  if (scanner.scan() !== TOKEN.openBrace) throw new Error('Only objects can be edited');
  return scanner;
}

/** From a value's first token to its last; answers the offset after it. */
function skipValue(scanner: JSONScanner): number {
  let depth = 0;
  for (let token = scanner.getToken(); token !== TOKEN.end; token = scanner.scan()) {
    if (token === TOKEN.openBrace || token === TOKEN.openBracket) depth++;
    if (token === TOKEN.closeBrace || token === TOKEN.closeBracket) depth--;
    if (depth === 0) return scanner.getPosition();
  }
  throw new Error('Only valid documents can be edited');
}

function replace(text: string, property: Property, value: unknown, style: Style): string {
  const before = text.slice(property.valueStart, property.end);
  if (isDeepStrictEqual(parsed(before), value)) return text;
  const compact = style.oneLine || !before.includes('\n');
  const written = compact ? JSON.stringify(value) : pretty(value, indentAt(text, property.start), style);
  return splice(text, [{ from: property.valueStart, to: property.end, text: written }]);
}

/** Undefined for what is not plain JSON (a comment in a list): then any value is another one. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function insert(text: string, object: ObjectText, key: string, value: unknown, style: Style): string {
  const last = object.properties.at(-1);
  const name = JSON.stringify(key);
  if (!text.slice(object.open, object.close).includes('\n') && (last || style.oneLine)) {
    const [colon, gap] = style.oneLine ? [':', ''] : [': ', ' '];
    const written = `${name}${colon}${JSON.stringify(value)}`;
    if (!last) return splice(text, [at(object.open + 1, written)]);
    if (last.comma !== undefined) return splice(text, [at(last.comma + 1, `${gap}${written},`)]);
    return splice(text, [at(last.end, `,${gap}${written}`)]);
  }
  const outer = indentAt(text, object.open);
  const indent = last && startsLine(text, last.start) ? indentAt(text, last.start) : outer + style.unit;
  const place = afterComments(text, last ? (last.comma ?? last.end - 1) + 1 : object.open + 1);
  const trailing = last?.comma === undefined ? '' : ',';
  const written = `${style.eol}${indent}${name}: ${pretty(value, indent, style)}${trailing}`;
  const comma = last && last.comma === undefined ? [at(last.end, ',')] : [];
  const rest = text.slice(place, object.close);
  const closing = last || rest.includes('\n') ? rest : style.eol + outer;
  return splice(text, [{ from: place, to: object.close, text: written + closing }, ...comma]);
}

/** The end of the comments that follow on the same line. */
function afterComments(text: string, offset: number): number {
  const scanner = createScanner(text, false);
  scanner.setPosition(offset);
  let end = offset;
  for (let token = scanner.scan(); ; token = scanner.scan()) {
    if (token === TOKEN.lineComment || token === TOKEN.blockComment) end = scanner.getPosition();
    else if (token !== TOKEN.trivia) return end;
  }
}

function remove(text: string, object: ObjectText, index: number): string {
  const property = object.properties[index]!;
  const before = object.properties[index - 1];
  const splices: Splice[] = [];
  let { start: from, end: to } = property;
  if (property.comma === undefined) {
    if (before?.comma !== undefined) splices.push({ from: before.comma, to: before.comma + 1, text: '' });
    if (!startsLine(text, from)) from = text.slice(0, from).replace(/[ \t]+$/, '').length;
  } else if (text.slice(to, property.comma).trim() === '') {
    to = afterBlanks(text, property.comma + 1);
  } else {
    splices.push({ from: property.comma, to: property.comma + 1, text: '' });
  }
  if (startsLine(text, from)) {
    to = afterBlanks(text, to);
    const eol = /^\r?\n/.exec(text.slice(to, to + 2))?.[0];
    if (eol !== undefined) {
      from = lineStart(text, from);
      to += eol.length;
    }
  }
  splices.push({ from, to, text: '' });
  if (object.properties.length === 1) {
    const inside =
      text.slice(object.open + 1, property.start) + text.slice((property.comma ?? property.end - 1) + 1, object.close);
    const between = text.slice(property.end, property.comma ?? property.end);
    if ((inside + between).trim() === '') {
      return splice(text, [{ from: object.open + 1, to: object.close, text: '' }]);
    }
  }
  return splice(text, splices);
}

function at(offset: number, text: string): Splice {
  return { from: offset, to: offset, text };
}

function splice(text: string, splices: Splice[]): string {
  let edited = text;
  // From the end to the start, so that offsets stay true. At one place, what comes later in the list ends up before.
  for (const one of splices.toSorted((a, b) => b.from - a.from)) {
    edited = edited.slice(0, one.from) + one.text + edited.slice(one.to);
  }
  return edited;
}

function pretty(value: unknown, indent: string, style: Style): string {
  return JSON.stringify(value, undefined, style.unit).replaceAll('\n', style.eol + indent);
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))![0];
}

function startsLine(text: string, offset: number): boolean {
  return lineStart(text, offset) > 0 && text.slice(lineStart(text, offset), offset).trim() === '';
}

function afterBlanks(text: string, offset: number): number {
  let end = offset;
  while (text[end] === ' ' || text[end] === '\t') end++;
  return end;
}

function styleOf(text: string): Style {
  const newline = text.indexOf('\n');
  return {
    unit: /^([ \t]+)"/m.exec(text)?.[1] ?? '  ',
    eol: newline > 0 && text[newline - 1] === '\r' ? '\r\n' : '\n',
    oneLine: !text.trimEnd().includes('\n'),
  };
}
