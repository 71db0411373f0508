/** A project of its own with custom models, and a real host that serves it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectHost, type HostConnection } from '../../src/core/host/client.ts';
import type { HostEvents } from '../../src/core/host/protocol.ts';
import type { DeployPlan } from '../../src/core/targets/plan.ts';
import type { ModelSpec } from '../../src/shared/spec.ts';
import type { DeploymentStatus, LogLine, Operation, State } from '../../src/shared/states.ts';

/** Any Python does: the models need no package. */
export const PYTHON = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
const PYTHON_VERSION = execFileSync(PYTHON, ['-c', 'import platform; print(platform.python_version())'], {
  encoding: 'utf8',
}).trim();

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** The trained samples, and the Python that has their frameworks. */
export const SAMPLES = path.join(ROOT, 'examples/models');
export const SAMPLE_PYTHON = path.join(ROOT, '.cache/python/bin/python');
/** The Python that has torch, transformers and the other large frameworks. */
export const FRAMEWORKS_PYTHON = path.join(ROOT, '.cache/frameworks/bin/python');

/** A model that answers what it was sent. */
export const ECHO = `
def load(path):
    return "model"

def predict(model, input):
    return input
`;

/** Fast enough for tests; each can be overridden. */
const SETTINGS = {
  NIMBUS_LINGER_EDITOR_MS: '60000',
  NIMBUS_LINGER_CLI_MS: '60000',
  NIMBUS_RELOAD_STABLE_MS: '150',
};

export class TestProject {
  readonly home: string;
  readonly folder: string;
  readonly statuses: DeploymentStatus[] = [];
  readonly operations = new Map<string, Operation>();
  readonly removed: string[] = [];
  readonly lines: LogLine[] = [];
  readonly env: Record<string, string>;
  connection: HostConnection | undefined;
  #listeners = new Set<() => void>();

  constructor(env: Record<string, string> = {}) {
    // Short, for the sockets below it.
    this.home = realpathSync(mkdtempSync(path.join(tmpdir(), 'nh-')));
    this.folder = path.join(this.home, 'project');
    mkdirSync(this.folder);
    this.env = { ...SETTINGS, ...env };
    // The test's own process looks for the host in the same place.
    process.env['NIMBUS_HOME'] = this.home;
  }

  get host(): HostConnection {
    assert.ok(this.connection, 'connect first');
    return this.connection;
  }

  readonly events: HostEvents = {
    deployment: (status) => {
      this.statuses.push(status);
      this.#wake();
    },
    removed: ({ model, deployment }) => {
      this.removed.push(`${model}/${deployment}`);
      this.#wake();
    },
    operation: (operation) => {
      this.operations.set(operation.id, operation);
      this.#wake();
    },
    log: (_key, line) => {
      this.lines.push(line);
      this.#wake();
    },
  };

  async connect(kind: 'editor' | 'cli' = 'cli'): Promise<HostConnection> {
    const connected = await connectHost({ project: this.folder, kind, events: this.events, env: this.env });
    if (!connected.ok) assert.fail(JSON.stringify(connected.error, undefined, 2));
    this.connection = connected.value;
    return connected.value;
  }

  /** Resolves once `found` finds something; looks again at every event, and now and then at what has none. */
  async until<T>(found: () => T | undefined | false): Promise<T> {
    for (;;) {
      const value = found();
      if (value !== undefined && value !== false) return value;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.#listeners.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  status(model: string): DeploymentStatus | undefined {
    return this.statuses.findLast((one) => one.model === model);
  }

  async untilState(model: string, state: State): Promise<DeploymentStatus> {
    return this.until(() => {
      const status = this.status(model);
      return status?.state === state ? status : undefined;
    });
  }

  /** Writes a custom model's handler; the folder bears its name. */
  write(model: string, handler: string, files: Record<string, string> = {}): string {
    const folder = path.join(this.folder, 'models', model);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'handler.py'), handler);
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    return folder;
  }

  plan(model: string, spec: Partial<ModelSpec> = {}, more: Partial<DeployPlan> = {}): DeployPlan {
    return {
      kind: 'deploy',
      project: this.folder,
      model,
      deployment: 'local',
      spec: { path: `models/${model}`, framework: 'custom', ...spec },
      deploymentSpec: { target: 'local' },
      environment: {
        kind: 'use',
        python: PYTHON,
        source: 'chosen',
        probe: {
          python: PYTHON,
          version: PYTHON_VERSION,
          implementation: 'cpython',
          abi: 'test',
          platform: process.platform,
          packages: {},
        },
      },
      env: {},
      consent: [{ kind: 'code' }],
      ...more,
    };
  }

  /** Runs an operation to its end. */
  async execute(plan: Parameters<HostConnection['api']['execute']>[0]): Promise<Operation> {
    const started = await this.host.api.execute(plan);
    if (!started.ok) assert.fail(JSON.stringify(started.error));
    return this.until(() => {
      const operation = this.operations.get(started.value.id);
      return operation && operation.state !== 'running' ? operation : undefined;
    });
  }

  /** Deploys a custom model and says where it answers. */
  async deploy(model: string, handler: string, spec: Partial<ModelSpec> = {}): Promise<string> {
    this.write(model, handler);
    const operation = await this.execute(this.plan(model, spec));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    return `${this.host.hello.url}/${model}/local`;
  }

  key(model: string): { model: string; deployment: string } {
    return { model, deployment: 'local' };
  }

  async end(): Promise<void> {
    const { connection } = this;
    if (connection) {
      const { pid } = connection.hello;
      const asked = await connection.api.shutdown().catch(() => undefined);
      // It is at work, for a test that left it so.
      if (asked?.ok === false) process.kill(pid, 'SIGTERM');
      await connection.closed;
      await untilGone(pid);
    }
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  #wake(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** No event tells of the end of a process that is not a child. */
export async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Processes whose environment holds a text. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 0 && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text);
      } catch {
        return false;
      }
    });
}

export interface Reply {
  status: number;
  headers: Headers;
  body: any;
}

export async function post(url: string, body: unknown, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
    headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string>) },
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

export async function get(url: string): Promise<Reply> {
  const response = await fetch(url);
  return { status: response.status, headers: response.headers, body: await response.json() };
}
