/** A PEP 508 requirement at the start of a line: a name, then extras, versions, a marker or an address. */
const REQUIREMENT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\s*(?:\[[^\]]*\])?\s*(?:@\s*\S.*|[<>=!~(;].*)?$/;

/** Whether a text is one plain requirement; an option such as `--index-url` is none, so that no file smuggles one in. */
export function isRequirement(text: string): boolean {
  return REQUIREMENT.test(text) && !text.includes('\n');
}

/**
 * The requirements of a requirements.txt. `skipped` are the lines that are not plain requirements (options such as
 * `-r` and `--index-url`, bare addresses and paths): a requirement list cannot carry them.
 */
export function parseRequirements(text: string): { requirements: string[]; skipped: string[] } {
  const requirements: string[] = [];
  const skipped: string[] = [];
  for (const line of text.replaceAll(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const plain = line
      .replace(/(^|\s)#.*$/, '')
      .replaceAll(/\s--hash=\S+/g, '')
      .trim();
    if (plain === '') continue;
    (isRequirement(plain) ? requirements : skipped).push(plain);
  }
  return { requirements, skipped };
}
