import type { ModelCard } from './contract.ts';
import type { Phases, Sample, Through } from './latency.ts';
import type { Outcome, UserError } from './outcome.ts';
import type { EnvironmentDifferences, Tolerance } from './parity.ts';
import type { DeploymentKey } from './spec.ts';
import type { DeploymentStatus } from './states.ts';
import type { Wait } from './waits.ts';

export type CodeLanguage = 'curl' | 'python' | 'typescript';

export interface PlaygroundInput {
  input: unknown;
  parameters?: Record<string, unknown>;
}

export interface SendOptions {
  /** Where it goes instead of the chosen deployment, of a request that is compared with another one. */
  to?: DeploymentKey;
  /** As in its sample. */
  pair?: string;
  /** How it reaches a deployment on AWS. Default: through the API. */
  through?: Through;
}

export interface RepeatOptions extends Pick<SendOptions, 'through'> {
  /** Each request goes to that deployment as well, in turn. */
  also?: DeploymentKey;
}

/** What is known of the chosen deployment and the one that it is compared with, beside their answers. */
export interface ComparedWith {
  tolerance: Tolerance;
  /** Unset where they cannot be told: no Docker engine answers, an interpreter is gone. */
  environments?: EnvironmentDifferences;
}

export interface PlaygroundStart {
  /** Every deployment of every project of the window that can be chosen. */
  deployments: DeploymentStatus[];
  selected?: DeploymentKey;
  /** What it is to be compared with, where that was asked for outside the page. */
  compared?: DeploymentKey;
  card?: ModelCard;
  /** Requests from before the page was opened, of all deployments, oldest first. */
  samples: Sample[];
  /** BCP 47, for numbers and dates. */
  locale: string;
}

export interface LoggedRequest {
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** What the page asks of the extension. Only the extension calls endpoints; the page has no network. */
export interface PlaygroundExtension {
  /** The page has loaded, possibly after a reload: `remembered` is what it had selected. */
  ready(remembered?: DeploymentKey): Promise<PlaygroundStart>;
  select(key: DeploymentKey): Promise<ModelCard | undefined>;
  /** One request. Failures of the endpoint are a sample with a problem; an error means that nothing was sent. */
  send(input: PlaygroundInput, options?: SendOptions): Promise<Outcome<Sample>>;
  /** Sends `times` requests one after another; each arrives as a `sample` event. Answers when all are done. */
  repeat(input: PlaygroundInput, times: number, options?: RepeatOptions): Promise<Outcome<{ sent: number }>>;
  /** Looks at what the chosen deployment and this one differ in; undefined where one of them is gone. */
  compare(key: DeploymentKey): Promise<ComparedWith | undefined>;
  /** Ends what `send` or `repeat` has under way. */
  cancel(): Promise<void>;
  /** Of the chosen deployment, or of another one. */
  cold(key?: DeploymentKey): Promise<Outcome<void>>;
  start(): Promise<Outcome<void>>;
  stop(): Promise<Outcome<void>>;
  /** Puts the request as code on the clipboard. */
  copyAs(language: CodeLanguage, input: PlaygroundInput): Promise<void>;
  copyText(text: string): Promise<void>;
  /** Of the chosen deployment, or of another one; at the lines of one request, which was sent at `at` (epoch ms). */
  showLogs(request?: LoggedRequest, key?: DeploymentKey): Promise<void>;
  runAction(action: NonNullable<UserError['action']>): Promise<void>;
  /** The text selected in the last active text editor. */
  editorSelection(): Promise<string | undefined>;
}

/** What the extension tells the page. */
export interface PlaygroundPage {
  deployments(all: DeploymentStatus[]): void;
  /** The selected one's card changed (a new version serves). */
  card(card: ModelCard | undefined): void;
  sample(sample: Sample): void;
  /** What the request under way waits for beside its answer, and then nothing. */
  waiting(wait: Wait | undefined): void;
  select(key: DeploymentKey, card: ModelCard | undefined): void;
  /** Compares the chosen one with this one from now on. */
  compare(key: DeploymentKey): void;
  /**
   * Predict Selection: puts this text into the box and sends it, as if it had been typed, with the parameters that stand
   * there. False where nothing was sent: something is missing, which the page marks, or another request is under way.
   */
  fill(text: string): Promise<boolean>;
}

export type { Phases };
