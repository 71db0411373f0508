import * as vscode from 'vscode';
import { imageSettings, type ImageSettings } from '../core/image/settings.ts';

/** How images are built: the user's settings, else the variables of the command line. A workspace cannot make them. */
export function imageSetting(): ImageSettings {
  const settings = vscode.workspace.getConfiguration('nimbus');
  const text = (name: string): string | undefined => settings.get<string>(name)?.trim() || undefined;
  const pairs = (name: string): Record<string, string> | undefined => {
    const found = settings.get<Record<string, string>>(name) ?? {};
    return Object.keys(found).length > 0 ? found : undefined;
  };
  const given: { [K in keyof ImageSettings]: ImageSettings[K] | undefined } = {
    baseImages: pairs('image.baseImages'),
    registryMirror: text('image.registryMirror'),
    buildArguments: pairs('image.buildArguments'),
    network: text('image.network'),
    architecture: text('image.architecture'),
    allowCompiler: settings.get<boolean>('image.allowCompiler') || undefined,
    allowCuda: settings.get<boolean>('image.allowCuda') || undefined,
  };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...imageSettings(process.env), ...(Object.fromEntries(set) as ImageSettings) };
}
