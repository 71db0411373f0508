import * as vscode from 'vscode';
import { machineLimitBytes } from '../../core/host/memory.ts';
import { DEFAULTS } from '../../shared/spec.ts';
import { askText, BACK } from '../quick.ts';

export interface Limits {
  /** Megabytes of 2^20 bytes; undefined where models.json sets none. */
  memoryMb: number | undefined;
  timeoutSeconds: number;
  concurrency: number;
}

/** What a worker of a model without `memoryMb` may take on this machine. */
export function machineMemoryMb(): number {
  return Math.floor(machineLimitBytes() / 2 ** 20);
}

export function megabytes(mb: number): string {
  return mb.toLocaleString(vscode.env.language);
}

/**
 * Asks for the limits one after the other; undefined where the user went back from the first or cancelled.
 * @param isCloud it runs on AWS Lambda, which has as many workers as there are requests
 */
export async function askLimits(
  before: Limits,
  { isMemoryDeclared, isCloud }: { isMemoryDeclared: boolean; isCloud: boolean },
): Promise<Limits | undefined> {
  const limits = { ...before };
  const steps: { limit: keyof Limits; title: string; least: number; most: number }[] = [
    // The ranges are those of models.json's schema, which are AWS Lambda's.
    { limit: 'memoryMb', title: vscode.l10n.t('Memory of a worker (MB)'), least: 128, most: 10_240 },
    {
      limit: 'timeoutSeconds',
      title: vscode.l10n.t('Time limit of a request (s)'),
      least: 1,
      // API Gateway waits no longer: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
      most: isCloud ? 29 : 900,
    },
    ...(isCloud
      ? []
      : [{ limit: 'concurrency' as const, title: vscode.l10n.t('Workers at most'), least: 1, most: 64 }]),
  ];
  // A limit that models.json sets is taken away there.
  const mayBeEmpty = (limit: keyof Limits): boolean => limit === 'memoryMb' && !isMemoryDeclared;
  let at = 0;
  while (at < steps.length) {
    const { limit, title, least, most } = steps[at]!;
    const answer = await askText({
      title,
      step: at + 1,
      totalSteps: steps.length,
      value: String(limits[limit] ?? ''),
      prompt: mayBeEmpty(limit)
        ? vscode.l10n.t(
            '{0} to {1}. Empty: what this machine has to give, {2} MB; AWS Lambda would give {3} MB.',
            megabytes(least),
            megabytes(most),
            megabytes(machineMemoryMb()),
            megabytes(DEFAULTS.memoryMb),
          )
        : vscode.l10n.t('{0} to {1}', megabytes(least), megabytes(most)),
      back: true,
      check: (text) => {
        if (text === '' && mayBeEmpty(limit)) return undefined;
        const number = Number(text);
        return Number.isInteger(number) && number >= least && number <= most
          ? undefined
          : vscode.l10n.t('A whole number from {0} to {1}', least, most);
      },
    });
    if (answer === undefined) return undefined;
    if (answer === BACK) {
      if (at === 0) return undefined;
      at -= 1;
    } else {
      if (answer !== '') limits[limit] = Number(answer);
      else if (limit === 'memoryMb') limits.memoryMb = undefined;
      at += 1;
    }
  }
  return limits;
}
