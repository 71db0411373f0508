/** How the editor of a test builds images: by variables, as a window in a browser has no file for settings of the machine. */
import { execFileSync } from 'node:child_process';
import { BUILD_VARIABLES } from '../docker/project.ts';

/** For editors that are started from now on, until `buildAsBefore`. */
export function buildOnTestBases(): void {
  Object.assign(process.env, BUILD_VARIABLES);
}

export function buildAsBefore(): void {
  for (const name of Object.keys(BUILD_VARIABLES)) delete process.env[name];
}

/** Removes the images that Nimbus made whose names have this in them: `:rules.docker.`. */
export function removeImages(part: string): void {
  const made = execFileSync('docker', ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}'], { encoding: 'utf8' });
  const ours = made.split('\n').filter((one) => one.startsWith('nimbus/') && one.includes(part));
  if (ours.length > 0) execFileSync('docker', ['image', 'rm', ...ours]);
}
