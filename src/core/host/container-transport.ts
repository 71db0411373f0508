/** A worker's program as a container of the very image that AWS Lambda runs, under AWS Lambda's limits. */
import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import type { ModelCard } from '../../shared/contract.ts';
import { containerFailure, initTooLong, LOAD_LESS, type ContainerEnd } from './container-end.ts';
import { containerSettings, type ContainerOptions } from './container-settings.ts';
import { demultiplex } from './demultiplex.ts';
import { answerOf, frameReader, writeEvent } from './framed.ts';
import { FrameError, type Frame } from './frames.ts';
import { proxyAnswer, proxyEvent } from './gateway.ts';
import type { Failure } from './problems.ts';
import { initFailure } from './python-error.ts';
import { INIT_MS } from './settings.ts';
import type { StartTransport, Transport, TransportEvents } from './transport.ts';

/** Id of the request for the card, which no caller sent. */
const CARD = 'card';

export function containerTransport(options: ContainerOptions): StartTransport {
  return (events) => new ContainerTransport(options, events);
}

class ContainerTransport implements Transport {
  readonly kind = 'container';
  readonly #options: ContainerOptions;
  readonly #events: TransportEvents;
  #container: Docker.Container | undefined;
  #stream: Duplex | undefined;
  #readyAt = 0;
  #isReady = false;
  #isOver = false;
  #isKilled = false;
  /** Of the relay, where it lived to tell. */
  #end: ContainerEnd | undefined;
  readonly #removals = new Map<Docker.Container, Promise<void>>();
  #initTimer: NodeJS.Timeout | undefined;
  /** Set while it is paused, or about to be; settles when it is. */
  #paused: Promise<void> | undefined;

  constructor(options: ContainerOptions, events: TransportEvents) {
    this.#options = options;
    this.#events = events;
    void this.#run(INIT_MS);
  }

  send(id: string, payload: Buffer, { deadlineMs }: { deadlineMs: number }): void {
    const arn = `arn:aws:lambda:local:000000000000:function:${this.#options.functionName}`;
    const write = (): void => writeEvent(this.#stream, { id, deadlineMs, arn }, payload);
    const paused = this.#paused;
    if (!paused) return write();
    this.#paused = undefined;
    void this.#resume(paused, write);
  }

  async #resume(paused: Promise<void>, write: () => void): Promise<void> {
    await paused;
    // One that cannot be resumed has been ended; the end of its stream tells.
    await this.#container?.unpause().catch(() => undefined);
    write();
  }

  close(): void {
    // A paused one would not notice.
    if (this.#paused) void this.kill();
    else this.#stream?.end();
  }

  async kill(): Promise<void> {
    this.#isKilled = true;
    clearTimeout(this.#initTimer);
    await this.#remove();
  }

  async pause(): Promise<void> {
    if (this.#isOver || this.#paused || !this.#container) return;
    this.#paused = this.#container.pause().then(
      () => undefined,
      () => undefined,
    );
    await this.#paused;
  }

  /** Runs one container to its end. */
  async #run(initMs: number): Promise<void> {
    const { docker } = this.#options;
    let wasTooLong = false;
    try {
      const container = await docker.createContainer(
        containerSettings(this.#options, await readFile(this.#options.relay, 'utf8')),
      );
      this.#container = container;
      if (this.#isKilled) return await this.#over(undefined);
      // Before the start: what it says first would be lost.
      const stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: true, stderr: true });
      this.#stream = stream as Duplex;
      const closed = this.#listen(this.#stream);
      await container.start();
      this.#initTimer = setTimeout(() => {
        wasTooLong = true;
        void this.#remove();
      }, initMs);
      await closed;
      clearTimeout(this.#initTimer);
    } catch (error) {
      return this.#over(this.#isKilled ? undefined : cannotStart(error));
    }
    if (wasTooLong && !this.#isKilled && initMs === INIT_MS) {
      this.#events.say(initTooLong(INIT_MS));
      return this.#run(this.#options.timeoutSeconds * 1000);
    }
    await this.#over(wasTooLong ? { code: 'timed-out', detail: initTooLong(initMs), next: LOAD_LESS } : undefined);
  }

  /** Resolves when the container's stream has ended. */
  #listen(stream: Duplex): Promise<void> {
    const onBroken = ({ message }: FrameError): void =>
      this.#events.breach({
        code: 'worker-died',
        detail: `The container wrote something else than answers: ${message}.`,
      });
    const onFrames = frameReader((frame) => this.#frame(frame), onBroken);
    demultiplex(stream, onFrames, (chunk) => this.#events.output('stderr', chunk));
    return new Promise((resolve) => {
      stream.on('error', () => undefined);
      stream.on('close', resolve);
      stream.on('end', () => stream.destroy());
    });
  }

  #frame(frame: Frame): void {
    const { kind, meta, payload } = frame;
    switch (kind) {
      case 'H':
        return this.#events.spawned();
      case 'R':
        this.#readyAt = performance.now();
        return this.send(CARD, cardEvent(this.#options), { deadlineMs: Date.now() + INIT_MS });
      case 'F':
        return this.#events.breach(initFailure(payload));
      case 'O':
      case 'E':
        if (meta['id'] === CARD) return this.#card(payload);
        if (typeof meta['bytes'] === 'number') this.#events.memory(meta['bytes']);
        return this.#events.answer(answerOf(frame));
      case 'X':
        this.#end = { code: Number(meta['code']), signal: Number(meta['signal']), isOutOfMemory: meta['oom'] === true };
        return;
      case 'I':
        throw new FrameError('a container does not send requests');
      default:
        kind satisfies never;
    }
  }

  /** The model is loaded once its runtime asks for events; what it is, and how long that took, its card says. */
  #card(payload: Buffer): void {
    const answer = proxyAnswer(payload);
    if (answer?.status !== 200) {
      const detail = 'The image does not answer as a function of Nimbus.';
      return this.#events.breach({ code: 'init-failed', detail, next: 'Redeploy the model.' });
    }
    const timing = answer.headers.find(([name]) => name === 'server-timing')?.[1];
    const millisecondsOf = (phase: string): number =>
      Number(new RegExp(`${phase};dur=([0-9.]+)`).exec(String(timing))?.[1] ?? 0);
    const [importsMs, loadMs] = [millisecondsOf('imports'), millisecondsOf('load')];
    clearTimeout(this.#initTimer);
    this.#isReady = true;
    this.#events.hello(this.#readyAt - importsMs - loadMs);
    const card = JSON.parse(answer.body.toString()) as ModelCard;
    const networkLeft = this.#options.isolated ? { networkLeft: !this.#options.network } : {};
    this.#events.ready({ importsMs, loadMs, card, ...networkLeft });
  }

  async #over(failure: Failure | undefined): Promise<void> {
    const facts = await this.#container?.inspect().catch(() => undefined);
    const state = facts?.State;
    await this.#remove();
    this.#isOver = true;
    const { memoryMb } = this.#options;
    const seen = state && { exitCode: state.ExitCode, isOutOfMemory: state.OOMKilled };
    this.#events.ended(failure ?? containerFailure(this.#end, seen, { memoryMb, isReady: this.#isReady }));
  }

  /** Settles when the container is gone, also for a second caller, whom the engine would not let wait. */
  #remove(): Promise<void> {
    // Before the container is killed: an attached stream that nobody reads blocks that.
    this.#stream?.destroy();
    const container = this.#container;
    if (!container) return Promise.resolve();
    const known = this.#removals.get(container);
    if (known) return known;
    const removal = container.remove({ force: true, v: true }).then(
      () => undefined,
      () => undefined,
    );
    this.#removals.set(container, removal);
    return removal;
  }
}

function cardEvent({ functionName }: ContainerOptions): Buffer {
  return Buffer.from(
    proxyEvent({
      method: 'GET',
      path: '/',
      query: '',
      rawHeaders: [],
      body: Buffer.alloc(0),
      arrivedMs: Date.now(),
      requestId: CARD,
      sourceIp: '127.0.0.1',
      stage: functionName,
      apiId: CARD,
      domainName: 'localhost',
    }),
  );
}

function cannotStart(error: unknown): Failure {
  const { message, statusCode, code } = error as Error & { statusCode?: number; code?: string };
  if (statusCode === 404) {
    return { code: 'init-failed', detail: 'The image of this version is gone.', next: 'Redeploy the model.' };
  }
  const isGone = code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ECONNRESET';
  return {
    code: 'init-failed',
    detail: isGone ? 'The Docker engine does not answer.' : `The container cannot be started: ${message}`,
    next: isGone ? 'Start Docker, and send the request again.' : 'Look into the log of the Docker engine.',
  };
}
