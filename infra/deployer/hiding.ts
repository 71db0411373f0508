import type { DeployerEvent, Failure } from './protocol.ts';

/** Shorter values are no secrets, and in every text. */
const LEAST = 4;

/**
 * Values of variables are told to nobody, whatever AWS says of them: in plain text, or as JSON has it. Only texts for people
 * are changed: an output or a name may hold the same letters by chance.
 */
export function hiding(secrets: readonly string[]): {
  event(event: DeployerEvent): DeployerEvent;
  failure(failure: Failure): Failure;
} {
  const hidden = secrets
    .flatMap((secret) => (secret.length < LEAST ? [] : [JSON.stringify(secret).slice(1, -1), secret]))
    // One may hold another.
    .sort((one, other) => other.length - one.length);
  const hide = (text: string): string => hidden.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  return {
    event: (event) => (event.kind === 'log' ? { ...event, line: hide(event.line) } : event),
    failure: ({ what, why, next, resource, ...more }) => ({
      ...more,
      what: hide(what),
      ...(why === undefined ? {} : { why: hide(why) }),
      next: hide(next),
      ...(resource ? { resource: { ...resource, reason: hide(resource.reason) } } : {}),
    }),
  };
}
