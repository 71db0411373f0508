/**
 * Runs the suite on a real account, under the policy of docs/aws-policy.json, and cleans up. `scripts/test-aws.mjs` starts it;
 * with an address in AWS_ENDPOINT_URL it runs against what is there. It ends with 2 where it made nothing.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { artifacts, node } from '../../../scripts/lib/paths.mjs';
import { stageEnvironment } from '../../../scripts/lib/run-stage.mjs';
import { mocha, reportOf } from '../../../scripts/lib/stages.mjs';
import { supervise } from '../../../scripts/lib/supervise.mjs';
import { awsConfig } from '../../../src/core/cloud/aws.ts';
import { asking } from '../../../src/core/cloud/errors.ts';
import { IMAGES } from '../../../src/core/cloud/stack.ts';
import { ok, type UserError } from '../../../src/shared/outcome.ts';
import { deployed, deployerOn, done, variablesOf, type Reached } from '../support.ts';
import { beyond, LOOK_SECONDS, Meter } from './budget.ts';
import { cleanRun } from './clean.ts';
import type { CleanerTask } from './cleaner.ts';
import { findRuns } from './leftovers.ts';
import { bootstrapRoleName, ROLE_TAGS, roleName } from './names.ts';
import { identity, prepare, showPlan, type Run } from './plan.ts';
import { report } from './report.ts';
import { assume, makeRole, removeRole, type PolicyFile } from './role.ts';
import { runSettings } from './settings.ts';
import { MARK } from './suite.ts';

const CLEANER = fileURLToPath(new URL('cleaner.ts', import.meta.url));
const NOT_BEGUN = 2;
const INTERRUPTED = 130;
const TEST_SECONDS = 900;

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupted.abort('It was interrupted.'));
}
// Who started it is gone.
process.once('disconnect', () => interrupted.abort('It was interrupted.'));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { yes: { type: 'boolean' }, clean: { type: 'boolean' }, only: { type: 'string' } },
});
try {
  process.exitCode = values.clean ? await cleanEarlier(positionals) : await runSuite();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
// Its channel to who started it would keep it alive.
if (process.connected) process.disconnect();

async function agrees(): Promise<boolean> {
  if (values.yes) return true;
  if (!process.stdin.isTTY) {
    console.error('Nobody can be asked here: --yes agrees to that.');
    return false;
  }
  const asked = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await asked.question('Run them? (y/n) ', { signal: interrupted.signal }).catch(() => 'n');
  asked.close();
  return /^y/i.test(answer);
}

async function runSuite(): Promise<number> {
  const prepared = await prepare(values.only);
  if (!prepared.ok) return refuse(prepared.error);
  const run = prepared.value;
  showPlan(run);
  if (!(await agrees())) return NOT_BEGUN;
  const processes = randomUUID();
  const cleaner = await startCleaner(run, processes);
  let code: number;
  try {
    const reached = await asking(async () => ok(await makeReady(run)));
    if (!reached.ok) code = refuse(reached.error, 1);
    else if (interrupted.signal.aborted) code = INTERRUPTED;
    else code = await measured(run, reached.value, () => runTests(run, reached.value, processes));
  } catch (error) {
    console.error(`\n${(error as Error).stack}`);
    code = 1;
  }
  cleaner.stdin!.end();
  const [cleaned] = (await once(cleaner, 'exit')) as [number | null];
  return code || (cleaned ?? 1);
}

async function startCleaner({ region, run, lacks }: Run, processes: string): Promise<ChildProcess> {
  const task: CleanerTask = { region, run, madeImages: lacks.images, processes };
  // In a session of its own: what ends the runner at the keyboard does not reach it.
  const stdio = ['pipe', 'inherit', 'inherit'] as const;
  const cleaner = spawn(node, [CLEANER, JSON.stringify(task)], { detached: true, stdio: [...stdio] });
  await once(cleaner, 'spawn');
  return cleaner;
}

/** Makes the role, and what all deployments of an account share. How who calls as the role reaches AWS. */
async function makeReady({ run, until, config, account, region, lacks }: Run): Promise<Reached> {
  const tags = {
    [ROLE_TAGS.run]: run,
    [ROLE_TAGS.region]: region,
    [ROLE_TAGS.until]: until.toISOString(),
    [ROLE_TAGS.madeImages]: lacks.images ? 'yes' : 'no',
  };
  const roleWith = async (name: string, ...policies: PolicyFile[]): Promise<Reached> =>
    assume(config, await makeRole(config, { account, name, policies, tags }));
  const client = await roleWith(roleName(run), 'aws-policy.json');
  if (lacks.bootstrap) {
    const name = bootstrapRoleName(run);
    const both = await roleWith(name, 'aws-policy.json', 'aws-bootstrap-policy.json');
    const deployer = await deployerOn({ client: both });
    try {
      done(await deployer.api.bootstrap({ account, region }));
    } finally {
      await deployer.kill();
      await removeRole(config, name);
    }
  }
  if (lacks.images) {
    const deployer = await deployerOn({ client });
    const description = { stackName: IMAGES.stack, repository: IMAGES.repository, account, region };
    try {
      deployed(await deployer.api.deploy({ what: { kind: 'repository', description } }));
    } finally {
      await deployer.kill();
    }
  }
  return client;
}

/** Says what was used; ends the tests where that is beyond the bounds. */
async function measured(run: Run, reached: Reached, work: () => Promise<number>): Promise<number> {
  const { credentials, ...rest } = reached;
  const meter = new Meter({ ...rest, credentials: async () => credentials }, run.prices, run.run);
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      const why = beyond(await meter.look(), run.limit);
      if (why !== undefined) interrupted.abort(why);
    } catch (error) {
      // Who cannot say what is used does not go on using it.
      interrupted.abort(`What it uses could not be counted: ${(error as Error).message}`);
    }
    isLooking = false;
  };
  const timer = setInterval(() => void look(), LOOK_SECONDS * 1000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (interrupted.signal.aborted) console.error(`\nEnded before its end. ${interrupted.signal.reason}`);
    await meter.look().then(
      ({ requests, dollars, largestMemoryMb, deployments }) =>
        console.log(
          `\nUsed, as far as CloudWatch has counted it by now: ${requests} requests and $${dollars.toFixed(4)}, ` +
            `by ${deployments} deployments with ${largestMemoryMb} MB at most.`,
        ),
      (error: Error) => console.error(`\nWhat was used could not be counted: ${error.message}`),
    );
  }
}

async function runTests(run: Run, reached: Reached, processes: string): Promise<number> {
  mkdirSync(artifacts, { recursive: true });
  const home = mkdtempSync(path.join(os.tmpdir(), 'nimbus-test-'));
  const name = `aws-${run.run}`;
  const reportFile = reportOf(name);
  const command = mocha({ files: run.files, timeoutSeconds: TEST_SECONDS }, reportFile);
  const { problem, left } = await supervise([...command, '--grep', MARK.replaceAll(/[[\]]/g, '\\$&'), '--invert'], {
    log: path.join(artifacts, `${name}.log`),
    deadlineSeconds: Math.max(1, (run.until.getTime() - Date.now()) / 1000),
    env: environmentOf(run, reached, home),
    signal: interrupted.signal,
    print: (text: string) => process.stdout.write(text),
    id: processes,
  });
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  for (const line of left) console.log(`left running, killed: ${line}`);
  const result = readReport(reportFile);
  if (result) console.log(`\n${result.passed.length} passed, ${result.failures.length} failed`);
  for (const { title, message } of result?.failures ?? []) console.log(`\n✗ ${title}\n  ${message}`);
  if (problem === undefined && result && result.passed.length > 0) return 0;
  console.error(`\nThe tests: ${problem ?? 'none ran'}.`);
  return interrupted.signal.aborted ? INTERRUPTED : 1;
}

/** Nothing of who started the run is in it: neither keys, nor a profile, nor where there are others. */
function environmentOf({ run, account }: Run, reached: Reached, home: string): NodeJS.ProcessEnv {
  const mine = Object.entries(stageEnvironment(home)).filter(([name]) => !name.startsWith('AWS_'));
  return {
    ...Object.fromEntries(mine),
    ...variablesOf(reached),
    AWS_CONFIG_FILE: os.devNull,
    AWS_SHARED_CREDENTIALS_FILE: os.devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    NIMBUS_TEST_AWS_RUN: run,
    NIMBUS_TEST_AWS_ACCOUNT: account,
  };
}

interface Report {
  passed: unknown[];
  failures: { title: string; message: string }[];
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}

/** Of runs that could not be cleaned up: all that are over, or those that are named. */
async function cleanEarlier(runs: readonly string[]): Promise<number> {
  const settings = runSettings(process.env);
  if (!settings.ok) return refuse(settings.error);
  const caller = await identity(settings.value);
  if (!caller.ok) return refuse(caller.error);
  const found = await findRuns(await awsConfig(settings.value.region, process.env));
  for (const name of runs)
    if (!found.some(({ run }) => run === name)) console.log(`There is nothing of a run ${name}.`);
  let code = 0;
  for (const one of found) {
    if (runs.length > 0 ? !runs.includes(one.run) : one.until > new Date()) {
      if (runs.length === 0) {
        console.log(
          `The run ${one.run} may go on until ${one.until.toISOString()}: -- --clean ${one.run} ends it now.`,
        );
      }
      continue;
    }
    const config = await awsConfig(one.region, process.env);
    code = report(one.run, await cleanRun(config, one, (line) => console.log(`clean-up: ${line}`))) || code;
  }
  if (found.length === 0) console.log('Nothing is left of any run.');
  return code;
}

function refuse({ what, why, next }: UserError, code = NOT_BEGUN): number {
  console.error([what, why, next].filter(Boolean).join('\n'));
  return code;
}
