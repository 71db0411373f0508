import { InvalidArgumentError, type Command } from 'commander';
import type { SpentOn } from '../../core/cloud/spent.ts';
import { costOf, usageOf, usualRegion } from '../../core/cost/card.ts';
import { readPrices } from '../../core/cost/price-file.ts';
import { defined } from '../../core/defined.ts';
import {
  ALL_COLD,
  breakEvenText,
  costNotes,
  formatBill,
  measuredText,
  monthRows,
  quantityText,
  sinceText,
  totalTitle,
  usageText,
  USUAL_REQUESTS,
  SPENT_NOTE,
  type CostCard,
  type Spent,
} from '../../shared/cost.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import { MEMORY_MB } from '../../shared/sweep.ts';
import { table } from '../answer.ts';
import { connect, openServed, statusOf, type Project } from '../context.ts';
import { accountFor } from '../../core/cloud/account.ts';
import { resolveImage } from '../names.ts';
import { wholeNumber } from '../options.ts';
import { orExit, type Terminal } from '../terminal.ts';

interface Options {
  requests?: number;
  region?: string;
  memory?: number;
  duration?: number;
  cold?: number;
  freeTier?: true;
  profile?: string;
}

export function register(program: Command, terminalOf: (command: Command) => Terminal): void {
  program
    .command('cost')
    .description(
      'show what a model costs on AWS Lambda in a month, from where something else is cheaper, and what it has cost',
    )
    .argument('<name>', 'a model, or MODEL/DEPLOYMENT')
    .option(
      '--requests <count>',
      `a number of requests a month, beside ${USUAL_REQUESTS.map((count) => count.toLocaleString('en')).join(', ')}`,
      wholeNumber(0, 1e12),
    )
    .option('--region <region>', 'region of AWS (default: that of a deployment there, AWS_REGION, us-east-1)')
    .option(
      '--memory <MB>',
      'memory of the function (default: that of models.json)',
      wholeNumber(MEMORY_MB.least, MEMORY_MB.most),
    )
    .option('--duration <ms>', 'milliseconds of a warm request, in the place of those measured', milliseconds)
    .option('--cold <share>', 'cold requests among all, from 0 to 1 (default: 0.01)', coldShare)
    .option('--free-tier', 'leave out what is free for every account, as if nothing else used it')
    .option('--profile <name>', 'profile of the AWS configuration, of a deployment on AWS')
    .action((name: string, options: Options, command: Command) => cost(terminalOf(command), name, options));
}

function milliseconds(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value > 0 && value <= 900_000) return value;
  throw new InvalidArgumentError('It must be a number of milliseconds, up to 900000.');
}

function coldShare(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be a number from 0 to 1, such as 0.05.');
}

async function cost(terminal: Terminal, name: string, options: Options): Promise<void> {
  const prices = orExit(terminal, await readPrices(process.env));
  const project = await openServed(terminal);
  const key = orExit(terminal, keyOf(project, name));
  const connection = await connect(terminal, project.folder);
  try {
    const spec = project.models[key.model];
    const declared = spec?.deployments?.[key.deployment];
    const status = statusOf(connection, key);
    const region = options.region ?? declared?.region ?? usualRegion(process.env);
    const freeTier = options.freeTier ?? false;
    const spent =
      status?.cloud &&
      (await spentOf(terminal, options, {
        cloud: status.cloud,
        image: status.image,
        spec,
        declared,
        prices: prices.list,
        freeTier,
      }));
    const card = costOf({
      key,
      spec,
      status,
      sweep: await connection.api.sweep(key.model),
      ...defined({ spent }),
      asked: defined({ memoryMb: options.memory, warmMs: options.duration }),
      region,
      prices,
      freeTier,
      usage: { ...usageOf(declared), ...defined({ coldShare: options.cold }) },
      ...defined({ requests: options.requests }),
    });
    tell(terminal, orExit(terminal, card));
  } finally {
    connection.close();
  }
}

/** Of a deployment on AWS, where that can be asked: who has no credentials at hand still gets the rest. */
async function spentOf(terminal: Terminal, { profile }: Options, deployed: SpentOn): Promise<Spent | undefined> {
  const account = await accountFor(defined({ profile }), deployed.declared, process.env);
  const { spentOn } = await import('../../core/cloud/spent.ts');
  const spent = account.ok ? await spentOn(account.value, deployed) : account;
  if (spent.ok) return spent.value;
  const { what, why = '', next = '' } = spent.error;
  terminal.warn(`What it has cost is not known. ${what} ${why} ${next}`.trim());
  return undefined;
}

/** What was only swept, and never deployed, has its sweep under the name that a deploy to Docker would take. */
function keyOf(project: Project, name: string): Outcome<DeploymentKey> {
  const key = resolveImage(project, name);
  return !key.ok && key.error.code === 'not-deployed' ? ok({ model: name, deployment: 'docker' }) : key;
}

function tell(terminal: Terminal, card: CostCard): void {
  terminal.document(card);
  const { region, usage, alternatives } = card;
  terminal.say(`${keyText(card)} on AWS Lambda in ${region}   ${usageText(usage)}`);
  terminal.say(measuredText(card));
  terminal.say('');
  terminal.say(months(card));
  terminal.say('');
  terminal.say(
    table(
      alternatives.map((one) => [one.title, formatBill(one.idleDollars), breakEvenText(one)]),
      ['INSTEAD OF IT', 'IDLE', 'COSTS NO MORE'],
    ),
  );
  terminal.say('');
  if (card.spent) {
    terminal.say(spentTable(card.spent));
    terminal.say(`${SPENT_NOTE}\n`);
  }
  for (const note of costNotes(card)) terminal.say(note);
  terminal.say(`Check with ${card.prices.sources[0]} and the other pages that --json lists.`);
}

function spentTable(spent: Spent): string {
  const rows = spent.items.map((one) => [one.title, quantityText(one), formatBill(one.dollars)]);
  return table(
    [...rows, ['Together', '', formatBill(spent.dollars)]],
    [sinceText(spent).toUpperCase(), 'USED', 'COST'],
  );
}

function months(card: CostCard): string {
  const { months: all, allColdDollars, usage } = card;
  const rows = monthRows(card).map(({ title, dollars }) => [title, ...dollars.map((one) => formatBill(one))]);
  const total = [totalTitle(usage), ...all.map(({ dollars }) => formatBill(dollars))];
  const cold = allColdDollars ? [[ALL_COLD, ...allColdDollars.map((dollars) => formatBill(dollars))]] : [];
  return table(
    [...rows, total, ...cold],
    ['REQUESTS A MONTH', ...all.map(({ requests }) => requests.toLocaleString())],
  );
}
