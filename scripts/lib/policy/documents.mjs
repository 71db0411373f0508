// docs/aws-policy.json and docs/aws-bootstrap-policy.json: what who deploys to AWS has to be allowed.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../paths.mjs';
import { BOOTSTRAP_CALLS, BOOTSTRAP_RESOURCES, BOOTSTRAP_STACK } from './bootstrap.mjs';
import { callsOfSources } from './calls.mjs';
import { ALLOWED_TO_ANYBODY, RENAMED, STATEMENTS } from './statements.mjs';

/** @typedef {{ Sid: string, Effect: 'Allow', Action: string[], Resource: string[], Condition?: object }} Allowed */

/**
 * Throws where a call is in no statement.
 * @param {readonly import('./calls.mjs').Call[]} calls
 */
export function policyOf(calls) {
  // What is called as CDK's role needs no more than to assume it.
  const asUser = calls.filter(({ byCdk, operation }) => !byCdk && !ALLOWED_TO_ANYBODY.has(operation));
  const left = new Set(asUser);
  const statements = STATEMENTS.flatMap((statement) => {
    const { operations = [], actions = [], because, all = false } = statement;
    const ours = asUser.filter(
      ({ operation, all: asksAll }) => operations.includes(operation) && matches(asksAll, all, operation),
    );
    for (const one of ours) left.delete(one);
    const isWanted = because === undefined ? ours.length > 0 : isIn(because);
    return isWanted ? [allowed(statement, ours, because === undefined && ours.length === 0 ? [] : actions)] : [];
  });
  const [forgotten] = left;
  if (forgotten) {
    throw new Error(
      `${forgotten.file} calls ${forgotten.operation}, which no statement of scripts/lib/policy/statements.mjs allows`,
    );
  }
  return document(statements);
}

/** A paginator of what has a name of its own, as the versions of a function, asks for nothing else. */
function matches(asksAll, all, operation) {
  const isSplit = STATEMENTS.some((one) => one.all && one.operations?.includes(operation));
  return !isSplit || asksAll === all;
}

/** @returns {Promise<object>} */
export async function policy() {
  return policyOf(await callsOfSources());
}

export function bootstrapPolicy() {
  const byResources = Object.entries(BOOTSTRAP_RESOURCES).map(([type, { actions, resources }]) => ({
    Sid: `Make${type.split('::').slice(1).join('')}`,
    Effect: 'Allow',
    Action: [...actions],
    Resource: [...resources],
  }));
  return document([
    { Sid: 'BootstrapCdk', Effect: 'Allow', Action: [...BOOTSTRAP_CALLS], Resource: [...BOOTSTRAP_STACK] },
    ...byResources,
  ]);
}

/** @returns {Allowed} */
function allowed({ sid, resources, condition }, ours, actions) {
  const action = [...ours.map(actionOf), ...actions];
  const resource = resources ?? ours.map(({ http }) => `arn:aws:apigateway:*::${http[1].replaceAll(/\{\w+\}/g, '*')}`);
  return {
    Sid: sid,
    Effect: 'Allow',
    Action: [...new Set(action)].toSorted(),
    Resource: [...new Set(resource)],
    ...(condition === undefined ? {} : { Condition: condition }),
  };
}

/** Actions of API Gateway are the methods of HTTP: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html */
function actionOf({ operation, http }) {
  if (operation.startsWith('apigateway:')) return `apigateway:${http[0]}`;
  return RENAMED[operation] ?? operation;
}

function isIn({ file, text }) {
  const source = path.join(root, file);
  return existsSync(source) && readFileSync(source, 'utf8').includes(text);
}

function document(statements) {
  return { Version: '2012-10-17', Statement: statements };
}

/** As it is written to its file. */
export function policyText(made) {
  return `${JSON.stringify(made, undefined, 2)}\n`;
}
