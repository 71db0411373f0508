// The VS Code that set-up installed, served to a browser, each time with a profile of its own.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { codeServer } from '../setup/code-server.mjs';
import { node, windows } from './paths.mjs';
import { SetupError, runLogged } from './run.mjs';

/** What keeps a fresh profile quiet, so that nothing but the extension asks for attention. */
const QUIET = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'remote.autoForwardPorts': false,
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'update.mode': 'none',
  'security.workspace.trust.startupPrompt': 'never',
};

/** A profile below one folder: nothing is read from or written to the user's own. */
function profileArguments(profile) {
  return ['user-data-dir', 'extensions-dir', 'server-data-dir'].flatMap((name) => [
    `--${name}`,
    path.join(profile, name),
  ]);
}

function profileEnvironment(profile, env) {
  const { NODE_OPTIONS: _, ...rest } = env;
  return {
    ...rest,
    XDG_CONFIG_HOME: path.join(profile, 'config'),
    XDG_DATA_HOME: path.join(profile, 'data'),
    // Where ports are reached through a path of code-server's own front, which is not used here.
    VSCODE_PROXY_URI: '',
  };
}

/** The profile's settings file. A running VS Code notices only the first change from outside: reload after each. */
export function settingsFile(profile) {
  return path.join(profile, 'user-data-dir/User/settings.json');
}

/** Writes the profile's settings: those that keep it quiet, and `settings` over them. */
export function writeSettings(profile, settings = {}) {
  mkdirSync(path.dirname(settingsFile(profile)), { recursive: true });
  writeFileSync(settingsFile(profile), JSON.stringify({ ...QUIET, ...settings }, null, 2));
}

/**
 * What the `code` command of a desktop VS Code is given, so that it runs in the profile and trusts what it opens: a
 * restricted window shows none of Nimbus's commands, and the profile never asks.
 */
export function codeArguments(profile, { superuser = process.getuid?.() === 0 } = {}) {
  const folders = ['user-data-dir', 'extensions-dir'].flatMap((name) => [`--${name}`, path.join(profile, name)]);
  const flags = [...folders, '--disable-workspace-trust', ...(superuser ? ['--no-sandbox'] : [])];
  return {
    install: (vsix) => [...flags, '--install-extension', vsix, '--force'],
    open: (folder) => [...flags, '--new-window', '--wait', folder],
  };
}

/** Installs a .vsix file into the profile. */
export async function installExtension(profile, vsix, env = process.env) {
  await runLogged('editor', [node, codeServer, ...profileArguments(profile), '--install-extension', vsix, '--force'], {
    env: profileEnvironment(profile, env),
  });
}

/**
 * Starts the server. Its address carries a token without which it answers nobody.
 * @param {{ profile: string, folder?: string, flags?: string[], env?: NodeJS.ProcessEnv, restricted?: boolean }} options
 *   folder: what a page without one in its address opens; restricted: folders are not trusted until the user says so
 * @returns {Promise<{ url: URL, log: string, ended: Promise<void>, stop: () => Promise<void> }>} log: a file
 *   with all that it printed
 */
export async function serveEditor({ profile, folder, flags = [], env = process.env, restricted = false }) {
  mkdirSync(profile, { recursive: true });
  const token = path.join(profile, 'token');
  writeFileSync(token, randomBytes(16).toString('hex'), { mode: 0o600 });
  const log = path.join(profile, 'server.log');
  const listen = ['--host', '127.0.0.1', '--port', '0', '--connection-token-file', token];
  const trusting = restricted ? [] : ['--disable-workspace-trust'];
  const quiet = ['--accept-server-license-terms', '--disable-telemetry', ...trusting];
  const open = folder ? ['--default-folder', folder] : [];
  const child = spawn(node, [codeServer, ...listen, ...quiet, ...open, ...flags, ...profileArguments(profile)], {
    env: profileEnvironment(profile, env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !windows,
  });
  const ended = new Promise((resolve) => child.on('exit', () => resolve()));
  const stop = async () => {
    try {
      process.kill(windows ? child.pid : -child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    await ended;
  };
  const file = createWriteStream(log);
  const url = new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (bytes) => {
      file.write(bytes);
      text += bytes;
      const address = /Web UI available at (\S+)/.exec(text)?.[1];
      if (address) resolve(new URL(address));
    });
    child.stderr.on('data', (bytes) => file.write(bytes));
    void ended.then(() => reject(new SetupError(`VS Code's server ended before it was ready: ${log}`)));
  });
  return { url: await url, log, ended, stop };
}
