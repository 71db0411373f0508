/** How who updates a function outside of its stack finds what the stack made. It loads nothing of CDK. */

/** What the API calls; a roll-back or an update outside of the stack moves it to another version. */
export const ALIAS = 'live';

/** In the place of the revision: of a version that no stack published. No revision can have a dot. */
export const NO_REVISION = 'outside.of.stack';

/** What a published version says of itself. */
export interface Published {
  /** `sha256:…` of the image. */
  digest: string;
  /** Of the stack that published it, else `NO_REVISION`. */
  revision: string;
  /** Of the model: 64 hexadecimal digits. */
  version: string;
}

/** At most 203 of the 256 characters that AWS Lambda takes. In the stack the three are references to its parameters. */
export function publishedText({ digest, revision, version }: Published): string {
  return `${digest} ${revision} ${version}`;
}

/** `undefined` for a version that somebody else published. */
export function readPublished(description: string | undefined): Published | undefined {
  const found = /^(sha256:[0-9a-f]{64}) ([A-Za-z0-9.-]{1,64}) ([0-9a-f]{64})$/.exec(description ?? '');
  if (!found) return undefined;
  const [, digest, revision, version] = found as unknown as [string, string, string, string];
  return { digest, revision, version };
}

/** Tags of a deployment's stack. */
export const TAGS = { model: 'nimbus:model', deployment: 'nimbus:deployment', version: 'nimbus:version' } as const;
