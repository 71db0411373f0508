/** The bodies that API Gateway answers itself are templates of the Velocity Template Language (VTL). */

/**
 * A template that gives this very JSON. `$` begins a reference of VTL and `#` a directive; in JSON both stand in strings
 * only, where they can be written as `\u0024` and `\u0023`. `references`: which fields are the text of a reference
 * instead, as `{"requestId": "context.requestId"}`. What they refer to must hold neither quotes nor backslashes.
 */
export function jsonTemplate(
  document: Readonly<Record<string, unknown>>,
  references: Readonly<Record<string, string>> = {},
): string {
  const fields = [
    ...Object.entries(document)
      .filter(([name, value]) => value !== undefined && !Object.hasOwn(references, name))
      .map(([name, value]) => `${literal(name)}:${literal(value)}`),
    ...Object.entries(references).map(([name, reference]) => `${literal(name)}:"$${reference}"`),
  ];
  return `{${fields.join(',')}}`;
}

function literal(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('$', String.raw`\u0024`)
    .replaceAll('#', String.raw`\u0023`);
}
