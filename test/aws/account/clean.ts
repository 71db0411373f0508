/** Removes what a run has made, and says what it could not remove. */
import { setTimeout as delay } from 'node:timers/promises';
import type { AwsConfig } from '../../../src/core/cloud/aws.ts';
import { leftoversOf, rolesOf, unusedRepository, type FoundRun, type Leftover } from './leftovers.ts';
import { revoke } from './role.ts';

/** CloudFormation works as long on the slowest stack: a function that has answered is deleted within minutes. */
const PATIENCE_MS = 20 * 60_000;
const LOOK_MS = 1000;
/** What cannot be removed so often stays. */
const TRIES = 5;

export interface Left {
  what: Leftover;
  why: string;
}

/**
 * Whatever of the run is still alive can do nothing from the first call on. Then rounds: stacks, what a deleted stack left,
 * images, the repository where the run made it and nobody else uses it; the roles last, and only when nothing else is left,
 * since they tell of the run. Gives back what is left after all.
 */
export async function cleanRun(
  config: AwsConfig,
  { run, madeImages }: Pick<FoundRun, 'run' | 'madeImages'>,
  say: (line: string) => void,
): Promise<Left[]> {
  for (const name of await rolesOf(config, run)) await revoke(config, name);
  const until = Date.now() + PATIENCE_MS;
  const failures = new Map<string, { tries: number; why: string }>();
  const asked = new Set<string>();
  for (;;) {
    const all = await leftoversOf(config, run);
    const stacks = all.filter(({ kind }) => kind === 'stack');
    const isNotRole = ({ kind }: Leftover): boolean => kind !== 'role';
    // While a stack is deleted its parts go by themselves.
    let now = stacks.length > 0 ? stacks : all.filter(isNotRole);
    if (now.length === 0 && madeImages) {
      const repository = await unusedRepository(config);
      if (repository) now = [repository];
    }
    if (now.length === 0) now = all;
    if (now.length === 0) return [];
    const open = now.filter((one) => (failures.get(keyOf(one))?.tries ?? 0) < TRIES);
    if (open.length === 0 || Date.now() > until) {
      const left = new Map([...now, ...all].map((one) => [keyOf(one), one]));
      return [...left.values()].map((what) => ({
        what,
        why: failures.get(keyOf(what))?.why ?? 'It waits for the others.',
      }));
    }
    for (const one of open) await removeOne(one);
    if (open.some(({ kind }) => kind === 'stack')) await delay(LOOK_MS);
  }

  async function removeOne(one: Leftover): Promise<void> {
    const key = keyOf(one);
    if (one.status === 'DELETE_IN_PROGRESS') return;
    if (one.status === 'DELETE_FAILED') noteFailure(key, 'CloudFormation could not delete it: see its events.');
    if (!asked.has(key)) say(`removes the ${one.kind} ${one.name}`);
    asked.add(key);
    try {
      await one.remove();
    } catch (error) {
      const { name, message } = error as Error;
      // CloudFormation deletes none that it still updates or rolls back; that ends.
      if (!one.status?.endsWith('_IN_PROGRESS')) noteFailure(key, `${name}: ${message}`);
    }
  }

  function noteFailure(key: string, why: string): void {
    failures.set(key, { tries: (failures.get(key)?.tries ?? 0) + 1, why });
  }
}

const keyOf = ({ kind, name }: Leftover): string => `${kind} ${name}`;
