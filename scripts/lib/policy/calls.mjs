// What of AWS the code calls: the commands of the SDK that its sources name, as CloudTrail names them.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../paths.mjs';

/** Folders whose sources end up in what ships. */
const FOLDERS = ['src', 'infra/deployer'];

/** Service prefixes of IAM by package: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html */
const PREFIXES = {
  'api-gateway': 'apigateway',
  cloudformation: 'cloudformation',
  cloudwatch: 'cloudwatch',
  'cloudwatch-logs': 'logs',
  ecr: 'ecr',
  iam: 'iam',
  lambda: 'lambda',
  'service-quotas': 'servicequotas',
  sts: 'sts',
};

/**
 * @typedef {object} Call
 * @property {string} operation Prefix and operation: `lambda:GetFunction`.
 * @property {string} file From the root of the repository.
 * @property {boolean} all By a paginator: asks for what is there rather than for a thing by its name.
 * @property {boolean} byCdk Sent with the role that CDK's bootstrap made for deploys, not as the user.
 * @property {[method: string, path: string] | undefined} http Of a service that speaks REST: `GET`, `/apikeys/{apiKey}`.
 */

/** @returns {Promise<Call[]>} */
export async function callsOfSources() {
  const files = FOLDERS.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root })).toSorted();
  const calls = await Promise.all(
    files.map((file) => callsIn(file.replaceAll(path.sep, '/'), readFileSync(path.join(root, file), 'utf8'))),
  );
  return calls.flat();
}

/**
 * Throws where a source has a client whose prefix nobody wrote down, or waits with a waiter, of which no name says what it
 * calls.
 * @param {string} file
 * @param {string} source
 * @returns {Promise<Call[]>}
 */
export async function callsIn(file, source) {
  const code = source.replaceAll(/import type [^;]+;/g, '');
  const packages = new Set([...code.matchAll(/['"]@aws-sdk\/client-([a-z0-9-]+)['"]/g)].map(([, name]) => name));
  const calls = [];
  for (const name of packages) {
    const prefix = PREFIXES[name];
    if (prefix === undefined)
      throw new Error(`${file} imports client-${name}: add its prefix to ${import.meta.filename}`);
    const client = await import(`@aws-sdk/client-${name}`);
    const waiter = /\bwaitUntil[A-Z]\w+/.exec(code)?.[0];
    if (waiter !== undefined && waiter in client)
      throw new Error(`${file} calls ${waiter}: call what it asks for by its command`);
    const called = [
      ...[...code.matchAll(/(#deploy\.send\(\s*)?(?:new )?\b([A-Z]\w*)Command\(/g)].map((one) => ({
        operation: one[2],
        all: false,
        byCdk: one[1] !== undefined,
      })),
      ...[...code.matchAll(/\bpaginate([A-Z]\w*)\(/g)].map(([, operation]) => ({ operation, all: true, byCdk: false })),
    ];
    for (const { operation, ...how } of called) {
      if (!(`${operation}Command` in client)) continue;
      const http = client[`${operation}$`]?.[3]?.http;
      calls.push({ operation: `${prefix}:${operation}`, file, ...how, http: http && [http[0], http[1]] });
    }
  }
  return calls;
}
