import { fail, type Outcome } from '../shared/outcome.ts';

/** What the system's error about a path that a user named means. Throws what is none of the system's. */
export function notReadable(target: string, error: unknown): Outcome<never> {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return fail('path-missing', `There is no ${target}.`, {
        next: 'Check the path; it may have been moved or deleted, or a link leads nowhere.',
      });
    case 'ELOOP':
      return fail('path-not-readable', `${target} cannot be read.`, {
        why: 'It is a link that leads back to itself.',
        next: 'Correct the link, or choose what it should lead to.',
      });
    case 'EACCES':
    case 'EPERM':
      return fail('path-not-readable', `${target} cannot be read.`, {
        why: 'You lack the permission to read it.',
        next: 'Change the permissions of the file or folder.',
      });
    case 'EIO':
    case 'ENAMETOOLONG':
    case 'EMFILE':
      return fail('path-not-readable', `${target} cannot be read.`, { why: (error as Error).message });
    default:
      throw error;
  }
}
