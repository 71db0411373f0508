/** Where an image goes: `REPOSITORY[:TAG]`, as the `docker` command names it. */
import { fail, ok, type Outcome } from '../../shared/outcome.ts';

export interface PushTarget {
  /** `registry.example:5000/team/sentiment`, as it was given. */
  repository: string;
  tag: string;
  /** `registry.example:5000`; `docker.io` where the repository names none. */
  registry: string;
}

export const DOCKER_HUB = 'docker.io';

/** The grammar of github.com/distribution/reference, without digests. */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const REGISTRY = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::\d+)?$/i;
const TAG = /^\w[\w.-]{0,127}$/;
const LONGEST_NAME = 255;

/**
 * `usualTag`: where the text has none. Errors: it is no name of a repository; it has credentials, a scheme or a digest.
 */
export function parsePushTarget(text: string, usualTag: string): Outcome<PushTarget> {
  const shown = withoutCredentials(text);
  if (shown !== text) {
    return invalid(
      shown,
      'It holds credentials, which are left out here.',
      'Log in with docker login, and name the repository only.',
    );
  }
  if (/^\w+:\/\//.test(text)) {
    return invalid(text, 'It begins with a scheme.', `Leave it out: ${text.replace(/^\w+:\/\//, '')}`);
  }
  if (text.includes('@')) {
    return invalid(text, 'It names a digest, which only follows from what is pushed.', 'Name a tag, or none.');
  }
  const slash = text.lastIndexOf('/');
  const colon = text.lastIndexOf(':');
  const hasTag = colon > slash;
  const repository = hasTag ? text.slice(0, colon) : text;
  const tag = hasTag ? text.slice(colon + 1) : usualTag;
  const [first = '', ...rest] = repository.split('/');
  const isRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost' || /[A-Z]/.test(first));
  const components = isRegistry ? rest : [first, ...rest];
  if (isRegistry && !REGISTRY.test(first)) return invalid(text, `${first} is no address of a registry.`);
  if (!TAG.test(tag)) {
    return invalid(
      text,
      `${tag === '' ? 'Its tag is empty' : `${tag} is no tag`}: letters, digits, _ . and -, at most 128.`,
    );
  }
  const wrong = components.find((one) => !COMPONENT.test(one));
  if (wrong !== undefined) {
    const isLowercase = wrong === wrong.toLowerCase();
    const why =
      wrong === '' ? 'A part of it is empty.' : `${wrong} may have lowercase letters, digits, and . _ - between them.`;
    return invalid(text, why, isLowercase ? undefined : `Write it in lowercase: ${text.toLowerCase()}`);
  }
  if (repository.length > LONGEST_NAME) return invalid(text, `It is longer than ${LONGEST_NAME} characters.`);
  return ok({ repository, tag, registry: isRegistry ? first : DOCKER_HUB });
}

/** What is said of a name goes into the operation's log. A digest follows an @ too. */
function withoutCredentials(text: string): string {
  return text.replace(/^(\w+:\/\/)?.*@(?!\w+:[0-9a-f]+$)/s, '$1');
}

function invalid(text: string, why: string, next = 'Write it as REGISTRY/REPOSITORY:TAG.'): Outcome<never> {
  return fail('invalid-name', `${text === '' ? 'An empty text' : text} is no name of a repository.`, { why, next });
}
