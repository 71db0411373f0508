import type { UserError } from './outcome.ts';
import type { MadeWith, StartKind } from './contract.ts';
import type { Auth, DeploymentKey, Framework, TargetKind } from './spec.ts';
import type { SweepReport } from './sweep.ts';

/**
 * `not-deployed` models.json declares it, nobody deployed it on this machine. `idle` no worker: the next request is
 * cold. `starting` a worker is initialising and none is ready. `serving` a worker is ready. `stopped` the user closed
 * the route (503). `failed` the last start failed. `changed` the model differs from what is deployed. `refused` a new
 * version could not answer, the old one serves on. Of `lambda` alone: `updating` CloudFormation or AWS Lambda works on it.
 * `gone` it was deleted elsewhere.
 */
export type State =
  | 'not-deployed'
  | 'idle'
  | 'starting'
  | 'serving'
  | 'stopped'
  | 'failed'
  | 'changed'
  | 'refused'
  | 'updating'
  | 'gone';

export interface DeploymentStatus extends DeploymentKey {
  target: TargetKind;
  framework: Framework;
  state: State;
  /** Endpoint's base, without a trailing slash: `http://127.0.0.1:47123/sentiment/local`. */
  url: string;
  /** Hash of model files, lock, runtime and handler: 64 hexadecimal digits, shown shortened to 7. */
  version: string;
  /** ISO 8601. */
  deployedAt?: string;
  /** Of the targets that run Python of this machine. */
  interpreter?: string;
  /** Of the targets that run an image. */
  image?: ImageStatus;
  /** Of `lambda`. */
  cloud?: CloudStatus;
  /** Of `lambda`: unset until AWS was asked since the host started. */
  seen?: CloudSeen;
  /** Where an image of it was pushed last; of an older version where its `image` is another one. */
  pushed?: PushedImage;
  /** The user chose it for this deployment; else Nimbus took it. */
  interpreterChosen?: boolean;
  /** What the model was made with. */
  madeWith?: MadeWith[];
  /** Where the interpreter differs from that in a way that may matter, one text each. */
  differs?: string[];
  /**
   * Of a model whose loading needed the user's consent: whether its last worker gave up the network, or kept it because
   * the system does not let it run without. Unset where it was to have the network.
   */
  network?: 'none' | 'kept';
  /** Whether plain text is an input of the version that serves; unset where it is not known. */
  takesText?: boolean;
  workers: number;
  /** Milliseconds, whole request as the host saw it, last one of its kind. */
  lastMs: Partial<Record<StartKind, number>>;
  /** Bytes of resident memory of all workers, last measured. */
  memoryBytes?: number;
  /** Variables that had a value when it was deployed and have none since its host was started again. */
  needs?: string[];
  /** Why it is `failed` or `refused`. */
  error?: UserError;
}

/** The image that a deployment runs. */
export interface ImageStatus {
  /** `sha256:…`. */
  id: string;
  reference: string;
  bytes: number;
  /** `3.12`. */
  python: string;
  /** `linux-arm64`. */
  platform: string;
  /** The engine's own processors are of another architecture: slower than on AWS by far. */
  isEmulated?: true;
}

/** A layer of an image. */
export interface ImageLayer {
  /** Before compression. */
  bytes: number;
  /** It holds the model. */
  isModel?: true;
  /** As the registry has it that it was pushed to from here: `sha256:…` and the bytes after compression. */
  packed?: { digest: string; bytes: number };
}

/** What of AWS a deployment is, as CloudFormation reported it. */
export interface CloudStatus {
  /** Twelve digits. */
  account: string;
  region: string;
  stack: string;
  functionName: string;
  /** Base of the endpoint, without a trailing slash. */
  url: string;
  apiId: string;
  /** Of the REST API. */
  stage: string;
  logGroup: string;
  auth: Auth;
  /** Of the API key, not the key itself. */
  keyId?: string;
  /** `sha256:…` of the manifest that serves. */
  digest: string;
}

/**
 * `creating` the first deploy runs, nothing serves yet. `serving` the alias answers. `updating`, `rolling-back` and
 * `deleting` CloudFormation works on the stack; of the first two, what was there before serves on meanwhile. `inactive` AWS
 * Lambda took its resources back: the first request fails and wakes it. `waking` it was asked since. `failed` see `why`.
 * `gone` there is no stack.
 */
export type CloudStateName =
  | 'creating'
  | 'serving'
  | 'updating'
  | 'rolling-back'
  | 'deleting'
  | 'inactive'
  | 'waking'
  | 'failed'
  | 'gone';

/** What AWS said of a deployment when it was asked last. */
export interface CloudSeen {
  state: CloudStateName;
  /** What serves is newer than what the stack says, by an update outside of it. */
  isAhead: boolean;
  /** The function's version that serves: `7`. */
  liveVersion?: string;
  /** What was changed by hand, as CloudFormation saw it when it compared last: unset where nothing was, or nobody knows. */
  drifted?: Drifted;
  /** ISO 8601. */
  at: string;
}

export interface Drifted {
  /** When CloudFormation compared, ISO 8601. */
  at: string;
  /** `AWS::Lambda::Function nimbus-sentiment-prod` */
  parts: string[];
}

/** The image that would go to AWS, after it answered here under Lambda's limits. */
export interface Rehearsal {
  /** Another one each time, also of the same version: what is agreed to names it. */
  id: string;
  image: ImageStatus;
  /** 64 hexadecimal digits. */
  version: string;
  /** Milliseconds from the container's start until the model was loaded, as AWS Lambda counts its initialisation. */
  initMs: number;
  /** Milliseconds of the first answer; unset where nobody knows what to send. */
  firstAnswerMs?: number;
  memoryMb: number;
  /** Of the image, from the base up; unset where nothing was built. */
  layers?: ImageLayer[];
  /** Of one that is deployed already: what changes beside weights and code, a line each. None: the code alone is updated. */
  changes?: string[];
  /** What the stack would be configured by, see `infra/app/configuration.ts`. */
  configuration?: Record<string, unknown>;
  /** What was deployed from here last. */
  deployed?: Pick<CloudStatus, 'digest' | 'apiId'> & {
    /** Of the stack: another one says that it was updated from elsewhere since. */
    revision?: string;
  };
  /** This very version is deployed, with this very configuration: nothing was built, and the figures are those of then. */
  isDeployed?: true;
}

/** A deploy to AWS that ended with real answers. */
export interface CloudDeployed {
  version: string;
  cloud: CloudStatus;
  /** Of the predictions that it ended with; empty where nobody knows what to send. */
  answers: { start?: StartKind; totalMs: number; initMs?: number; handlerMs?: number }[];
  /** What they were asked. */
  input?: unknown;
  /** What the first was answered. */
  result?: unknown;
}

/** A version that serves again. */
export interface RolledBack {
  /** Of the function: `6`. */
  number: string;
  /** That served before. */
  before: string;
  /** Of the model: 64 hexadecimal digits. */
  version: string;
}

/** Which API key of which API. */
export type ApiKeyPlace = Pick<CloudStatus, 'account' | 'region' | 'apiId' | 'keyId'>;

export interface CloudRemoved {
  /** Of the stack that is gone: whoever kept it can forget it. */
  apiKey?: ApiKeyPlace;
}

/** A stack of Nimbus in an account and region. */
export interface StackPlace {
  /** Twelve digits. */
  account: string;
  region: string;
  stack: string;
}

/** An API key in the place of another. */
export interface KeyRotated {
  /** With the id of the new key. */
  cloud: CloudStatus;
  /** Id of the key before. */
  before: string;
  /** The gateway was seen to refuse the key before; unset where nobody could read that key. */
  isRefused?: boolean;
}

export type OperationKind =
  | 'deploy'
  | 'redeploy'
  | 'remove'
  | 'environment'
  | 'build'
  | 'sweep'
  | 'push'
  | 'eject'
  | 'rehearse'
  | 'rollback'
  | 'rotate';

/** An image that was built, or was there already. */
export interface ImageMade {
  image: ImageStatus;
  isCached: boolean;
}

/** An image in a registry. */
export interface PushedImage {
  /** `registry.example/team/sentiment@sha256:…`: exactly this image, for as long as the registry keeps it. */
  reference: string;
  /** `registry.example/team/sentiment:4a80b148f84b`. */
  tag: string;
  /** Of the engine, as of `ImageStatus`. */
  image: string;
  /** ISO 8601. */
  at: string;
  /** Of all layers, those that the registry did not have; their bytes before compression. */
  layers: number;
  sentLayers: number;
  sentBytes: number;
}

/** A folder that builds an image without Nimbus. */
export interface EjectedFolder {
  /** Absolute path. */
  folder: string;
  /** Relative to it, with `/`. */
  files: string[];
  bytes: number;
  /** What the user should know before building it. */
  remarks: string[];
}

/** What came of an operation that succeeded and leaves something to look at. */
export type OperationResult =
  | ImageMade
  | SweepReport
  | PushedImage
  | EjectedFolder
  | Rehearsal
  | CloudDeployed
  | CloudRemoved
  | RolledBack
  | KeyRotated;

export interface OperationStage {
  name: string;
  state: 'waiting' | 'running' | 'done' | 'failed' | 'skipped';
  /** Milliseconds since the epoch. */
  startedAt?: number;
  endedAt?: number;
  /** How long it took the last few times, in ms; unset where that is not known, or short. */
  usualMs?: number;
  /** One line on what it does right now. */
  detail?: string;
  /** What cancelling in this stage deletes: the stack on AWS that is half made, or has never served. */
  cancelDeletes?: string;
}

/** What cancelling an operation deletes right now, which is to be asked for before. */
export function cancelDeletes({ state, stages }: Operation): string | undefined {
  return state === 'running' ? stages.find((stage) => stage.state === 'running')?.cancelDeletes : undefined;
}

export interface Operation extends DeploymentKey {
  id: string;
  kind: OperationKind;
  state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  stages: OperationStage[];
  startedAt: number;
  endedAt?: number;
  /** Absolute path on the machine that runs the host. */
  logFile: string;
  error?: UserError;
  /** Of those that leave nothing else to look at. */
  result?: OperationResult;
  /** Of a removal of what models.json does not declare: its stack. It is no operation of a deployment of that name here. */
  undeclared?: StackPlace;
}

export interface LogLine {
  /** Milliseconds since the epoch. */
  at: number;
  /**
   * `platform` is what AWS Lambda itself writes. It does not tell a function's stdout and stderr apart: both are `stdout`
   * there.
   */
  source: 'stdout' | 'stderr' | 'host' | 'platform';
  text: string;
  requestId?: string;
}
