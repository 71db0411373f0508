/** Which image a function's own is made from. */
import { fail, ok, type Outcome } from '../../shared/outcome.ts';

export interface Base {
  /** e.g. `public.ecr.aws/lambda/python:3.13`. */
  reference: string;
  /** `lambda`: with AWS's runtime client and entrypoint; `slim`: Python only, the client is installed beside the packages. */
  kind: 'lambda' | 'slim';
}

/** AWS's bases of 3.10 and 3.11 have glibc 2.26, too old for today's wheels; those of 3.12 and newer have 2.34. */
const BASES: Record<string, Base> = {
  '3.10': { reference: 'python:3.10-slim', kind: 'slim' },
  '3.11': { reference: 'python:3.11-slim', kind: 'slim' },
  '3.12': { reference: 'public.ecr.aws/lambda/python:3.12', kind: 'lambda' },
  '3.13': { reference: 'public.ecr.aws/lambda/python:3.13', kind: 'lambda' },
  '3.14': { reference: 'public.ecr.aws/lambda/python:3.14', kind: 'lambda' },
};

export const IMAGE_PYTHONS = Object.keys(BASES);
/** Where neither the model nor its interpreter says which: what AWS has supported longest among its own bases. */
export const USUAL_PYTHON = '3.12';

/**
 * `images`: the user's own by Python version, in the place of these; `mirror`: a registry in the place of those that they
 * come from. Errors: there is none for this Python.
 */
export function baseFor(
  python: string,
  { images = {}, mirror }: { images?: Record<string, string> | undefined; mirror?: string | undefined } = {},
): Outcome<Base> {
  const base = BASES[python];
  if (!base) {
    const isOld = Number(python.split('.')[1]) < 10;
    return fail('image-python', `No image can be made for Python ${python}.`, {
      why: isOld
        ? 'AWS Lambda no longer supports it, and today’s packages no longer have wheels for it.'
        : 'AWS has no base image for it yet.',
      next: `Set pythonVersion in models.json to one of ${IMAGE_PYTHONS.join(', ')}, and deploy again.`,
    });
  }
  const own = images[python];
  if (own !== undefined) return ok({ ...base, reference: own });
  return ok(mirror === undefined ? base : { ...base, reference: mirrored(base.reference, mirror) });
}

/** `public.ecr.aws/lambda/python:3.12` at `mirror.example/cache` is `mirror.example/cache/lambda/python:3.12`. */
function mirrored(reference: string, mirror: string): string {
  const [first = '', ...rest] = reference.split('/');
  const name = rest.length === 0 ? `library/${first}` : rest.join('/');
  return `${mirror.replace(/\/$/, '')}/${name}`;
}
