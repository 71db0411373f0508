/** Where the tests of the lambda target run: on an emulator of their own, or, by `npm run test:aws`, on a real account. */
import { packageSettings, type PackageSettings } from '../../src/core/environment/packages.ts';
import { imageSettings, type ImageSettings } from '../../src/core/image/settings.ts';
import { BASE_IMAGES, BUILD_VARIABLES, CERTIFICATES } from '../docker/project.ts';
import { modelPrefix } from './account/names.ts';
import { startEmulator } from './emulator.ts';
import { variablesOf, type Reached } from './support.ts';

const { NIMBUS_TEST_AWS_RUN: RUN, NIMBUS_TEST_AWS_ACCOUNT, AWS_REGION } = process.env;
/** Of a real account, or of the emulator's credentials. */
export const ACCOUNT = RUN === undefined ? '000000000000' : NIMBUS_TEST_AWS_ACCOUNT!;
export const REGION = RUN === undefined ? 'eu-west-1' : AWS_REGION!;
/** Stacks that are there when the tests begin. */
export const STACKS_BEFORE = RUN === undefined ? [] : ['CDKToolkit', 'nimbus-images'];

/** How long a test may take that takes so long on the emulator: on an account CloudFormation and a push have their own time. */
export function patience(ms: number): number {
  return RUN === undefined ? ms : ms * 5;
}

/** A model's name: on an account that has others, one that tells of the run. */
export function named(model: string): string {
  return RUN === undefined ? model : `${modelPrefix(RUN)}${model}`;
}

/** How AWS is reached, and how images for it are built. */
export interface Place {
  client: Reached;
  /** The same, and how images are built, for Nimbus's own processes. */
  variables: NodeJS.ProcessEnv;
  images: ImageSettings;
  packages: PackageSettings;
  /** As of an emulator; on an account CloudFormation takes its own time. */
  slow(seconds: number): void;
  end(): Promise<void>;
}

/** `emulator`: counts for that alone. */
export async function startPlace(emulator?: Parameters<typeof startEmulator>[0]): Promise<Place> {
  return RUN === undefined ? emulated(emulator) : onAccount();
}

async function emulated(options: Parameters<typeof startEmulator>[0]): Promise<Place> {
  const emulator = await startEmulator(options);
  const { client, slow, end } = emulator;
  return {
    client,
    variables: { ...BUILD_VARIABLES, ...variablesOf(client) },
    images: { baseImages: BASE_IMAGES },
    packages: { caCertificates: CERTIFICATES },
    slow,
    end,
  };
}

/** With the base images that users have, unless the variables of who runs it name others. */
function onAccount(): Place {
  const { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  const client: Reached = {
    ...(endpoint ? { endpoint } : {}),
    region: REGION,
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID!,
      secretAccessKey: AWS_SECRET_ACCESS_KEY!,
      sessionToken: AWS_SESSION_TOKEN!,
    },
  };
  return {
    client,
    variables: variablesOf(client),
    images: imageSettings(process.env),
    packages: packageSettings(process.env),
    slow: () => undefined,
    end: async () => undefined,
  };
}
