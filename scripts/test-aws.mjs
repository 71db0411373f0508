// `npm run test:aws`: runs the tests of the lambda target on a real AWS account, see docs/aws-testing.md. `-- --clean` removes
// what a run left that could not end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import { leaveEngine, useEngine } from './lib/engine.mjs';
import { node, root } from './lib/paths.mjs';
import { main, step } from './lib/progress.mjs';
import { runLogged, SetupError } from './lib/run.mjs';
import { setUpNodeModules } from './setup/node-modules.mjs';
import { setUp } from './setup.mjs';

/** Its standard streams are the terminal's; it sees by its channel when this process is gone. */
async function run(args) {
  // The keyboard's signal reaches both; the other one cleans up before it ends.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
  const child = spawn(node, [path.join(root, 'test/aws/account/main.ts'), ...args], {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

await main(async () => {
  // The rest of what it is told is checked once there is a Node that reads it.
  if (!process.env.NIMBUS_TEST_AWS_ACCOUNT || !process.env.AWS_REGION) {
    throw new SetupError(
      'This makes things in an AWS account, and costs money: it wants to be told which.\n' +
        'Set NIMBUS_TEST_AWS_ACCOUNT to the number of an account for tests, and AWS_REGION. docs/aws-testing.md says what is made there.',
    );
  }
  const args = process.argv.slice(2);
  if (args.includes('--clean')) {
    await step('Node packages', setUpNodeModules);
    process.exitCode = await run(args);
    return;
  }
  await setUp({ tests: true });
  try {
    await step('Docker engine', useEngine);
    await step('Build', () => runLogged('build', [node, path.join(root, 'scripts/build.mjs')]));
    process.exitCode = await run(args);
  } finally {
    await leaveEngine();
  }
});
