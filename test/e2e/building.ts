/** How the editor of a test builds images: by variables, as a window in a browser has no file for settings of the machine. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { addressOf } from '../../src/core/host/election.ts';
import { repositoryOf } from '../../src/core/image/image.ts';
import { ofThisMachine } from '../../src/core/machine.ts';
import { projectId } from '../../src/core/places.ts';
import { BUILD_VARIABLES } from '../docker/project.ts';

/** For editors that are started from now on, until `buildAsBefore`. */
export function buildOnTestBases(): void {
  Object.assign(process.env, BUILD_VARIABLES);
}

export function buildAsBefore(): void {
  for (const name of Object.keys(BUILD_VARIABLES)) delete process.env[name];
}

/** Chooses the containers of a project, for `docker ps --filter`. */
export function labelIn(workspace: string): string {
  const address = addressOf(workspace);
  assert.ok(address.ok);
  return `label=nimbus.project=${ofThisMachine(address.value.mark)}`;
}

/** What has the names of a project's images, as tags. To be asked for while the project and its user's folders are there. */
export function repositoryIn(workspace: string): string {
  return repositoryOf(projectId(workspace));
}

/** Of one project: other runs have models of the same names. */
export function removeImages(repository: string): void {
  const list = ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', repository];
  const ours = execFileSync('docker', list, { encoding: 'utf8' }).split('\n').filter(Boolean);
  if (ours.length > 0) execFileSync('docker', ['image', 'rm', ...ours]);
}
