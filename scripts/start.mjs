// `npm start`: from a fresh clone to a model that answers, then the sample workspace in VS Code until Ctrl+C.
// Without a terminal, or with `-- --no-editor`, it ends after the predictions. `-- --workspace DIR` makes it elsewhere.
import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { codeArguments, installExtension, serveEditor, writeSettings } from './lib/editor.mjs';
import { cache, node, root, windows } from './lib/paths.mjs';
import { elapsed, main, sinceStart, step } from './lib/progress.mjs';
import { SetupError, output, runLogged } from './lib/run.mjs';
import { stages, vsix } from './lib/stages.mjs';
import { makeWorkspace } from './lib/workspace.mjs';
import { setUp } from './setup.mjs';

let workspace = path.join(cache, 'workspace');
const profile = path.join(cache, 'editor');
const TEXT = 'I loved the food, and the staff was friendly.';

/** Runs the built command line in the sample workspace, on the Node that users have. */
function nimbus(args) {
  return runLogged('nimbus', [process.execPath, path.join(root, 'dist/cli.js'), ...args], { cwd: workspace });
}

/** As `nimbus`, with --json: answers with the document. */
function nimbusJson(args) {
  const command = [process.execPath, path.join(root, 'dist/cli.js'), ...args, '--json'];
  const text = output(command, { cwd: workspace });
  if (text === undefined)
    throw new SetupError(`It failed. See for yourself:\n  cd ${workspace}\n  ${command.join(' ')}`);
  return JSON.parse(text);
}

/** One line per prediction: how it started, how long it took, and where the time went. */
function describe({ result, timings, client }) {
  const best = result.scores?.find(({ label }) => label === result.label);
  const answer = `${result.label}${best ? ` ${best.score.toFixed(2)}` : ''}`;
  const phases = Object.entries(client)
    .filter(([name, value]) => name !== 'totalMs' && value >= 1)
    .map(([name, value]) => `${name.replace(/Ms$/, '')} ${Math.round(value)}`)
    .join(' · ');
  const total = client.totalMs < 100 ? `${client.totalMs.toFixed(1)} ms` : elapsed(client.totalMs);
  return `  ${timings.start.toUpperCase().padEnd(6)}${total.padStart(10)}   ${answer}${phases ? `   (ms: ${phases})` : ''}`;
}

async function deployAndPredict() {
  await step('Sample workspace', async () => {
    makeWorkspace(workspace);
    return path.relative(process.cwd(), workspace);
  });
  await step('nimbus deploy models/sentiment.joblib', () =>
    nimbus(['deploy', 'models/sentiment.joblib', '--trust', '--yes']),
  );
  // The deploy has tried the model out; without this the first prediction would find it warm.
  await nimbus(['cold', 'sentiment']);
  console.log(`\n  “${TEXT}”`);
  for (const wanted of ['cold', 'warm']) {
    const answer = nimbusJson(['predict', 'sentiment', TEXT]);
    console.log(describe(answer));
    const { start } = answer.timings;
    if (start !== wanted)
      throw new SetupError(`This prediction was to find the model ${wanted}, and found it ${start}.`);
  }
  const { models } = nimbusJson(['list']);
  const { url } = models.find(({ name }) => name === 'sentiment').deployments[0];
  console.log(`\n  curl ${url}/predict -H 'content-type: application/json' -d '{"text": "The room was awful"}'`);
  console.log(`\nFrom nothing to here in ${elapsed(sinceStart())}. The sample models are in the sample workspace:`);
  console.log(`  cd ${path.relative(process.cwd(), workspace) || '.'}\n  npx nimbus list`);
}

/** Opens VS Code's window where its command is on the PATH; ends when it is closed. */
async function openCode() {
  const code = codeArguments(profile);
  await step('Install the extension', () => runLogged('editor', ['code', ...code.install(vsix)]));
  console.log('\nVS Code opens the sample workspace. Ctrl+C here ends it.');
  const child = spawn('code', code.open(workspace), { stdio: 'ignore', shell: windows });
  await new Promise((resolve) => child.on('exit', resolve));
}

/** Serves VS Code to the browser, until Ctrl+C. */
async function serveCode() {
  await step('Install the extension', () => installExtension(profile, vsix));
  const server = await serveEditor({ profile, folder: workspace });
  console.log(
    `\nOpen ${server.url.href}\nRight-click models/entities in the Explorer, then Deploy Model. Ctrl+C here ends it.`,
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => void server.stop());
  await server.ended;
}

await main(async () => {
  const { values } = parseArgs({
    options: { 'no-editor': { type: 'boolean', default: false }, workspace: { type: 'string', default: workspace } },
  });
  workspace = path.resolve(values.workspace);
  const editor = !values['no-editor'] && process.stdin.isTTY === true && process.stdout.isTTY === true;
  const code = editor && output(['code', '--version']) !== undefined;
  await setUp({ codeServer: editor && !code });
  await step('Build', () => runLogged('build', [node, path.join(root, 'scripts/build.mjs')]));
  await deployAndPredict();
  if (!editor) {
    const why = values['no-editor'] ? '' : 'This is no terminal, so no editor was opened. ';
    console.log(`\n${why}To open the sample workspace in VS Code, run npm start in a terminal.`);
    return;
  }
  await step('Package the extension', () => runLogged('package', stages.package.commands.at(-1)));
  writeSettings(profile);
  await (code ? openCode() : serveCode());
});
