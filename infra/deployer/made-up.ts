import type { DeploymentDescription } from '../app/description.ts';

/** Of everything that a deployment may have, so that all of it is loaded. */
export const MADE_UP: DeploymentDescription = {
  model: 'warm',
  deployment: 'warm',
  stackName: 'nimbus-warm',
  account: '123456789012',
  region: 'us-east-1',
  image: { repository: 'nimbus', digest: `sha256:${'0'.repeat(64)}` },
  version: '0'.repeat(64),
  revision: 'warm',
  framework: 'custom',
  card: { model: 'warm', version: '0'.repeat(64), framework: 'custom' },
  memoryMb: 512,
  timeoutSeconds: 29,
  architecture: 'x86_64',
  auth: 'key',
  corsOrigins: ['https://example.com'],
  env: ['EXAMPLE'],
};
