import type { Command } from 'commander';
import { predict } from '../../core/invoke/predict.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { formatResult, formatTimings } from '../answer.ts';
import { keyHeaders, statusOrExit, withDeployment } from '../context.ts';
import { EXIT, Exit, indent, orExit, type Terminal } from '../terminal.ts';

interface Options {
  input?: string;
  parameters?: string;
}

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('predict')
    .description('send one input to a deployment and show the answer')
    .argument('<name>', 'a model, or MODEL/DEPLOYMENT')
    .argument('[text]', 'the text, or - to read it from standard input')
    .option('--input <json>', 'an input that is not a text, as JSON')
    .option('--parameters <json>', 'options for the model, as a JSON object')
    .action((name: string, text: string | undefined, options: Options, command: Command) =>
      run(terminalOf(command), name, text, options),
    );
}

async function run(terminal: Terminal, name: string, text: string | undefined, options: Options): Promise<void> {
  const input = orExit(terminal, await readInput(text, options));
  const parameters =
    options.parameters === undefined ? undefined : orExit(terminal, parseParameters(options.parameters));
  await withDeployment(terminal, name, async (connection, key) => {
    const status = statusOrExit(terminal, connection, key);
    const { url } = status;
    const headers = orExit(terminal, await keyHeaders(status));
    const answer = await predict(
      url,
      { input, ...(parameters === undefined ? {} : { parameters }) },
      { signal: terminal.signal, headers },
    );
    if (terminal.signal.aborted) orExit(terminal, cancelled());
    const { problem, body, phases, start } = answer;
    if (problem) {
      terminal.document(problem);
      if (!terminal.json) process.stderr.write(formatProblem(problem, name));
      throw new Exit(EXIT.failed);
    }
    terminal.document({ ...(body as object), client: phases });
    terminal.say(formatResult((body as { result: unknown }).result));
    terminal.say(`\n${formatTimings(start, phases)}`);
  });
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
  const lines = [`${problem.status} ${problem.title}`, indent(problem.detail)];
  if (problem.lastLines?.length) lines.push(indent(problem.lastLines.join('\n'), '  | '));
  if (problem.next) lines.push(problem.next);
  // Where the model's own code failed, its log has the stack.
  const isFailure = problem.type === 'urn:nimbus:problem:handler-failed';
  lines.push(isFailure ? `Where: nimbus logs ${name} --request ${problem.requestId}` : `request ${problem.requestId}`);
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
