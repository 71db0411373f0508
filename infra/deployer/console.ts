/** Pages of AWS's console, for what people have to look at or remove themselves. */

export interface ConsolePlace {
  region: string;
  /** Twelve digits. */
  account: string;
}

export type ConsolePage =
  /** Its ARN, or its name. */
  | { kind: 'stack'; id: string }
  /** Of images. */
  | { kind: 'repository'; name: string }
  | { kind: 'log-group'; name: string };

/**
 * Where a page is, in the partition that the region belongs to
 * (https://docs.aws.amazon.com/awsconsolehelpdocs/latest/gsg/select-region.html,
 * https://docs.amazonaws.cn/en_us/aws/latest/userguide/introduction.html,
 * https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-console.html).
 */
export function consoleUrl({ region, account }: ConsolePlace, page: ConsolePage): string {
  const base = `https://${region}.${domainOf(region)}`;
  switch (page.kind) {
    case 'stack':
      return `${base}/cloudformation/home?region=${region}#/stacks/stackinfo?stackId=${encodeURIComponent(page.id)}`;
    case 'repository':
      return `${base}/ecr/repositories/private/${account}/${page.name}?region=${region}`;
    case 'log-group': {
      // This page takes names that are encoded twice, with a dollar sign for the second per cent sign.
      const name = encodeURIComponent(encodeURIComponent(page.name)).replaceAll('%', '$');
      return `${base}/cloudwatch/home?region=${region}#logsV2:log-groups/log-group/${name}`;
    }
    default:
      return page satisfies never;
  }
}

function domainOf(region: string): string {
  if (region.startsWith('cn-')) return 'console.amazonaws.cn';
  return region.startsWith('us-gov-') ? 'console.amazonaws-us-gov.com' : 'console.aws.amazon.com';
}

/** Of a stack's ARN: `arn:aws:cloudformation:eu-west-1:123456789012:stack/nimbus-x/…`. */
export function placeOf(stackId: string): ConsolePlace {
  const [, , , region = '', account = ''] = stackId.split(':');
  return { region, account };
}

export function stackUrl(stackId: string): string {
  return consoleUrl(placeOf(stackId), { kind: 'stack', id: stackId });
}
