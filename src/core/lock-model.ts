/** The lock of a model on request: for the platforms and the Python that somebody asks for. */
import path from 'node:path';
import type { PreparedDeploy } from './deploy.ts';
import { condaOnly, condaRefusal, type CondaReport } from './environment/conda.ts';
import { keyOf, refusedForImage, type LockSection } from './environment/lock-file.ts';
import { minorOf, platformOf, type LockPlatform } from './environment/lock-platform.ts';
import { isCurrent, renewCommand } from './environment/lock-status.ts';
import { makeLock, writeLock } from './environment/lock.ts';
import type { PackageSettings } from './environment/packages.ts';
import { probe } from './environment/probe.ts';
import { howToCallUv } from './environment/uv.ts';
import { fail, ok, type Outcome } from '../shared/outcome.ts';

export interface LockWish {
  /** The interpreter's own where left out. */
  platforms?: readonly LockPlatform[];
  /** `3.12`; what models.json names, else the interpreter's, where left out. */
  python?: string;
  packages: PackageSettings;
  allowCuda: boolean;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  /** Told before each section is made. */
  onSection(section: { platform: LockPlatform; python: string }): void;
  log(line: string): void;
}

export interface LockedModel {
  file: string;
  sections: LockSection[];
  /** What the interpreter's conda environment has that no wheel and no image can have. */
  conda?: CondaReport;
}

/**
 * Resolves every section that is asked for, then writes them at once. Errors: as of `makeLock` and `writeLock`; uv is
 * not there; the model names no packages; no platform is named and the interpreter's is none that a lock is made for.
 */
export async function lockModel(prepared: PreparedDeploy, wish: LockWish): Promise<Outcome<LockedModel>> {
  const { lock } = prepared;
  const choice = prepared.environments[0]!;
  if (lock.error) return { ok: false, error: lock.error };
  if (lock.requirements.length === 0) {
    return fail('lock-nothing', 'Nothing says which packages this model needs.', {
      why: 'Neither the model nor a requirements.txt or pyproject.toml in its folder names any.',
      next: `Write a requirements.txt beside it (${path.dirname(lock.file)}), and run it again.`,
    });
  }
  const base = choice.plan.kind === 'use' ? choice.plan.python : choice.plan.base;
  const found = await probe(base, ['uv'], { signal: wish.signal });
  if (!found.ok) return found;
  const uv = await howToCallUv(base, found.value.packages, wish.env);
  if (!uv.ok) return uv;
  const own = platformOf(found.value);
  const platforms = wish.platforms ?? (own === undefined ? [] : [own]);
  if (platforms.length === 0) {
    return fail('lock-platform', `No lock can be made for ${found.value.platform} (${found.value.implementation}).`, {
      next: 'Name the platform that the model is to run on with --platform.',
    });
  }
  const python = wish.python ?? prepared.declared?.pythonVersion ?? minorOf(found.value.version);
  const sections: LockSection[] = [];
  for (const platform of platforms) {
    wish.onSection({ platform, python });
    const made = await makeLock(
      {
        platform,
        python: minorOf(python),
        requirements: lock.requirements,
        packages: wish.packages,
        allowCuda: wish.allowCuda,
      },
      { uv: uv.value, python: base, env: wish.env, signal: wish.signal, log: (line) => wish.log(line) },
    );
    if (!made.ok) return made;
    sections.push(made.value);
  }
  const written = await writeLock(lock.file, sections, { replace: true });
  if (!written.ok) return written;
  const { conda } = found.value;
  return ok({ file: lock.file, sections, ...(conda === undefined ? {} : { conda: await condaOnly(conda) }) });
}

/** What people should know of a lock that was made: why no image can be made of it, one sentence or more each. */
export function remarksOn({ sections, conda }: LockedModel): string[] {
  const cuda = sections.flatMap((section) => {
    const refused = refusedForImage(section);
    return refused === undefined ? [] : [`${keyOf(section)}: no image can be made of it. ${refused}`];
  });
  const refusal = conda && condaRefusal(conda);
  return refusal ? [...cuda, `${refusal.what} ${refusal.why} ${refusal.next}`] : cuda;
}

/** Sections of a lock that were made for other requirements than the model's of today, and how to renew each. */
export function staleSections({ lock }: Pick<PreparedDeploy, 'lock'>): { section: string; renew: string }[] {
  return lock.sections
    .filter((section) => !isCurrent(section, lock.requirements))
    .map((section) => ({ section: keyOf(section), renew: renewCommand(lock, section) }));
}
