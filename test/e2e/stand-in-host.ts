import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { realpathSync } from 'node:fs';
import process from 'node:process';
import { addressOf, elect, type Election } from '../../src/core/host/election.ts';
import { VERSION } from '../../src/core/host/identity.ts';
import { PROTOCOL, type HostApi, type HostEvents } from '../../src/core/host/protocol.ts';
import { overSocket } from '../../src/core/host/rpc.ts';
import type { ModelCard, Problem } from '../../src/shared/contract.ts';
import { fail } from '../../src/shared/outcome.ts';
import type { DeploymentStatus, Operation } from '../../src/shared/states.ts';

/** What one deployment's endpoint answers. */
export interface Endpoint {
  card: ModelCard;
  /** The result of an input, or what is wrong with it. */
  answer(input: unknown): { result: unknown } | { problem: Omit<Problem, 'requestId'> };
}

/** Deployments and operations without their URLs and versions. */
export interface Scene {
  deployments: (Omit<DeploymentStatus, 'url' | 'version' | 'target' | 'workers'> &
    Pick<Partial<DeploymentStatus>, 'target'>)[];
  operations: Operation[];
  endpoints: Record<string, Endpoint>;
}

/** Takes a project's place of the host and shows a scene: every state at once, which no real model is in for long. */
export class StandInHost {
  readonly #election: Election;
  readonly #server: Server;

  private constructor(election: Election, server: Server) {
    this.#election = election;
    this.#server = server;
  }

  static async start(project: string, { deployments, operations, endpoints }: Scene): Promise<StandInHost> {
    const address = addressOf(realpathSync(project));
    if (!address.ok) throw new Error(address.error.what);
    const election = await elect(address.value.path);
    if (!election) throw new Error(`a host of ${project} runs already`);
    const server = createServer(async (request, response) => {
      const [, model, , call] = new URL(request.url!, 'http://host').pathname.split('/');
      const { card, answer } = endpoints[model!]!;
      let body = '';
      for await (const part of request) body += String(part);
      const requestId = 'f0e1d2c3-0000-4000-8000-000000000000';
      response.setHeader('content-type', 'application/json');
      response.setHeader('x-request-id', requestId);
      response.setHeader(
        'server-timing',
        'queue;dur=0.2, start;dur=4.1, interpreter;dur=31.3, imports;dur=812.4, load;dur=265.1, handler;dur=4.2, total;dur=1240.6',
      );
      if (call !== 'predict') {
        response.end(JSON.stringify(card));
        return;
      }
      const { text, input } = JSON.parse(body) as { text?: unknown; input?: unknown };
      const answered = answer(text ?? input);
      if ('problem' in answered) {
        response.statusCode = answered.problem.status;
        response.end(JSON.stringify({ ...answered.problem, requestId }));
      } else {
        const timings = { start: 'cold', initMs: 1112.9, handlerMs: 4.2 };
        response.end(JSON.stringify({ model, version: card.version, ...answered, timings, requestId }));
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const statuses = deployments.map((one): DeploymentStatus => ({
      target: 'local',
      version: '3f9a1c7e'.repeat(8),
      workers: one.state === 'serving' ? 1 : 0,
      url: `${url}/${one.model}/${one.deployment}`,
      ...one,
    }));
    const none = async (): Promise<never> => fail('stand-in', 'This host only shows.') as never;
    const api: HostApi = {
      hello: async () => ({
        protocol: PROTOCOL,
        version: VERSION,
        pid: process.pid,
        url,
        deployments: statuses,
        operations,
      }),
      execute: none,
      cancel: none,
      look: none,
      rehearsedPlan: none,
      observe: none,
      start: none,
      stop: none,
      cold: none,
      provide: none,
      sweep: async () => undefined,
      prunable: none,
      prune: none,
      logs: async () => [],
      follow: async () => undefined,
      shutdown: async () => fail('stand-in', 'The test ends it.'),
    };
    election.server.on('connection', (socket) => {
      overSocket<HostEvents, HostApi>(socket, api, ['deployment', 'removed', 'operation', 'log']);
    });
    return new StandInHost(election, server);
  }

  async stop(): Promise<void> {
    this.#election.release();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
