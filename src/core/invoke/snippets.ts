import type { CodeLanguage, PlaygroundInput } from '../../shared/playground.ts';

/** The environment variable that code takes the key of an API from: the key itself is in no code that is passed on. */
const KEY_VARIABLE = 'NIMBUS_API_KEY';

/**
 * One prediction as code that runs as it is, without anything to install. `url` is the endpoint's base; `withKey`: it asks for
 * an API key, which the code takes from `NIMBUS_API_KEY`.
 */
export function codeFor(
  language: CodeLanguage,
  url: string,
  input: PlaygroundInput,
  { withKey = false }: { withKey?: boolean } = {},
): string {
  const body = JSON.stringify(input, undefined, 2);
  switch (language) {
    case 'curl':
      return [
        `curl --fail-with-body ${shellQuote(`${url}/predict`)} \\`,
        `  --header 'content-type: application/json' \\`,
        ...(withKey ? [`  --header "x-api-key: $${KEY_VARIABLE}" \\`] : []),
        `  --data-raw ${shellQuote(JSON.stringify(input))}`,
        '',
      ].join('\n');
    case 'python':
      return `import json
${withKey ? 'import os\n' : ''}import urllib.request

request = urllib.request.Request(
    ${pythonString(`${url}/predict`)},
    json.dumps(${pythonValue(input, '    ')}).encode(),
    {"content-type": "application/json"${withKey ? `, "x-api-key": os.environ["${KEY_VARIABLE}"]` : ''}},
)
with urllib.request.urlopen(request) as response:
    print(json.load(response)["result"])
`;
    case 'typescript':
      return `const response = await fetch(${typescriptString(`${url}/predict`)}, {
  method: 'POST',
  headers: { 'content-type': 'application/json'${withKey ? `, 'x-api-key': process.env.${KEY_VARIABLE} ?? ''` : ''} },
  body: JSON.stringify(${indented(lineSafe(body), '  ')}),
});
if (!response.ok) throw new Error(await response.text());
const { result } = (await response.json()) as { result: unknown };
console.log(result);
`;
    default:
      return language satisfies never;
  }
}

/** One word for a POSIX shell, whatever the text holds but NUL, which no argument can. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A Python literal of a JSON value. */
export function pythonValue(value: unknown, indent = ''): string {
  const inner = `${indent}    `;
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return pythonString(value);
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    const items = value.map((item) => `${inner}${pythonValue(item, inner)},\n`);
    return `[\n${items.join('')}${indent}]`;
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    if (entries.length === 0) return '{}';
    const items = entries.map(([name, item]) => `${inner}${pythonString(name)}: ${pythonValue(item, inner)},\n`);
    return `{\n${items.join('')}${indent}}`;
  }
  return JSON.stringify(value);
}

/** JSON's escapes are Python's too, but for lone surrogates, which both write as \udXXX, and DEL, which needs none. */
function pythonString(text: string): string {
  return JSON.stringify(text);
}

function typescriptString(text: string): string {
  return `'${JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`)}'`;
}

/** JSON is TypeScript, but an object literal with `__proto__` as a plain key would set the prototype. */
function lineSafe(json: string): string {
  return json.replaceAll('"__proto__":', '["__proto__"]:');
}

function indented(text: string, indent: string): string {
  return text.replaceAll('\n', `\n${indent}`);
}
