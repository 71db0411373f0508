import { InvalidArgumentError, type AddHelpTextContext } from 'commander';
import { packageSettings, type PackageSettings } from '../core/environment/packages.ts';

/** Parses an option's value as a whole number within limits, else it is wrong usage. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** Where packages come from: what the options say, else the variables. */
export function packagesOf(options: { indexUrl?: string; torchIndexUrl?: string }): PackageSettings {
  return {
    ...packageSettings(process.env),
    ...(options.indexUrl === undefined ? {} : { indexUrl: options.indexUrl }),
    ...(options.torchIndexUrl === undefined ? {} : { torchCpuIndexUrl: options.torchIndexUrl }),
  };
}

/** Parses an option's value as a part of a number's size: 0 is exact. */
export function relativeSize(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= 0 && value < 1))
    throw new InvalidArgumentError('It must be a number from 0 to below 1, such as 1e-4.');
  return value;
}

/** Paragraphs below a command's help, as wide as the terminal. */
export function paragraphs(text: string): (context: AddHelpTextContext) => string {
  return ({ command, error }) => {
    const { getOutHelpWidth, getErrHelpWidth } = command.configureOutput();
    const width = (error ? getErrHelpWidth?.() : getOutHelpWidth?.()) ?? 80;
    const wrapped = text
      .split('\n\n')
      .map((paragraph) => command.createHelp().boxWrap(paragraph.replaceAll('\n', ' '), width));
    return `\n${wrapped.join('\n\n')}`;
  };
}
