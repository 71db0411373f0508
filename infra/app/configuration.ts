/**
 * What a deployment's stack is configured by, beside weights and code. It stands in the template, so that who deploys next can be
 * told what that changes, whoever deployed before. It loads nothing of CDK.
 */
import { createHash } from 'node:crypto';
import { DEFAULTS, type DeploymentDescription } from './description.ts';

/** Where it stands: `Metadata.Nimbus` of the template. */
export const METADATA = 'Nimbus';

/** By fields of models.json, with what counts where it has none. Of the card there is a hash: it may be long. */
export function configurationOf(description: DeploymentDescription): Record<string, unknown> {
  const { memoryMb, timeoutSeconds, architecture, auth, env = [], corsOrigins = [] } = description;
  const { provisionedConcurrency, framework } = description;
  return {
    framework,
    memoryMb,
    timeoutSeconds,
    architecture,
    ephemeralStorageMb: description.ephemeralStorageMb ?? DEFAULTS.ephemeralStorageMb,
    ...(provisionedConcurrency === undefined ? {} : { provisionedConcurrency }),
    auth,
    throttle: description.throttle ?? DEFAULTS.throttle,
    ...(auth === 'key' ? { quota: description.quota ?? DEFAULTS.quota } : {}),
    ...(corsOrigins.length === 0 ? {} : { corsOrigins }),
    logRetentionDays: description.logRetentionDays ?? DEFAULTS.logRetentionDays,
    env,
    card: cardHash(description.card),
  };
}

/** But for the version, which is a parameter of the stack. */
function cardHash(card: DeploymentDescription['card']): string {
  const { version: _, ...rest } = card;
  return createHash('sha256').update(JSON.stringify(rest)).digest('hex').slice(0, 16);
}
