/**
 * Stands between Nimbus and AWS and lets through what a policy allows, since the emulator asks nobody for rights. It sees
 * the calls of one access key; those of the roles that it assumes have keys of their own, and pass, but for roles that it is
 * told to hold.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import * as apiGateway from '@aws-sdk/client-api-gateway';
import * as lambda from '@aws-sdk/client-lambda';
import { RENAMED } from '../../scripts/lib/policy/statements.mjs';
import { ACCOUNT, endpointOf, type Emulated } from './support.ts';

export interface Policy {
  Statement: { Action: string[]; Resource: string[] }[];
}

/** One call, as IAM decides about it. */
export interface GatedCall {
  action: string;
  resource: string;
  isAllowed: boolean;
}

export interface Gate {
  /** In the place of the emulator's. */
  endpoint: string;
  /** Since the last `allow`. */
  calls: GatedCall[];
  /** From now on what any of these policies allows, and nothing else. */
  allow(...policies: Policy[]): void;
  end(): Promise<void>;
}

/** `policiesOf`: what a role of this name has; where it gives nothing the role's calls pass. */
export async function openGate(
  emulator: Emulated,
  policiesOf: (role: string) => readonly Policy[] | undefined = () => undefined,
): Promise<Gate> {
  const { region, credentials } = emulator.client;
  let statements: Policy['Statement'] = [];
  const calls: GatedCall[] = [];
  /** By access key, of roles that are held. */
  const held = new Map<string, Policy['Statement']>();
  const paths = new Map<string, string>();
  /** Whose calls are to be held from now on, before who asked for its keys has them. */
  const learn = async (answer: http.IncomingMessage, policies: readonly Policy[]): Promise<string> => {
    const assumed = await text(answer);
    const [, itsKey] = /<AccessKeyId>(\w+)</.exec(assumed) ?? [];
    const all = policies.flatMap(({ Statement }) => Statement);
    if (itsKey) held.set(itsKey, all);
    return assumed;
  };
  const target = new URL(endpointOf(emulator));
  const server = http.createServer(async (request, response) => {
    const body = await buffer(request);
    const [, key, service] =
      /Credential=([^/]+)\/\d+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
    const mine = key === credentials.accessKeyId ? statements : held.get(key ?? '');
    if (service !== undefined && mine) {
      const call = decided(callOf(service, region, request, body.toString(), paths), mine);
      if (call) calls.push(call);
      if (call?.isAllowed === false) return refuse(response, call);
    }
    const role = service === 'sts' ? new URLSearchParams(body.toString()).get('RoleArn')?.split('/').at(-1) : undefined;
    const policies = role === undefined ? undefined : policiesOf(role);
    const { method, url, headers } = request;
    const forwarded = http.request(
      { host: target.hostname, port: target.port, method, path: url, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        if (policies) void learn(answer, policies).then((document) => response.end(document));
        else answer.pipe(response);
      },
    );
    forwarded.on('error', () => response.destroy());
    forwarded.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://localhost:${(server.address() as AddressInfo).port}`,
    calls,
    allow: (...policies) => {
      statements = policies.flatMap(({ Statement }) => Statement);
      calls.splice(0);
    },
    end: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function decided(
  call: Omit<GatedCall, 'isAllowed'> | undefined,
  statements: Policy['Statement'],
): GatedCall | undefined {
  if (call === undefined) return undefined;
  const isAllowed = statements.some(
    ({ Action, Resource }) =>
      Action.some((one) => like(one, call.action)) && Resource.some((one) => like(one, call.resource)),
  );
  return { ...call, isAllowed };
}

/** As IAM compares: `*` is any text. */
function like(pattern: string, value: string): boolean {
  const parts = pattern.split('*').map((one) => one.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`).test(value);
}

/** Services whose operation is in the path, by the paths of the SDK. */
const ROUTES = { lambda: routesOf(lambda), apigateway: routesOf(apiGateway) };

interface Route {
  operation: string;
  method: string;
  pattern: RegExp;
}

function routesOf(client: object): Route[] {
  return Object.entries(client as Record<string, any>).flatMap(([name, schema]) => {
    if (!name.endsWith('$') || !Array.isArray(schema) || schema[0] !== 9) return [];
    const [method, path] = schema[3].http as [string, string];
    const pattern = path.replaceAll(/\{\w+\}/g, '([^/]+)').replace(/\?.*$/, '');
    return [{ operation: schema[2] as string, method, pattern: new RegExp(`^${pattern}/?$`) }];
  });
}

/** Undefined where AWS allows it to anybody. */
function callOf(
  service: string,
  region: string,
  request: http.IncomingMessage,
  body: string,
  rolePaths: Map<string, string>,
): Omit<GatedCall, 'isAllowed'> | undefined {
  const arn = (name: string): string => `arn:aws:${service}:${region}:${ACCOUNT}:${name}`;
  const path = decodeURIComponent((request.url ?? '/').split('?')[0]!);
  if (service === 'lambda') {
    const route = ROUTES.lambda.find(({ method, pattern }) => method === request.method && pattern.test(path));
    const name = route?.pattern.exec(path)?.[1];
    const action = `lambda:${route?.operation}`;
    const { [action as keyof typeof RENAMED]: renamed = action } = RENAMED;
    return { action: renamed, resource: name === undefined ? '*' : arn(`function:${name}`) };
  }
  if (service === 'apigateway') {
    return { action: `apigateway:${request.method}`, resource: `arn:aws:apigateway:${region}::${path}` };
  }
  const header = request.headers['x-amz-target'];
  if (typeof header === 'string') {
    const operation = header.slice(header.lastIndexOf('.') + 1);
    const { repositoryName, repositoryNames, logGroupName, logGroupIdentifiers } = JSON.parse(body || '{}');
    const repository = repositoryName ?? repositoryNames?.[0];
    const group = logGroupName ?? logGroupIdentifiers?.[0]?.replace(/^.*log-group:/, '');
    const resource = repository ? arn(`repository/${repository}`) : group ? arn(`log-group:${group}`) : '*';
    const prefix = service === 'monitoring' ? 'cloudwatch' : service;
    return { action: `${prefix}:${operation}`, resource };
  }
  const form = new URLSearchParams(body);
  const action = `${service}:${form.get('Action')}`;
  if (action === 'sts:GetCallerIdentity') return undefined;
  const role = form.get('RoleName');
  if (role !== null) {
    const path = form.get('Path') ?? rolePaths.get(role) ?? '/';
    rolePaths.set(role, path);
    return { action, resource: `arn:aws:iam::${ACCOUNT}:role${path}${role}` };
  }
  const named = form.get('RoleArn') ?? form.get('PolicySourceArn') ?? form.get('StackName') ?? '*';
  const isName = named !== '*' && !named.startsWith('arn:');
  return { action, resource: isName ? arn(`stack/${named}/id`) : named };
}

/** Every protocol's client reads one of these. */
function refuse(response: http.ServerResponse, { action, resource }: GatedCall): void {
  const message = `User is not authorized to perform: ${action} on resource: ${resource}`;
  const isXml = /^(cloudformation|sts|iam|s3):/.test(action);
  response.writeHead(403, {
    'content-type': isXml ? 'text/xml' : 'application/x-amz-json-1.1',
    'x-amzn-errortype': 'AccessDeniedException',
  });
  response.end(
    isXml
      ? `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${message}</Message></Error></ErrorResponse>`
      : JSON.stringify({ __type: 'AccessDeniedException', message }),
  );
}
