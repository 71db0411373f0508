/** The host's side of the socket: clients, their leases and what they may ask. */
import type { Server, Socket } from 'node:net';
import type { BirpcReturn } from 'birpc';
import { ok, fail, type Outcome } from '../../shared/outcome.ts';
import { keyText } from '../../shared/spec.ts';
import type { Host, HostListener } from './host.ts';
import type { Lease } from './lease.ts';
import type { HostApi, HostEvents } from './protocol.ts';
import { overSocket } from './rpc.ts';

interface Client {
  socket: Socket;
  rpc: BirpcReturn<HostEvents, HostApi>;
  kind: 'editor' | 'cli';
  follows: Set<string>;
}

export interface ServerOptions {
  lease: Lease;
  /** The host is there once it has started; clients that came before wait for it. */
  host: Promise<Host>;
  /** Somebody asked the host to end. */
  onShutdown(): void;
}

const EVENTS: (keyof HostEvents)[] = ['deployment', 'removed', 'operation', 'log'];
/** Log lines for a client that reads slowly are dropped above this many bytes; everything else is small. */
const LOG_WAITING_BYTES = 1024 * 1024;

export class Clients implements HostListener {
  readonly #options: ServerOptions;
  /** Those that were greeted. */
  readonly #clients = new Set<Client>();
  readonly #sockets = new Set<Socket>();
  #closed = false;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  listen(server: Server): void {
    server.on('connection', (socket) => this.#welcome(socket));
  }

  deployment: HostListener['deployment'] = (status) => {
    for (const { rpc } of this.#clients) void rpc.deployment(status);
  };

  removed: HostListener['removed'] = (key) => {
    for (const { rpc } of this.#clients) void rpc.removed(key);
  };

  operation: HostListener['operation'] = (operation) => {
    for (const { rpc } of this.#clients) void rpc.operation(operation);
  };

  log: HostListener['log'] = (key, line) => {
    for (const { rpc, follows, socket } of this.#clients) {
      if (follows.has(keyText(key)) && socket.writableLength < LOG_WAITING_BYTES) void rpc.log(key, line);
    }
  };

  request: HostListener['request'] = () => this.#options.lease.touch();

  /** From now on turns away who comes: they come again, to a successor. */
  refuse(): void {
    this.#closed = true;
  }

  /** Says goodbye to all. */
  close(): void {
    for (const socket of this.#sockets) socket.end();
  }

  #welcome(socket: Socket): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const leave = this.#options.lease.open();
    const client: Client = { socket, kind: 'cli', follows: new Set(), rpc: undefined! };
    client.rpc = overSocket<HostEvents, HostApi>(socket, this.#api(client), EVENTS);
    socket.once('close', () => {
      this.#clients.delete(client);
      this.#sockets.delete(socket);
      leave(client.kind);
    });
  }

  #api(client: Client): HostApi {
    const { host, onShutdown } = this.#options;
    return {
      hello: async ({ kind }) => {
        client.kind = kind;
        const { hello } = await host;
        // From here on it is told what changes; before, it would learn of changes of what it does not know.
        if (!client.socket.destroyed) this.#clients.add(client);
        return hello;
      },
      execute: async (plan) => (await host).execute(plan),
      cancel: async (id) => (await host).operations.cancel(id),
      look: async (key, variables) => {
        // What models.json says by now counts.
        await (await host).declarations.refresh();
        return (await host).cloud.look(key, variables);
      },
      rehearsedPlan: async (key, rehearsal) => (await host).cloud.rehearsedPlan(key, rehearsal),
      observe: async (key, start, totalMs) => (await host).observe(key, start, totalMs),
      start: async (key) => (await host).startDeployment(key),
      stop: async (key) => (await host).stopDeployment(key),
      cold: async (key) => (await host).coldDeployment(key),
      provide: async (key, values) => (await host).provide(key, values),
      sweep: async (model) => (await host).lastSweep(model),
      prunable: async () => (await host).upkeep.prunable(),
      prune: async (items) => (await host).upkeep.prune(items),
      logs: async (query) => (await host).logs(query),
      follow: async (key) => {
        client.follows.add(keyText(key));
      },
      shutdown: async (): Promise<Outcome<void>> => {
        const running = await host;
        if (running.operations.running > 0) {
          return fail('operation-running', 'The host is at work.', { next: 'Wait until its operations have ended.' });
        }
        if (running.requests > 0) {
          return fail('requests-running', 'The host answers requests.', { next: 'Wait until they are answered.' });
        }
        // In this very turn, so that no request comes between the look and the end.
        running.refuse();
        // After the answer is on its way.
        setImmediate(onShutdown);
        return ok(undefined);
      },
    };
  }
}
