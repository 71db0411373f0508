import * as vscode from 'vscode';
import type { Outcome } from '../../shared/outcome.ts';
import type { Editor } from '../editor.ts';

/** What a command does. Its arguments come from menus, rows, buttons or other extensions: each reads them with care. */
export type Run = (editor: Editor, ...args: unknown[]) => Promise<Outcome<unknown> | void>;

interface Command {
  load(): Promise<Run>;
  /** Runs something of the workspace, or changes it: needs a trusted workspace. */
  trusted: boolean;
}

/** Every command of Nimbus; each is loaded when it is first run. */
export const COMMANDS = {
  'nimbus.deploy': { trusted: true, load: async () => (await import('./deploy.ts')).deploy },
  'nimbus.redeploy': { trusted: true, load: async () => (await import('./redeploy.ts')).redeploy },
  'nimbus.selectInterpreter': { trusted: true, load: async () => (await import('./redeploy.ts')).selectInterpreter },
  'nimbus.lock': { trusted: true, load: async () => (await import('./lock.ts')).lock },
  'nimbus.start': { trusted: true, load: async () => (await import('./route.ts')).start },
  'nimbus.stop': { trusted: true, load: async () => (await import('./route.ts')).stop },
  'nimbus.forceCold': { trusted: true, load: async () => (await import('./route.ts')).forceCold },
  'nimbus.remove': { trusted: true, load: async () => (await import('./remove.ts')).remove },
  'nimbus.cancelOperation': { trusted: true, load: async () => (await import('./cancel.ts')).cancelOperation },
  'nimbus.openPlayground': { trusted: true, load: async () => (await import('./playground.ts')).openPlayground },
  'nimbus.compareDeployments': { trusted: true, load: async () => (await import('./compare.ts')).compareDeployments },
  'nimbus.predictSelection': { trusted: true, load: async () => (await import('./playground.ts')).predictSelection },
  'nimbus.buildImage': { trusted: true, load: async () => (await import('./images.ts')).buildImage },
  'nimbus.openDockerfile': { trusted: false, load: async () => (await import('./images.ts')).openDockerfile },
  'nimbus.showImageReport': { trusted: true, load: async () => (await import('./images.ts')).showImageReport },
  'nimbus.memorySweep': { trusted: true, load: async () => (await import('./sweep.ts')).memorySweep },
  'nimbus.cost': { trusted: true, load: async () => (await import('./cost.ts')).showCost },
  'nimbus.pushToRegistry': { trusted: true, load: async () => (await import('./ship.ts')).pushToRegistry },
  'nimbus.eject': { trusted: true, load: async () => (await import('./ship.ts')).eject },
  'nimbus.cleanUp': { trusted: true, load: async () => (await import('./clean-up.ts')).cleanUp },
  'nimbus.doctor': { trusted: false, load: async () => (await import('./doctor.ts')).doctor },
  'nimbus.copyEndpointUrl': { trusted: false, load: async () => (await import('./copy.ts')).copyEndpointUrl },
  'nimbus.copyAsCurl': { trusted: false, load: async () => (await import('./copy.ts')).copyAsCurl },
  'nimbus.copyAsPython': { trusted: false, load: async () => (await import('./copy.ts')).copyAsPython },
  'nimbus.copyAsTypeScript': { trusted: false, load: async () => (await import('./copy.ts')).copyAsTypeScript },
  'nimbus.copyApiKey': { trusted: true, load: async () => (await import('./aws.ts')).copyApiKey },
  'nimbus.rotateApiKey': { trusted: true, load: async () => (await import('./aws.ts')).rotateApiKey },
  'nimbus.logInToAws': { trusted: true, load: async () => (await import('./aws.ts')).logInToAws },
  'nimbus.selectAwsProfile': { trusted: true, load: async () => (await import('./aws.ts')).selectAwsProfile },
  'nimbus.compareWithAws': { trusted: true, load: async () => (await import('./drift.ts')).compareWithAws },
  'nimbus.rollBack': { trusted: true, load: async () => (await import('./rollback.ts')).rollBack },
  'nimbus.adopt': { trusted: true, load: async () => (await import('./ghosts.ts')).adoptGhost },
  'nimbus.deleteFromAws': { trusted: true, load: async () => (await import('./ghosts.ts')).deleteFromAws },
  'nimbus.showLogs': { trusted: true, load: async () => (await import('./logs.ts')).showLogs },
  'nimbus.showOperationLog': { trusted: false, load: async () => (await import('./logs.ts')).showOperationLog },
  'nimbus.openModelsFile': { trusted: false, load: async () => (await import('./models-file.ts')).openModelsFile },
  'nimbus.migrateModelsFile': { trusted: true, load: async () => (await import('./models-file.ts')).migrateModelsFile },
  'nimbus.refresh': { trusted: false, load: async () => (await import('./refresh.ts')).refresh },
} as const satisfies Record<string, Command>;

export type CommandId = keyof typeof COMMANDS;

/** Registers every command; the first one that runs opens the editor's parts. */
export function registerCommands(log: vscode.LogOutputChannel, open: () => Promise<Editor>): vscode.Disposable[] {
  return Object.entries<Command>(COMMANDS).map(([id, { trusted, load }]) =>
    vscode.commands.registerCommand(id, async (...args: unknown[]) => {
      const { guarded } = await import('../guard.ts');
      return guarded(log, { id, trusted }, async () => (await load())(await open(), ...args));
    }),
  );
}
