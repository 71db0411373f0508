/** `.nimbus/state.json`: what this machine knows of a project's deployments. The host is its only writer. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { MadeWith, ModelCard, StartKind } from '../../shared/contract.ts';
import type { CloudStatus, ImageLayer, PushedImage, Rehearsal } from '../../shared/states.ts';
import type { DeploymentSpec, ModelSpec } from '../../shared/spec.ts';
import type { SweepReport } from '../../shared/sweep.ts';
import type { Consent } from '../detect/detection.ts';
import { PROJECT_FOLDER, projectId, places } from '../places.ts';
import type { BuiltImage } from '../image/image.ts';
import type { Base } from '../image/bases.ts';
import type { Probe } from './examples.ts';
import type { Noted } from './leftovers.ts';
import type { Seals } from './snapshots.ts';
import type { Durations } from './usual.ts';

/** The project's own modules that a version imports. */
export interface ModulesRecord {
  /** What the model itself may import. */
  names: string[];
  /** Of the snapshot that has them and what they import; absent where the project has none of it. */
  hash?: string;
  /** Of their files when it was taken; '' where there are none. */
  stamp: string;
}

/** An image, and what the next one is made from. */
export interface ImageRecord extends BuiltImage {
  base: Base;
  lockFile: string;
  requirements: string[];
}

/** One deployment as it was last deployed on this machine. */
export interface DeploymentRecord {
  spec: Omit<ModelSpec, 'deployments'>;
  deploymentSpec: DeploymentSpec;
  /** Absolute path of Python. */
  interpreter: string;
  /** The user chose it for this deployment; else Nimbus took it. */
  interpreterChosen?: boolean;
  /** Identity of the environment, a part of the version. */
  lock: string;
  snapshot: string;
  previousSnapshot?: string;
  previousModules?: string;
  /** Of the model's files when the snapshot was taken. */
  stamp: string;
  modules: ModulesRecord;
  /** Loading it needed consent to what came with it: its workers give up the network. */
  isolated: boolean;
  /** What its workers run, of targets that run an image. */
  image?: ImageRecord;
  /** Of `lambda`: what it is in AWS. */
  cloud?: CloudStatus;
  /** Of its stack's last update from here: another one says that it was updated from elsewhere. */
  revision?: string;
  /** After a roll-back, or a deploy from elsewhere: another version serves than `image` and the rest are of. */
  isAnotherServed?: true;
  /** Of the values of its variables, which are in no file: whether they are still the same. */
  variablesMark?: string;
  /** What was seen when it was rehearsed. */
  rehearsal?: Rehearsal;
  /** Of `lambda`: the layers of its image, as the repository has them; `diffId` as of `LayerById`. */
  layers?: { diffId: string; packed: NonNullable<ImageLayer['packed']> }[];
  /** Where an image of it, this or an older one, was pushed last. */
  pushed?: PushedImage;
  /** It runs code that came with it, which was agreed to; else its libraries are told to run none. */
  ownCode?: boolean;
  /** Whether its last worker could give up the network; unset where none was to. */
  networkLeft?: boolean;
  /** An input made from its card that it answered: the next version must, where models.json has no example. */
  probe?: Probe;
  version: string;
  /** ISO 8601. */
  deployedAt: string;
  stopped: boolean;
  lastMs: Partial<Record<StartKind, number>>;
  card: ModelCard;
  madeWith?: MadeWith[];
  differs?: string[];
  consent: Consent[];
  /** Names of the variables that had a value; the values are in no file. */
  env?: string[];
  /** Epoch ms since when models.json does not declare it. */
  undeclaredAt?: number;
}

export interface ProjectState {
  version: 3;
  /** The port of the last host. */
  port?: number;
  deployments: Record<string, DeploymentRecord>;
  /** What was rehearsed for AWS and is not deployed yet. */
  rehearsals?: Record<string, DeploymentRecord>;
  /** The last memory sweep of each model. */
  sweeps?: Record<string, SweepReport>;
  durations?: Durations;
  /** Of the snapshots, see `Snapshots`. */
  seals?: Seals;
  /** What operations have elsewhere for a moment, see `Leftovers`. */
  lent?: Noted;
}

/** A record whose declaration is gone is kept this long, for a branch that is checked out again. */
const UNDECLARED_MS = 7 * 24 * 3600_000;
const SOON_MS = 200;
const LATER_MS = 5000;
const KEY_BYTES = 32;

export class StateFile {
  readonly folder: string;
  readonly state: ProjectState;
  readonly #key: Buffer;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #due = Infinity;
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, key: Buffer, state: ProjectState, onError: (error: unknown) => void) {
    this.folder = folder;
    this.#key = key;
    this.state = state;
    this.#onError = onError;
  }

  /**
   * Reads the file. One that this machine did not write (it came with a repository, or somebody edited it) counts as
   * missing: it names an interpreter and what may be loaded. Its `mac` proves who wrote it, without telling the key.
   */
  static async open(project: string, onError: (error: unknown) => void): Promise<StateFile> {
    const folder = path.join(project, PROJECT_FOLDER);
    const key = await projectKey(project);
    const fresh: ProjectState = { version: 3, deployments: {} };
    try {
      const found = JSON.parse(await readFile(path.join(folder, 'state.json'), 'utf8')) as Signed | null;
      const { mac, ...state } = found ?? { mac: undefined, version: 0 };
      if (state.version === 3 && isSigned(state, mac, key)) return new StateFile(folder, key, state, onError);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onError(error);
    }
    return new StateFile(folder, key, fresh, onError);
  }

  /** The same for the same text, and tells nobody else anything of it. */
  markOf(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('hex');
  }

  /** To be called after each change of `state`. `later`: nothing is lost that matters if the host is killed before. */
  changed(when: 'soon' | 'later' = 'soon'): void {
    const due = Date.now() + (when === 'soon' ? SOON_MS : LATER_MS);
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => void this.flush(), due - Date.now());
    this.#timer.unref();
  }

  /** Writes now what is to be written. Never rejects: a project that cannot be written to is served all the same. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#due = Infinity;
    this.#writing = this.#writing.then(() => this.#write()).catch(this.#onError);
    await this.#writing;
  }

  forgetUndeclared(): void {
    const { deployments } = this.state;
    for (const [name, { undeclaredAt }] of Object.entries(deployments)) {
      if (undeclaredAt !== undefined && Date.now() - undeclaredAt > UNDECLARED_MS) delete deployments[name];
    }
  }

  async #write(): Promise<void> {
    await makeProjectFolder(this.folder);
    const mac = macOf(this.state, this.#key).toString('hex');
    const signed: Signed = { ...this.state, mac };
    const text = `${JSON.stringify(signed, undefined, 2)}\n`;
    await writeFileAtomic(path.join(this.folder, 'state.json'), text, { mode: 0o600 });
  }
}

/** The file's own form: with the HMAC-SHA256 of the rest as compact JSON, 64 hexadecimal digits. */
type Signed = ProjectState & { mac?: unknown };

function macOf(state: ProjectState, key: Buffer): Buffer {
  return createHmac('sha256', key).update(JSON.stringify(state)).digest();
}

function isSigned(state: ProjectState, mac: unknown, key: Buffer): boolean {
  const given = Buffer.from(typeof mac === 'string' ? mac : '', 'hex');
  const right = macOf(state, key);
  return given.length === right.length && timingSafeEqual(given, right);
}

/** What the host writes in `.nimbus`, from the folder itself down. */
const OWN = ['', '.gitignore', 'state.json', 'snapshots', 'functions'];

/**
 * Makes `.nimbus` with a `.gitignore` of its own. A link in its place, or in it, came with a repository and would lead
 * the host's writing and sweeping elsewhere: the link is removed, never what it points at.
 */
export async function makeProjectFolder(folder: string): Promise<void> {
  for (const name of OWN) {
    const place = path.join(folder, name);
    const facts = await lstat(place).catch(() => undefined);
    if (facts?.isSymbolicLink()) await rm(place);
  }
  await mkdir(folder, { recursive: true });
  const ignore = path.join(folder, '.gitignore');
  if (!existsSync(ignore)) await writeFile(ignore, '*\n');
}

/** A secret of this user for this project, 32 bytes, made on first use. Only for the project's one host. */
async function projectKey(project: string): Promise<Buffer> {
  const folder = path.join(places().data, 'projects');
  const file = path.join(folder, `${projectId(project)}.key`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return '';
  });
  const known = Buffer.from(found, 'hex');
  // A full disk may have left an empty one, which anybody could sign with.
  if (known.length === KEY_BYTES) return known;
  const made = randomBytes(KEY_BYTES);
  await writeFileAtomic(file, made.toString('hex'), { mode: 0o600 });
  return made;
}
