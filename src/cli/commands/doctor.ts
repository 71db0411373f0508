import type { Command } from 'commander';
import { trustsProject } from '../../core/consent.ts';
import { findProject } from '../../core/models/paths.ts';
import { findingText, hasProblem } from '../../shared/doctor.ts';
import { paragraphs } from '../options.ts';
import { EXIT, Exit, type Terminal } from '../terminal.ts';

interface Options {
  region?: string;
  profile?: string;
  policy?: boolean;
}

const AFTER = `It runs nothing of the project and changes nothing. The exit code is 1 where there is a problem: what is not set up is none. With --policy it prints the IAM policy of who deploys to AWS, made from what this version of Nimbus calls; who also bootstraps CDK needs that of docs/aws-bootstrap-policy.json.`;

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('doctor')
    .description('check what deploys need: Python, uv, Docker, free space, AWS')
    .option('--region <region>', 'the AWS region to look at; else that of the environment or the profile')
    .option('--profile <name>', 'the profile of the AWS configuration')
    .option('--policy', 'print the IAM policy that deploys to AWS Lambda need, and check nothing')
    .addHelpText('after', paragraphs(AFTER))
    .action((options: Options, command: Command) => doctor(terminalOf(command), options));
}

async function doctor(terminal: Terminal, { policy, ...where }: Options): Promise<void> {
  if (policy) {
    const { default: document } = await import('../../../docs/aws-policy.json', { with: { type: 'json' } });
    terminal.line(JSON.stringify(document, undefined, 2));
    return;
  }
  terminal.progress('Looking at Python, Docker and AWS …');
  const { diagnose } = await import('../../core/doctor/doctor.ts');
  const project = findProject(process.cwd());
  const findings = await diagnose({ project, trustedProject: trustsProject(project), env: process.env, ...where });
  terminal.document({ findings });
  for (const finding of findings) terminal.say(findingText(finding));
  if (hasProblem(findings)) throw new Exit(EXIT.failed);
}
