import type { Command } from 'commander';
import type { HostConnection } from '../../core/host/client.ts';
import { predict, type Answer } from '../../core/invoke/predict.ts';
import type { Beforehand } from '../../shared/latency.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { PlaygroundInput } from '../../shared/playground.ts';
import type { CloudAnswer } from '../../core/cloud/predict.ts';
import type { CloudStatus, DeploymentStatus } from '../../shared/states.ts';
import { beforehandTexts, waitText, type Wait } from '../../shared/waits.ts';
import { formatResult, formatTimings } from '../answer.ts';
import { keyHeaders, lookedAt, statusOrExit, withDeployment } from '../context.ts';
import { EXIT, Exit, indent, orExit, type Terminal } from '../terminal.ts';

interface Options {
  input?: string;
  parameters?: string;
  invoke?: boolean;
  cold?: boolean;
}

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('predict')
    .description('send one input to a deployment and show the answer')
    .argument('<name>', 'a model, or MODEL/DEPLOYMENT')
    .argument('[text]', 'the text, or - to read it from standard input')
    .option('--input <json>', 'an input that is not a text, as JSON')
    .option('--parameters <json>', 'options for the model, as a JSON object')
    .option('--invoke', 'past the gateway, by AWS credentials (of a deployment on AWS)')
    .option('--cold', 'as the first request of a new environment, which is thrown away (of a deployment on AWS)')
    .action((name: string, text: string | undefined, options: Options, command: Command) =>
      run(terminalOf(command), name, text, options),
    );
}

async function run(terminal: Terminal, name: string, text: string | undefined, options: Options): Promise<void> {
  const input = orExit(terminal, await readInput(text, options));
  const parameters =
    options.parameters === undefined ? undefined : orExit(terminal, parseParameters(options.parameters));
  await withDeployment(terminal, name, async (connection, key) => {
    const status = orExit(terminal, await lookedAt(connection, statusOrExit(terminal, connection, key)));
    const body = { input, ...(parameters === undefined ? {} : { parameters }) };
    const answer = await ask(terminal, connection, status, body, options);
    if (terminal.signal.aborted) orExit(terminal, cancelled());
    const { problem, body: answered, phases, start, beforehand, requestId = '' } = answer;
    if (beforehand) terminal.note(`${beforehandTexts(beforehand).join(' ')} The times below are without that.`);
    if (problem) {
      terminal.document(problem);
      if (!terminal.json) process.stderr.write(formatProblem(problem, name));
      throw new Exit(EXIT.failed);
    }
    terminal.document({ ...(answered as object), client: phases, ...beforehand });
    terminal.say(formatResult((answered as { result: unknown }).result));
    // Leads to its lines in the log, which on AWS has those of all.
    const request = status.cloud && requestId !== '' ? `   request ${requestId}` : '';
    terminal.say(`\n${formatTimings(start, phases)}${request}`);
  });
}

/** Of one on AWS through its API, as its users do, or past that. */
async function ask(
  terminal: Terminal,
  connection: HostConnection,
  status: DeploymentStatus,
  body: PlaygroundInput,
  { invoke, cold }: Options,
): Promise<Answer & { beforehand?: Beforehand }> {
  const { cloud, url } = status;
  const { signal } = terminal;
  if (!cloud) {
    if (!invoke && !cold) return predict(url, body, { signal });
    const next = cold ? 'nimbus cold ends its workers.' : 'Leave --invoke out.';
    return orExit(terminal, fail('usage', 'That is for a deployment on AWS.', { next }));
  }
  const { beforehandOf, predictOnAws } = await import('../../core/cloud/predict.ts');
  const through = cold ? 'cold' : invoke ? 'invoke' : 'api';
  const onWait = (wait: Wait | undefined): void => {
    if (wait) terminal.progress(`  … ${waitText(wait)}`);
  };
  const asking = (called: CloudStatus, headers: () => ReturnType<typeof keyHeaders>): Promise<Outcome<CloudAnswer>> =>
    predictOnAws(called, { through, env: process.env, headers }, body, { signal, onWait });
  let asked = await asking(cloud, () => keyHeaders(status));
  const isRefused = asked.ok ? asked.value.status === 403 : asked.error.code === 'key-gone';
  if (isRefused && through === 'api' && cloud.keyId !== undefined) {
    // The key may have been rotated on another machine.
    const seen = await lookedAt(connection, status, true);
    const now = seen.ok ? seen.value.cloud : undefined;
    if (seen.ok && seen.value.state === 'gone' && seen.value.error)
      return orExit(terminal, { ok: false, error: seen.value.error });
    if (now?.keyId !== undefined && now.keyId !== cloud.keyId) {
      const { fileKeyStore, keepNewKey } = await import('../../core/cloud/keys.ts');
      asked = await asking(now, () => keepNewKey({ before: cloud, now }, fileKeyStore(), process.env));
    }
  }
  const answer = orExit(terminal, asked);
  const beforehand = beforehandOf(answer);
  return beforehand ? { ...answer, beforehand } : answer;
}

function formatProblem(
  problem: {
    status: number;
    title: string;
    detail: string;
    next?: string;
    lastLines?: string[];
    type: string;
    requestId: string;
  },
  name: string,
): string {
  // Without an answer there is neither.
  const status = problem.status === 0 ? '' : `${problem.status} `;
  const lines = [status + problem.title, indent(problem.detail)];
  if (problem.lastLines?.length) lines.push(indent(problem.lastLines.join('\n'), '  | '));
  if (problem.next) lines.push(problem.next);
  // Where the model's own code failed, its log has the stack.
  const isFailure = problem.type === 'urn:nimbus:problem:handler-failed';
  if (isFailure) lines.push(`Where: nimbus logs ${name} --request ${problem.requestId}`);
  else if (problem.requestId !== '') lines.push(`request ${problem.requestId}`);
  return `${lines.join('\n')}\n`;
}

async function readInput(text: string | undefined, options: Options): Promise<Outcome<unknown>> {
  if (text !== undefined && options.input !== undefined) return fail('usage', 'Give a text or --input, not both.');
  if (options.input !== undefined) return parse('--input', options.input);
  if (text === undefined)
    return fail('usage', 'There is nothing to send.', { next: 'Give a text, - for standard input, or --input JSON.' });
  if (text !== '-') return ok(text);
  let all = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) all += chunk as string;
  return ok(all.replace(/\r?\n$/, ''));
}

function parseParameters(text: string): Outcome<Record<string, unknown>> {
  const parsed = parse('--parameters', text);
  if (!parsed.ok) return parsed;
  if (typeof parsed.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value))
    return ok(parsed.value as Record<string, unknown>);
  return fail('usage', '--parameters must be a JSON object.', { next: `For example: --parameters '{"full": true}'` });
}

function parse(flag: string, text: string): Outcome<unknown> {
  try {
    return ok(JSON.parse(text) as unknown);
  } catch (error) {
    return fail('usage', `${flag} is not valid JSON.`, { why: (error as Error).message });
  }
}
