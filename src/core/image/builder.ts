/** Runs one build on an engine, and says what it does. */
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { cancelled, ok, type Outcome } from '../../shared/outcome.ts';
import type { Shell } from '../shell.ts';
import { readStatus, type BuildStep } from './build-events.ts';
import { contextArchive, type ContextEntry } from './context.ts';
import { buildFailure } from './build-failure.ts';
import type { Engine } from './engine.ts';

export interface BuildRequest {
  context: readonly ContextEntry[];
  /** `nimbus/…:tag`; none for an image that only the build itself needs. */
  tag?: string;
  /** Stage of the Dockerfile; the last where left out. */
  target?: string;
  /** `linux/amd64`. */
  platform: string;
  buildArguments: Record<string, string>;
  network?: string;
  labels: Record<string, string>;
}

/** One line of the engine's answer. */
interface EngineEvent {
  id?: string;
  aux?: unknown;
  error?: string;
  /** What the builder before BuildKit says. */
  stream?: string;
}

/** Lines of the failing step that go into the error. */
const LAST_LINES = 12;

/** Builds, and answers with the image's id. Nothing is left of a build that failed or was cancelled. */
export async function build(request: BuildRequest, engine: Engine, shell: Shell): Promise<Outcome<string>> {
  const { tag, target, platform, buildArguments, network, labels } = request;
  if (shell.signal.aborted) return cancelled();
  const log = new BuildLog(shell);
  try {
    const answer = await engine.docker.buildImage(contextArchive(request.context) as NodeJS.ReadableStream, {
      version: '2',
      forcerm: true,
      platform,
      buildargs: buildArguments,
      labels,
      abortSignal: shell.signal,
      ...(tag === undefined ? {} : { t: tag }),
      ...(target === undefined ? {} : { target }),
      ...(network === undefined ? {} : { networkmode: network }),
    });
    let image: string | undefined;
    let isBuildKit = false;
    // A build that fails ends its answer as one that succeeds does: only what it says tells them apart.
    for await (const line of createInterface({ input: answer as Readable })) {
      const event = JSON.parse(line) as EngineEvent;
      isBuildKit ||= event.id?.startsWith('moby.') ?? false;
      if (event.stream !== undefined && !isBuildKit) {
        // The engine ends a build that nobody listens to.
        (answer as Readable).destroy();
        return buildFailure('BuildKit is not supported: an older builder has answered.', undefined);
      }
      if (event.id === 'moby.buildkit.trace') log.update(String(event.aux));
      else if (event.id === 'moby.image.id') image = (event.aux as { ID: string }).ID;
      else if (event.error !== undefined) return buildFailure(event.error, log.failed());
    }
    if (shell.signal.aborted) return cancelled();
    if (image === undefined) return buildFailure('The builder ended without an image.', log.failed());
    return ok(image);
  } catch (error) {
    if (shell.signal.aborted) return cancelled();
    return buildFailure((error as Error).message, log.failed());
  }
}

/** A failed step and the last that it said. */
export interface FailedStep {
  name: string;
  lines: string[];
}

class BuildLog {
  readonly #shell: Shell;
  readonly #steps = new Map<string, BuildStep>();
  readonly #lines = new Map<string, string[]>();
  readonly #told = new Set<string>();

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  update(aux: string): void {
    const { steps, logs } = readStatus(aux);
    for (const step of steps) this.#step(step);
    for (const { step, text } of logs) {
      const known = this.#lines.get(step) ?? [];
      for (const line of text.split('\n')) {
        // A progress bar rewrites its line after a carriage return.
        const shown = line.slice(line.lastIndexOf('\r', line.length - 2) + 1).trimEnd();
        if (shown === '') continue;
        this.#shell.log(`    ${shown}`);
        known.push(shown);
      }
      this.#lines.set(step, known.slice(-LAST_LINES));
    }
  }

  failed(): FailedStep | undefined {
    const step = [...this.#steps.values()].find(({ error }) => error !== undefined);
    return step && { name: step.name, lines: this.#lines.get(step.digest) ?? [] };
  }

  #step(step: BuildStep): void {
    this.#steps.set(step.digest, { ...this.#steps.get(step.digest), ...step });
    // The builder's own housekeeping is in brackets: [internal] load build definition.
    if (step.name.startsWith('[internal]')) return;
    if (step.startedAt !== undefined && step.endedAt === undefined && !step.isCached) this.#begin(step);
    if (step.endedAt === undefined || this.#told.has(step.digest)) return;
    this.#told.add(step.digest);
    const seconds = ((step.endedAt - (step.startedAt ?? step.endedAt)) / 1000).toFixed(1);
    this.#shell.log(`${step.name}: ${step.isCached ? 'cached' : `${seconds} s`}`);
  }

  #begin({ name }: BuildStep): void {
    this.#shell.log(name);
    this.#shell.stage('image', { detail: shortened(name) });
  }
}

function shortened(name: string): string {
  const plain = name.replaceAll(/\s+/g, ' ').replace(/--mount=\S+ /g, '');
  return plain.length > 80 ? `${plain.slice(0, 79)}…` : plain;
}
