/** Builds that decide about slimming, at once on one engine. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { BuildRequest } from '../../src/core/image/builder.ts';
import { DECIDED } from '../../src/core/image/dockerfile.ts';
import { openEngine, type Engine } from '../../src/core/image/engine.ts';
import { decideSlimming, type SlimmingStep } from '../../src/core/image/slimming.ts';
import type { Shell } from '../../src/core/shell.ts';
import { PYTHON_SLIM } from './support.ts';

const SHELL: Shell = { signal: new AbortController().signal, log: () => undefined, stage: () => undefined };

/** Of some model that can do without the same as every other. */
function request(decided: SlimmingStep[]): BuildRequest {
  const text = [
    `FROM ${PYTHON_SLIM} AS deciding`,
    'COPY weights /',
    `RUN echo '${JSON.stringify(decided)}' > ${DECIDED}`,
    '',
    'FROM scratch',
    `COPY --from=deciding ${DECIDED} /`,
    '',
  ].join('\n');
  const context = [
    { path: 'Dockerfile', text },
    { path: 'weights', text: randomUUID() },
  ];
  const platform = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
  return { context, platform, buildArguments: {}, labels: {} };
}

describe('a build that decides about slimming', function () {
  this.timeout(120_000);

  it('keeps its answer where another one that found the same ends before it is read', async () => {
    const opened = await openEngine();
    assert.ok(opened.ok);
    const engine = opened.value;
    const decided: SlimmingStep[] = [{ step: 'tests', before: 2, after: 1, kept: true }];
    const slow: Engine = { ...engine, docker: Object.create(engine.docker) as Engine['docker'] };
    slow.docker.createContainer = async (options) => {
      assert.deepEqual(await decideSlimming(request(decided), engine, SHELL), { ok: true, value: decided });
      return engine.docker.createContainer(options);
    };
    assert.deepEqual(await decideSlimming(request(decided), slow, SHELL), { ok: true, value: decided });
  });
});
