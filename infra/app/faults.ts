/** Whether AWS would take a description, said before anything is made of it. */
import type { DeploymentDescription, RepositoryDescription } from './description.ts';
import { cardTemplate } from './bodies.ts';

export interface Fault {
  /** The field: `memoryMb`, `env[2]`. */
  where: string;
  what: string;
  next: string;
}

/** Sources of the limits stand in `faultsOf`. */
export const LIMITS = {
  memoryMb: [128, 10_240],
  timeoutSeconds: [1, 29],
  ephemeralStorageMb: [512, 10_240],
  retentionDays: [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
  ],
  functionName: 64,
  templateBytes: 300 * 1024,
} as const;

/** AWS Lambda sets these itself: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
const RESERVED_VARIABLES = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_DEFAULT_REGION',
  'AWS_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_TASK_ROOT',
  'LAMBDA_RUNTIME_DIR',
]);
const RESERVED_PREFIXES = ['AWS_LAMBDA_', 'NIMBUS_'];

/**
 * Everything that is wrong with it; empty where nothing is.
 * - Names: as models.json has them; a deployment's is API Gateway's stage too.
 * - Stack: `[a-zA-Z][-a-zA-Z0-9]*` (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html),
 *   no longer than a function's name, 64 (https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html).
 * - Memory 128 to 10,240 MB and /tmp 512 to 10,240 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 * - Time: AWS Lambda allows 900 s, but a Regional REST API waits 29 s for an integration; what runs longer answers nobody
 *   and is billed (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html).
 * - A mapping template holds 300 KB, as API Gateway's quotas have it for another kind of API; taken to hold for this one
 *   (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html).
 * - Days of logs: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
 * - Names of variables, two characters at least: https://docs.aws.amazon.com/lambda/latest/api/API_Environment.html
 * - Repository: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
 */
export function faultsOf(description: DeploymentDescription): Fault[] {
  const faults = new Faults();
  const { model, version, framework, card, throttle, quota, auth } = description;
  faults.name('model', model);
  faults.name('deployment', description.deployment);
  faults.place(description);
  faults.repository('image.repository', description.image.repository);
  faults.pattern(
    'image.digest',
    description.image.digest,
    /^sha256:[0-9a-f]{64}$/,
    'sha256: and 64 hexadecimal digits',
  );
  faults.pattern('version', version, /^[0-9a-f]{64}$/, '64 hexadecimal digits');
  faults.pattern('revision', description.revision, /^[A-Za-z0-9-]{1,64}$/, 'letters, digits and hyphens, at most 64');
  faults.within('memoryMb', description.memoryMb, ...LIMITS.memoryMb);
  faults.within('timeoutSeconds', description.timeoutSeconds, ...LIMITS.timeoutSeconds);
  faults.oneOf('architecture', description.architecture, ['x86_64', 'arm64']);
  faults.oneOf('auth', auth, ['key', 'iam', 'none']);
  if (description.ephemeralStorageMb !== undefined) {
    faults.within('ephemeralStorageMb', description.ephemeralStorageMb, ...LIMITS.ephemeralStorageMb);
  }
  if (description.provisionedConcurrency !== undefined) {
    faults.within('provisionedConcurrency', description.provisionedConcurrency, 1, Number.MAX_SAFE_INTEGER);
  }
  if (description.logRetentionDays !== undefined) {
    faults.oneOf('logRetentionDays', description.logRetentionDays, LIMITS.retentionDays);
  }
  if (throttle) {
    if (!(throttle.ratePerSecond > 0)) {
      faults.add('throttle.ratePerSecond', 'It must be over 0.', 'Stop the deployment to let nobody call it.');
    }
    faults.within('throttle.burst', throttle.burst, 1, Number.MAX_SAFE_INTEGER);
  }
  if (quota) {
    if (auth !== 'key') {
      faults.add(
        'quota',
        `Requests are counted by API key, and auth is ${auth}.`,
        'Leave the quota out, or use auth key.',
      );
    }
    faults.within('quota.requests', quota.requests, 1, Number.MAX_SAFE_INTEGER);
    faults.oneOf('quota.per', quota.per, ['day', 'week', 'month']);
  }
  faults.origins(description.corsOrigins ?? []);
  faults.variables(description.env ?? []);
  for (const [field, value] of Object.entries({ model, version, framework })) {
    if (card[field] !== value) {
      faults.add(
        `card.${field}`,
        `It is ${JSON.stringify(card[field])}, not ${value}.`,
        'Take the card of this version.',
      );
    }
  }
  const bytes = Buffer.byteLength(cardTemplate(card));
  if (bytes > LIMITS.templateBytes) {
    faults.add(
      'card',
      `It has ${bytes.toLocaleString('en')} bytes as a template, over ${LIMITS.templateBytes.toLocaleString('en')}.`,
      'Leave long examples out of models.json.',
    );
  }
  return faults.all;
}

export function repositoryFaultsOf(description: RepositoryDescription): Fault[] {
  const faults = new Faults();
  faults.place(description);
  faults.repository('repository', description.repository);
  return faults.all;
}

class Faults {
  readonly all: Fault[] = [];

  add(where: string, what: string, next: string): void {
    this.all.push({ where, what, next });
  }

  pattern(where: string, value: string, pattern: RegExp, form: string): void {
    if (!pattern.test(value)) this.add(where, `It is ${JSON.stringify(value)}.`, `Write it as ${form}.`);
  }

  within(where: string, value: number, least: number, most: number): void {
    if (Number.isSafeInteger(value) && value >= least && value <= most) return;
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
    this.add(where, `It is ${value}.`, `Take a whole number, ${range}.`);
  }

  oneOf<T>(where: string, value: T, values: readonly T[]): void {
    if (!values.includes(value))
      this.add(where, `It is ${JSON.stringify(value)}.`, `Take one of ${values.join(', ')}.`);
  }

  name(where: string, value: string): void {
    this.pattern(
      where,
      value,
      /^[a-z][a-z0-9-]{0,29}$/,
      'a letter a-z, then letters a-z, digits and hyphens, at most 30',
    );
  }

  place({ stackName, account, region }: { stackName: string; account: string; region: string }): void {
    const form = `a letter, then letters, digits and hyphens, at most ${LIMITS.functionName}`;
    this.pattern('stackName', stackName, /^[A-Za-z][A-Za-z0-9-]{0,63}$/, form);
    this.pattern('account', account, /^\d{12}$/, 'twelve digits');
    this.pattern('region', region, /^[a-z]{2,}(-[a-z]+)+-\d+$/, 'a region of AWS, such as eu-west-1');
  }

  repository(where: string, value: string): void {
    const form = 'lowercase letters and digits with . _ - and / between them, 2 to 256';
    this.pattern(where, value, /^(?=.{2,256}$)[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/, form);
  }

  origins(origins: readonly string[]): void {
    for (const [index, origin] of origins.entries()) {
      if (origin === '*') {
        if (origins.length > 1) this.add(`corsOrigins[${index}]`, 'It allows every origin.', 'Leave the others out.');
        continue;
      }
      // It stands in a template: nothing but what an origin may be made of.
      const form = 'scheme and host without a path, as in https://app.example, or *';
      this.pattern(`corsOrigins[${index}]`, origin, /^https?:\/\/[a-z0-9.-]+(?::\d{1,5})?$/, form);
    }
  }

  variables(names: readonly string[]): void {
    for (const [index, name] of names.entries()) {
      const where = `env[${index}]`;
      this.pattern(where, name, /^[A-Za-z][A-Za-z0-9_]+$/, 'a letter, then letters, digits and _, at least two');
      if (names.indexOf(name) !== index) this.add(where, `${name} is there twice.`, 'Name it once.');
      if (RESERVED_VARIABLES.has(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix))) {
        this.add(where, `${name} is set by AWS Lambda or by Nimbus.`, 'Give yours another name.');
      }
    }
  }
}
