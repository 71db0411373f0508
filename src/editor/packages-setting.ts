import * as vscode from 'vscode';
import { packageSettings, type PackageSettings } from '../core/environment/packages.ts';

/**
 * Where packages come from: the user's settings, else the variables of the command line. They are settings of the
 * machine: a workspace cannot make them, since it must not choose where packages come from.
 */
export function packagesSetting(): PackageSettings {
  const settings = vscode.workspace.getConfiguration('nimbus');
  const text = (name: string): string | undefined => settings.get<string>(name)?.trim() || undefined;
  const extra = settings.get<string[]>('packages.extraIndexUrls')?.filter((one) => one.trim() !== '') ?? [];
  const torch = settings.inspect<string>('packages.torchCpuIndexUrl')?.globalValue;
  const given: { [K in keyof PackageSettings]: PackageSettings[K] | undefined } = {
    indexUrl: text('packages.indexUrl'),
    extraIndexUrls: extra.length > 0 ? extra : undefined,
    proxy: text('packages.proxy'),
    caCertificates: text('packages.caCertificates'),
    torchCpuIndexUrl: torch?.trim(),
  };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...packageSettings(process.env), ...(Object.fromEntries(set) as PackageSettings) };
}
