import * as vscode from 'vscode';
import { askText, BACK } from '../quick.ts';

export interface Limits {
  /** Megabytes of 2^20 bytes. */
  memoryMb: number;
  timeoutSeconds: number;
  concurrency: number;
}

/** Asks for the three limits one after the other; undefined where the user went back from the first or cancelled. */
export async function askLimits(before: Limits): Promise<Limits | undefined> {
  const limits = { ...before };
  const steps: { limit: keyof Limits; title: string; least: number; most: number }[] = [
    // The ranges are those of models.json's schema, which are AWS Lambda's.
    { limit: 'memoryMb', title: vscode.l10n.t('Memory of a worker (MB)'), least: 128, most: 10_240 },
    { limit: 'timeoutSeconds', title: vscode.l10n.t('Time limit of a request (s)'), least: 1, most: 900 },
    { limit: 'concurrency', title: vscode.l10n.t('Workers at most'), least: 1, most: 64 },
  ];
  let at = 0;
  while (at < steps.length) {
    const { limit, title, least, most } = steps[at]!;
    const answer = await askText({
      title,
      step: at + 1,
      totalSteps: steps.length,
      value: String(limits[limit]),
      prompt: vscode.l10n.t(
        '{0} to {1}',
        least.toLocaleString(vscode.env.language),
        most.toLocaleString(vscode.env.language),
      ),
      back: true,
      check: (text) => {
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
      limits[limit] = Number(answer);
      at += 1;
    }
  }
  return limits;
}
