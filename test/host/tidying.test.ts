/** When images of earlier versions are removed. */
import assert from 'node:assert/strict';
import type { Deployment } from '../../src/core/host/deployment.ts';
import type { DeploymentRecord } from '../../src/core/host/state.ts';
import type { Candidate } from '../../src/core/host/version.ts';
import type { VersionRequest } from '../../src/core/host/version-request.ts';
import { Versions, type VersionsPorts } from '../../src/core/host/versions.ts';
import { fail } from '../../src/shared/outcome.ts';

describe('images of earlier versions', () => {
  const key = { model: 'model', deployment: 'docker' };

  it('stay while another version is made, whose image is in no record yet, and go after it', async () => {
    let tidied = 0;
    let end!: () => void;
    const taken = new Promise((resolve) => (end = () => resolve(fail('gone', 'The model is gone.'))));
    const ports = {
      around: { functions: '/nowhere', containers: { tidy: () => Promise.resolve(void (tidied += 1)) } },
      snapshots: { take: () => taken, sweep: () => Promise.resolve() },
      state: { state: { deployments: {} }, flush: () => Promise.resolve() },
      deployments: new Map(),
      onActivated: () => undefined,
      log: () => undefined,
    };
    const versions = new Versions(ports as unknown as VersionsPorts);
    const { signal } = new AbortController();
    const request = { ...key, project: '/nowhere', spec: { path: 'model', framework: 'custom' }, image: {}, signal };
    const shell = { signal, log: () => undefined, stage: () => undefined };
    const making = versions.localHost(key).makeVersion(request as unknown as VersionRequest, {}, shell);
    // A version before has served until now: its last request is answered.
    const image = { id: 'sha256:00', reference: 'nimbus/0:model.docker.0' };
    const record = { version: '0', image } as unknown as DeploymentRecord;
    const deployment = { ...key, record, activate: () => Promise.resolve() } as unknown as Deployment;
    await versions.activate(deployment, record, {} as Candidate, false);
    await new Promise(setImmediate);
    assert.equal(tidied, 0);
    end();
    assert.equal((await making).ok, false);
    assert.equal(tidied, 1);
    await versions.activate(deployment, record, {} as Candidate, false);
    await new Promise(setImmediate);
    assert.equal(tidied, 2);
  });
});
