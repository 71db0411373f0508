/**
 * The deployer, a process of its own: CDK takes seconds to load and hundreds of megabytes, its toolkit reads endpoints from
 * the environment of the process, and neither can be unloaded. Its only argument is a folder that it may fill; who starts it
 * removes it. It ends with who started it; what CloudFormation does meanwhile goes on, and another process can follow it.
 */
import { createBirpc } from 'birpc';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { DeployerApi, DeployerEvents, Warmth } from './protocol.ts';
import { MADE_UP } from './made-up.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined || !process.send) {
  throw new Error('The deployer is started by Nimbus, with a folder and a channel to it.');
}
// The toolkit keeps in its folder which account an access key belongs to, and writes logins to Docker's: not to the user's.
process.env['CDK_HOME'] = path.join(folder, 'cdk');
process.env['DOCKER_CONFIG'] = path.join(folder, 'docker');

/** Loads all that there is to load, and uses it once: what a first use compiles is compiled then. */
const loaded = (async () => {
  const start = performance.now();
  const [{ Deployer }, { assemble, warmUp }] = await Promise.all([import('./deployer.ts'), import('./change-set.ts')]);
  const imported = performance.now();
  const made = path.join(folder, 'warm');
  const what = { kind: 'deployment', description: MADE_UP } as const;
  await mkdir(made, { recursive: true });
  assemble(what, path.join(made, 'first'));
  const synthesised = performance.now();
  await warmUp(what, made);
  await rm(made, { recursive: true });
  const warmth: Warmth = {
    importMs: imported - start,
    synthesisMs: synthesised - imported,
    toolkitMs: performance.now() - synthesised,
    residentBytes: process.memoryUsage.rss(),
  };
  return { deployer: new Deployer(folder, (event) => void rpc.event(event)), warmth };
})();
// Who calls is told; until then nobody waits for it.
loaded.catch(() => undefined);

const api: DeployerApi = {
  warm: async () => (await loaded).warmth,
  synthesise: async (...given) => (await loaded).deployer.synthesise(...given),
  bootstrap: async (...given) => (await loaded).deployer.bootstrap(...given),
  deploy: async (...given) => (await loaded).deployer.deploy(...given),
  level: async (...given) => (await loaded).deployer.level(...given),
  rotateKey: async (...given) => (await loaded).deployer.rotateKey(...given),
  follow: async (...given) => (await loaded).deployer.follow(...given),
  destroy: async (...given) => (await loaded).deployer.destroy(...given),
  cancel: async (...given) => (await loaded).deployer.cancel(...given),
};

const rpc = createBirpc<DeployerEvents, DeployerApi>(api, {
  post: (message) => process.send?.(message),
  on: (receive) => process.on('message', receive),
  eventNames: ['event'],
  // A deploy takes what it takes.
  timeout: -1,
});
process.once('disconnect', () => process.exit());
