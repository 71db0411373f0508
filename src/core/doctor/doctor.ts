/** Looks at all that a deploy may need, at once, and says what to do about what is wrong. */
import { setTimeout as delay } from 'node:timers/promises';
import { CHECKS, type Check, type Finding } from '../../shared/doctor.ts';
import type { Found } from './finding.ts';

export interface DoctorOptions {
  /** Absolute path of the project's folder. */
  project: string;
  /** The project's own Python may be run. */
  trustedProject: boolean;
  env: NodeJS.ProcessEnv;
  /** The Python extension's choice. */
  pythonExtension?: string;
  region?: string;
  /** Of the AWS configuration. */
  profile?: string;
  /** Milliseconds that one check may take. */
  limitMs?: number;
}

/** The slowest thing asked is an AWS that does not answer, of which the SDK asks three times. */
const LIMIT_MS = 20_000;

/** One finding or more for each check, in the order of `CHECKS`. A check that fails, or takes too long, is one that cannot tell. */
export async function diagnose(options: DoctorOptions): Promise<Finding[]> {
  const checks = await checksOf(options);
  const limitMs = options.limitMs ?? LIMIT_MS;
  const findings = await Promise.all(CHECKS.map(async (check) => withinLimit(check, checks[check], limitMs)));
  return findings.flat();
}

type Checks = Record<Check, () => Promise<Found | Found[]>>;

async function checksOf({
  project,
  trustedProject,
  env,
  pythonExtension,
  region,
  profile,
}: DoctorOptions): Promise<Checks> {
  const [{ checkPython }, { checkUv }, { checkEngine, lookForEngine }, { checkDisk }, aws] = await Promise.all([
    import('./python.ts'),
    import('./uv.ts'),
    import('./engine.ts'),
    import('./disk.ts'),
    import('./aws.ts'),
  ]);
  const engine = lookForEngine(env);
  const access = aws.lookForAccess(
    { ...(region === undefined ? {} : { region }), ...(profile === undefined ? {} : { profile }) },
    env,
  );
  const onAws =
    (check: (account: Awaited<typeof access> & { state: 'there' }) => Promise<Found | Found[]>) =>
    async (): Promise<Found | Found[]> => {
      const found = await access;
      return found.state === 'there' ? check(found) : aws.withoutAccess(found);
    };
  return {
    python: () =>
      checkPython({ project, trustedProject, env, ...(pythonExtension === undefined ? {} : { pythonExtension }) }),
    uv: () => checkUv(env),
    engine: async () => checkEngine(await engine),
    disk: async () => checkDisk(env, await engine),
    credentials: async () => aws.checkCredentials(await access),
    bootstrap: onAws(async (found) => (await import('./bootstrap.ts')).checkBootstrap(found)),
    repository: onAws(async (found) => (await import('./repository.ts')).checkRepository(found)),
    permissions: onAws(async (found) => (await import('./permissions.ts')).checkPermissions(found)),
    quotas: onAws(async (found) => (await import('./quotas.ts')).checkQuotas(found)),
  };
}

async function withinLimit(check: Check, run: () => Promise<Found | Found[]>, limitMs: number): Promise<Finding[]> {
  const stop = new AbortController();
  const late = delay(limitMs, undefined, { signal: stop.signal }).then((): Found => ({
    state: 'unknown',
    what: `It did not answer in ${limitMs / 1000} s.`,
    next: 'Check the network and its proxy, and run it again.',
  }));
  late.catch(() => undefined);
  try {
    const found = await Promise.race([run(), late]);
    return [found].flat().map((one) => ({ check, ...one }));
  } catch (error) {
    return [{ check, state: 'unknown', what: 'It could not be looked at.', why: (error as Error).message }];
  } finally {
    stop.abort();
  }
}
