/** What is installed where two deployments run, as far as it differs. */
import { probe } from '../environment/probe.ts';
import { normalName } from '../environment/requirement.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { EnvironmentDifferences, PackageDifference } from '../../shared/parity.ts';
import { keyText } from '../../shared/spec.ts';
import type { DeploymentStatus } from '../../shared/states.ts';

/** Of a deployment: of its image as built, else of its interpreter as it is now. */
export interface Installed {
  /** `3.12.4`, or `3.12` of an image. */
  python: string;
  /** Version by normalised name. */
  packages: Record<string, string>;
}

/** Errors: the interpreter or the image is gone, no engine answers. */
export async function installedFor(status: DeploymentStatus, signal?: AbortSignal): Promise<Outcome<Installed>> {
  if (status.image) return installedInImage(status.image);
  if (status.interpreter === undefined) {
    return fail('environment-unknown', `Nothing says which Python ${keyText(status)} runs.`);
  }
  const found = await probe(status.interpreter, [], signal ? { signal } : {});
  return found.ok ? ok({ python: found.value.version, packages: found.value.installed ?? {} }) : found;
}

async function installedInImage(image: NonNullable<DeploymentStatus['image']>): Promise<Outcome<Installed>> {
  // Only whoever compares an image needs Docker's client.
  const { openEngine } = await import('../image/engine.ts');
  const { packagesInImage } = await import('../image/report.ts');
  const engine = await openEngine();
  if (!engine.ok) return engine;
  const found = await packagesInImage(engine.value.docker, image).catch((error: Error) =>
    fail('environment-unknown', `The packages of ${image.reference} cannot be read.`, { why: error.message }),
  );
  if (!found.ok) return found;
  const packages = found.value.map(({ name, version }) => [normalName(name), version] as const);
  return ok({ python: image.python, packages: Object.fromEntries(packages) });
}

export async function environmentDifferences(
  first: DeploymentStatus,
  second: DeploymentStatus,
  signal?: AbortSignal,
): Promise<Outcome<EnvironmentDifferences>> {
  const [one, other] = await Promise.all([installedFor(first, signal), installedFor(second, signal)]);
  if (!one.ok) return one;
  return other.ok ? ok(differencesOf(one.value, other.value)) : other;
}

export function differencesOf(first: Installed, second: Installed): EnvironmentDifferences {
  const names = [...new Set([...Object.keys(first.packages), ...Object.keys(second.packages)])].toSorted();
  const all = names.map((name): PackageDifference => {
    const [one, other] = [first.packages[name], second.packages[name]];
    return { name, ...(one === undefined ? {} : { first: one }), ...(other === undefined ? {} : { second: other }) };
  });
  const inBoth = all.filter((one) => one.first !== undefined && one.second !== undefined);
  const differing = inBoth.filter((one) => one.first !== one.second);
  const python = isSamePython(first.python, second.python)
    ? []
    : [{ name: 'python', first: first.python, second: second.python }];
  return {
    packages: [...python, ...differing, ...all.filter((one) => !inBoth.includes(one))],
    same: inBoth.length - differing.length,
  };
}

/** As far as both are known: of an image only `3.12` is. */
function isSamePython(first: string, second: string): boolean {
  const [one, other] = [first.split('.'), second.split('.')];
  return one.slice(0, other.length).join('.') === other.slice(0, one.length).join('.');
}
