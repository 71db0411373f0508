/** What has to be agreed to before anything of a model, or of its project, runs. */
import path from 'node:path';
import { asksForName, trustsProject } from '../core/consent.ts';
import { consentTo, type PreparedDeploy } from '../core/deploy.ts';
import type { Consent } from '../core/detect/detection.ts';
import { saferFormat } from '../core/detect/safer.ts';
import { projectInterpreter } from '../core/interpreters.ts';
import { cancelled, ok, type Outcome } from '../shared/outcome.ts';
import { visible } from '../shared/visible.ts';
import { indent, type Terminal } from './terminal.ts';

interface Options {
  trust?: boolean;
  python?: string;
}

/**
 * Whether the project's code may run. Asked here only where the project brings a Python of its own, since that would
 * run before anything else; without it nothing of the project runs before `askConsent`.
 */
export async function askTrust(
  terminal: Terminal,
  folder: string,
  options: Pick<Options, 'trust' | 'python'>,
): Promise<Outcome<boolean>> {
  if (options.trust || trustsProject(folder)) return ok(true);
  const own = options.python === undefined ? await projectInterpreter(folder) : undefined;
  if (own === undefined) return ok(false);
  return terminal.confirm(
    `This project has a Python of its own, ${path.relative(folder, own)}. Do you trust the project, so that it may run?`,
    '--trust, or with --python for another one',
  );
}

/** Consent to what loading would run. What came as code, or is dangerous, is never covered by a flag or a single key. */
export async function askConsent(
  terminal: Terminal,
  prepared: PreparedDeploy,
  options: Pick<Options, 'trust'>,
): Promise<Outcome<Consent[]>> {
  const risk = prepared.consentNeeded;
  if (!risk) return ok([]);
  if (asksForName(risk)) {
    const danger = risk.kind === 'code' ? 'They can do what you can do.' : 'Loading this file can run them.';
    const question = `${describeRisk(prepared)}\n${danger} Type the model's name (${prepared.name}) to load it all the same:`;
    const answer = await terminal.ask(question, 'a terminal: no flag allows this');
    if (!answer.ok) return answer;
    return answer.value.trim() === prepared.name ? ok(consentTo(prepared)) : cancelled();
  }
  if (options.trust) {
    terminal.say(indent(`Agreed to by --trust. ${describeRisk(prepared)}`));
    return ok(consentTo(prepared));
  }
  const answer = await terminal.confirm(`${describeRisk(prepared)}\nRun it?`, '--trust');
  if (!answer.ok) return answer;
  return answer.value ? ok(consentTo(prepared)) : cancelled();
}

/** Names shown of a long list; the rest is counted. */
const NAMES_SHOWN = 30;

function shortList(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  return `${names.slice(0, NAMES_SHOWN).map(visible).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function describeRisk({ detection, consentNeeded: risk, alsoRuns }: PreparedDeploy): string {
  if (!risk) return '';
  if (risk.kind === 'code') {
    const whose = risk.hash === undefined ? 'of this project' : 'that came with the model';
    return `Loading it runs code ${whose}: ${shortList(risk.files)}.`;
  }
  if (risk.kind !== 'unknown-globals' && risk.kind !== 'dangerous-globals') return '';
  const listed = risk.globals
    .filter((one) => one.danger !== 'known')
    .map((one) => visible(`${one.name}${one.meaning ? `: ${one.meaning}` : ''}`));
  const what = risk.kind === 'dangerous-globals' ? 'names what no model needs' : "uses names outside its framework's";
  const wayOut = saferFormat(detection);
  const own =
    alsoRuns.length > 0
      ? [`They are in this project's own code, which then counts as trusted: ${alsoRuns.join(', ')}.`]
      : [];
  return [`This pickle ${what}:`, indent(listed.join('\n')), ...own, ...(wayOut === undefined ? [] : [wayOut])].join(
    '\n',
  );
}
