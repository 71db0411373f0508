/** What a model card's JSON Schema of one `input` says of the inputs that it takes. */
export type Schema = Record<string, unknown>;

/** Whether plain text is an input. So is it where the card says nothing. */
export function takesText(schema: Schema | undefined): boolean {
  if (!schema || Object.keys(schema).every((key) => key === '$schema' || key === 'title' || key === 'description'))
    return true;
  return alternatives(schema).some((one) => typesOf(one).includes('string'));
}

/** Whether the card says that no input is a JSON object. */
export function takesNoObject(schema: Schema | undefined): boolean {
  return (
    schema !== undefined &&
    alternatives(schema).every((one) => typesOf(one).length > 0 && !typesOf(one).includes('object'))
  );
}

/** Names of a table's columns; empty where the input is none. */
export function columnsOf(schema: Schema | undefined): string[] {
  if (!schema) return [];
  return alternatives(schema).flatMap(({ properties }) => (isSchema(properties) ? Object.keys(properties) : []));
}

export function alternatives(schema: Schema): Schema[] {
  const several = [schema['anyOf'], schema['oneOf']].filter(Array.isArray).flat().filter(isSchema);
  return several.length > 0 ? several : [schema];
}

export function typesOf(schema: Schema): string[] {
  const type = schema['type'];
  return Array.isArray(type) ? type.filter((one) => typeof one === 'string') : typeof type === 'string' ? [type] : [];
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
