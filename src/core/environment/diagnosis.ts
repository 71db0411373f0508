/** What a model was made with against what an interpreter has, before anything of it is loaded. */
import type { Detection } from '../detect/detection.ts';
import { RULES, type Rule } from './breaks.ts';
import type { Captured } from './captured.ts';
import type { Probe } from './environment.ts';
import { fits } from './requirement.ts';

export interface Diagnosis {
  package: string;
  /** `1.5.2`, `>=3.8,<3.9`, `unknown`. */
  captured: string;
  from: string;
  /** Absent where it is not installed. */
  installed?: string;
  /**
   * `equal` the very version; `compatible` another one that is not known to break; `mismatch` outside of what the
   * model names, or known to break, or not installed; `unknown` nothing says which one it was made with; `producer` what
   * wrote the model, which need not be installed and is not compared.
   */
  verdict: 'equal' | 'compatible' | 'mismatch' | 'unknown' | 'producer';
  /** What may break, one sentence. */
  breaks?: string;
  /** Where that is written. */
  source?: string;
  next?: string;
}

/** Names in a pickle that say that it holds compiled code. */
const CODE = /^(?:cloudpickle|dill|_dill|marshal)\b|^types\.CodeType$|^builtins\.code$/;

type Subject = Pick<Detection, 'framework' | 'risk'>;

export function diagnose(detection: Subject, captured: readonly Captured[], probe: Probe): Diagnosis[] {
  return captured.map((fact) => diagnoseOne(detection, fact, installedOf(fact.package, probe)));
}

function installedOf(name: string, { version, packages, installed = {} }: Probe): string | undefined {
  if (name === 'python') return version;
  return packages[name] ?? installed[name];
}

function diagnoseOne(detection: Subject, fact: Captured, installed: string | undefined): Diagnosis {
  const { package: name, versions, from, kind } = fact;
  if (kind === 'producer') return { package: name, captured: versions, from, verdict: 'producer' };
  const common = { package: name, captured: versions, from, ...(installed === undefined ? {} : { installed }) };
  if (installed === undefined) {
    return { ...common, verdict: 'mismatch', next: `Install ${name}, or take the managed environment.` };
  }
  if (kind === 'unknown') return { ...common, verdict: 'unknown' };
  if (kind === 'exact' && sameRelease(versions, installed)) return { ...common, verdict: 'equal' };
  const isWithin = kind === 'range' && fits(installed, versions);
  const rule = isWithin ? undefined : ruleFor(detection, fact, installed);
  const verdict = isWithin ? 'compatible' : (rule?.verdict ?? byNumbers(fact, installed));
  return {
    ...common,
    verdict,
    ...(rule ? { breaks: rule.what, source: rule.source } : {}),
    ...(verdict === 'mismatch' ? { next: nextFor(name, installed) } : {}),
  };
}

function nextFor(name: string, installed: string): string {
  return name === 'python'
    ? `Select another Python, or save the model again with Python ${installed}.`
    : `Take the managed environment, or save the model again with ${name} ${installed}.`;
}

function ruleFor({ framework, risk }: Subject, fact: Captured, installed: string): Rule | undefined {
  const reference = referenceOf(fact, installed);
  const at = firstDifference(reference, installed);
  const holdsCode = 'globals' in risk && risk.globals.some((one) => CODE.test(one.name));
  const direction = isOlder(installed, reference) ? 'older' : 'newer';
  return RULES.find(
    (rule) =>
      rule.package === fact.package &&
      (!rule.frameworks || rule.frameworks.includes(framework)) &&
      (!rule.holdsCode || holdsCode) &&
      at <= rule.differsAt &&
      (!rule.installed || rule.installed === direction) &&
      (!rule.versions || fits(installed, rule.versions)) &&
      (!rule.crosses || isOlder(reference, rule.crosses) !== isOlder(installed, rule.crosses)),
  );
}

/** Nothing is known of the package: another major version may be anything, a minor one mostly is not. */
function byNumbers(fact: Captured, installed: string): 'compatible' | 'mismatch' {
  if (fact.kind === 'range') return 'mismatch';
  return firstDifference(fact.versions, installed) === 0 ? 'mismatch' : 'compatible';
}

/** The version of a range that is nearest to what is installed: `>=2` for 1.21 is 2, `<2` for 2.4 is 1. */
function referenceOf({ kind, versions }: Captured, installed: string): string {
  if (kind === 'exact') return versions;
  for (const part of versions.split(',')) {
    const [, operator = '', bound = ''] = /^(>=|<=|==|!=|~=|>|<)(.+?)(?:\.\*)?$/.exec(part) ?? [];
    if (bound === '' || operator === '!=' || fits(installed, part)) continue;
    if (operator !== '<') return bound;
    const numbers = numbersOf(bound);
    const last = numbers.findLastIndex((number) => number > 0);
    return numbers
      .slice(0, last + 1)
      .map((number, index) => (index === last ? number - 1 : number))
      .join('.');
  }
  return installed;
}

/** `2.9.0+cpu` and `2.9.0` are one release. */
function sameRelease(one: string, other: string): boolean {
  return one === other || fits(other, `==${one}`) || fits(one, `==${other}`);
}

function numbersOf(version: string): number[] {
  return (/^v?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? '').split('.').map(Number);
}

function firstDifference(one: string, other: string): number {
  const [left, right] = [numbersOf(one), numbersOf(other)];
  const length = Math.max(left.length, right.length, 3);
  for (let index = 0; index < length; index++) if ((left[index] ?? 0) !== (right[index] ?? 0)) return index;
  return length;
}

function isOlder(one: string, other: string): boolean {
  const [left, right] = [numbersOf(one), numbersOf(other)];
  const at = firstDifference(one, other);
  return (left[at] ?? 0) < (right[at] ?? 0);
}

/** What differs, what may break, what to do: up to three sentences for people. */
export function diagnosisText({ package: name, captured, from, installed, breaks, next }: Diagnosis): string {
  const shown = name === 'python' ? 'Python' : name;
  const differs =
    installed === undefined
      ? `${shown} is not installed; the model needs it (${from}).`
      : `${shown} is ${installed}; the model was made with ${captured} (${from}).`;
  return [differs, breaks, next].filter(Boolean).join(' ');
}

/** Those that people should read before they go on. */
export function worthSaying(diagnoses: readonly Diagnosis[]): Diagnosis[] {
  return diagnoses.filter(({ verdict, breaks }) => verdict === 'mismatch' || (verdict === 'compatible' && breaks));
}
