/** A project whose models are deployed as containers, by a real host on a real engine. */
import assert from 'node:assert/strict';
import { addressOf } from '../../src/core/host/election.ts';
import { repositoryOf } from '../../src/core/image/image.ts';
import { imagePython, planImage, type ImagePlan } from '../../src/core/image/plan.ts';
import type { ImageSettings } from '../../src/core/image/settings.ts';
import { ofThisMachine } from '../../src/core/machine.ts';
import { projectId } from '../../src/core/places.ts';
import type { DeployPlan } from '../../src/core/targets/plan.ts';
import type { ModelSpec } from '../../src/shared/spec.ts';
import { SAMPLE_PYTHON, TestProject } from '../host/support.ts';
import { docker, LAMBDA_PYTHON, PYTHON_SLIM } from './support.ts';

export const BASE_IMAGES = { '3.11': PYTHON_SLIM, '3.13': LAMBDA_PYTHON };

/** Where the network of these tests looks into TLS, its certificates are among the system's. */
export const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** As a host or an editor is told of both. */
export const BUILD_VARIABLES = {
  NIMBUS_BASE_IMAGES: Object.entries(BASE_IMAGES)
    .map(([python, image]) => `${python}=${image}`)
    .join(' '),
  NIMBUS_CA_CERTIFICATES: CERTIFICATES,
};

export class ContainerProject extends TestProject {
  constructor(env: Record<string, string> = {}) {
    // A host that builds again does so with its own variables.
    super({ ...BUILD_VARIABLES, ...env });
  }

  /** How images of this project are built. */
  settings: ImageSettings = { baseImages: BASE_IMAGES };

  imagePlan(
    model: string,
    spec: Partial<ModelSpec>,
    requirements: readonly string[] = [],
    more: Partial<ImagePlan> = {},
  ): DeployPlan {
    const plan = this.plan(model, spec);
    const image = planImage({
      python: imagePython(spec.pythonVersion, '3.11.2'),
      lockFile: `${this.folder}/${plan.spec.path}.nimbus.lock`,
      requirements,
      settings: this.settings,
      packages: { caCertificates: CERTIFICATES },
      ...more,
    });
    assert.ok(image.ok, JSON.stringify(image));
    assert.ok(plan.environment.kind === 'use');
    // The one with uv, which makes locks.
    const environment = { ...plan.environment, python: SAMPLE_PYTHON };
    return { ...plan, deployment: 'docker', deploymentSpec: { target: 'docker' }, environment, image: image.value };
  }

  /** Deploys a custom model as a container and says where it answers. */
  async deployImage(model: string, handler: string, spec: Partial<ModelSpec> = {}): Promise<string> {
    this.write(model, handler);
    const operation = await this.execute(this.imagePlan(model, spec));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    return `${this.host.hello.url}/${model}/docker`;
  }

  override key(model: string): { model: string; deployment: string } {
    return { model, deployment: 'docker' };
  }

  /** What has the names of its images, as tags: other runs have models of the same name. */
  get repository(): string {
    process.env['NIMBUS_HOME'] = this.home;
    return repositoryOf(projectId(this.folder));
  }

  /** What its containers carry as `nimbus.project`. */
  get mark(): string {
    process.env['NIMBUS_HOME'] = this.home;
    const address = addressOf(this.folder);
    assert.ok(address.ok);
    return ofThisMachine(address.value.mark);
  }

  /** Containers of a model, by id, whatever their state. */
  async containers(model: string): Promise<string[]> {
    const printed = await docker(
      'ps',
      '--all',
      '--quiet',
      '--no-trunc',
      '--filter',
      `label=nimbus.project=${this.mark}`,
      '--filter',
      `label=nimbus.deployment=${model}/docker`,
    );
    return printed.split('\n').filter(Boolean);
  }
}
