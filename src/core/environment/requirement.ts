import { satisfies } from '@renovatebot/pep440';

/** One PEP 508 requirement, as far as a check of what is installed needs it. */
export interface Requirement {
  /** As PEP 503 normalises it: `scikit-learn`. */
  name: string;
  /** PEP 440 specifiers: `>=3.8,<3.9`; empty where any version does. */
  versions: string;
  /** An environment marker: `python_version < "3.10"`. */
  marker: string;
}

/** Undefined for what is not a requirement. `name @ address` asks for the name only. */
export function parseRequirement(text: string): Requirement | undefined {
  const [, name, rest] = /^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || rest === undefined) return undefined;
  // In an address a semicolon begins a marker only after a space.
  const [versions = '', ...marker] = rest.startsWith('@') ? rest.split(/\s;/) : rest.split(';');
  return {
    name: normalName(name),
    versions: versions.startsWith('@') ? '' : versions.replaceAll(/[()\s]/g, ''),
    marker: marker.join(';').trim(),
  };
}

/** Package names are compared in this form (PEP 503). */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

/** Where a requirement and what is installed differ. */
export interface Mismatch {
  package: string;
  required: string;
  /** Absent where it is not installed. */
  installed?: string;
}

/** What a marker may ask about. */
export interface MarkerFacts {
  /** `3.12.4`. */
  python: string;
  /** Node's name of it: `linux`, `darwin`, `win32`. */
  platform: NodeJS.Platform;
}

/** The requirements that an interpreter's packages do not meet. Pre-releases count as versions. */
export function mismatches(
  requirements: readonly string[],
  installed: Readonly<Record<string, string>>,
  facts: MarkerFacts,
): Mismatch[] {
  return requirements.flatMap((text) => {
    const requirement = parseRequirement(text);
    if (!requirement || !applies(requirement.marker, facts)) return [];
    const version = Object.hasOwn(installed, requirement.name) ? installed[requirement.name] : undefined;
    const required = requirement.versions || 'any version';
    if (version === undefined) return [{ package: requirement.name, required }];
    if (requirement.versions === '' || fits(version, requirement.versions)) return [];
    return [{ package: requirement.name, required, installed: version }];
  });
}

/** A version or specifier that PEP 440 does not know fits nothing: then an environment of its own is offered. */
export function fits(version: string, specifiers: string): boolean {
  try {
    return satisfies(version, specifiers, { prereleases: true });
  } catch {
    return false;
  }
}

/**
 * Whether a requirement with this marker counts here. `and` and `or` of comparisons are understood; what is not (an
 * extra, brackets) counts.
 */
export function applies(marker: string, facts: MarkerFacts): boolean {
  if (marker === '' || /[()]/.test(marker)) return true;
  return marker.split(/\s+or\s+/).some((all) => all.split(/\s+and\s+/).every((one) => holds(one.trim(), facts)));
}

function holds(comparison: string, facts: MarkerFacts): boolean {
  const [, variable, operator, value] = /^(\w+)\s*(<=|>=|==|!=|~=|<|>)\s*["']([^"']*)["']$/.exec(comparison) ?? [];
  if (variable === undefined || operator === undefined || value === undefined) return true;
  switch (variable) {
    case 'python_version':
      return fits(facts.python.split('.').slice(0, 2).join('.'), operator + value);
    case 'python_full_version':
      return fits(facts.python, operator + value);
    case 'sys_platform':
      return operator === '!=' ? facts.platform !== value : facts.platform === value;
    case 'platform_system':
      return operator === '!=' ? systemOf(facts) !== value : systemOf(facts) === value;
    case 'os_name': {
      const name = facts.platform === 'win32' ? 'nt' : 'posix';
      return operator === '!=' ? name !== value : name === value;
    }
    default:
      return true;
  }
}

function systemOf({ platform }: MarkerFacts): string {
  if (platform === 'win32') return 'Windows';
  return platform === 'darwin' ? 'Darwin' : 'Linux';
}
