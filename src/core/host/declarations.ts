/** Follows models.json: what it declares is served, what it drops is not, and hand edits apply where they can. */
import { isDeepStrictEqual } from 'node:util';
import type { ModelsDocument } from '../models/document.ts';
import { architectureOf } from '../cost/measured.ts';
import { modelPath } from '../models/paths.ts';
import { readDocument } from '../models/read.ts';
import { keyText, type DeploymentKey, type DeploymentSpec, type ModelsSpec } from '../../shared/spec.ts';
import type { Deployment } from './deployment.ts';
import type { Operations } from './operations.ts';
import type { DeploymentRecord } from './state.ts';

export interface DeclarationPorts {
  project: string;
  operations: Operations;
  deployments: ReadonlyMap<string, Deployment>;
  /** Begins to serve what is declared: from its record, or as not deployed on this machine yet. */
  add(key: DeploymentKey, declared: Deployment['declared']): Deployment;
  /** Ends it, but keeps its record for the case that it is declared again. */
  drop(deployment: Deployment): void;
  /** A deployment's status, or record, has changed. */
  onChange(deployment: Deployment): void;
}

export class Declarations {
  readonly #ports: DeclarationPorts;

  constructor(ports: DeclarationPorts) {
    this.#ports = ports;
  }

  /** Takes over what the file declares; one that cannot be used changes nothing. */
  follow(document: ModelsDocument): void {
    const { operations, deployments } = this.#ports;
    const models = modelsOf(document);
    if (!models) return;
    const declared = new Set<string>();
    for (const [model, { deployments: named, ...spec }] of Object.entries(models)) {
      for (const [deployment, settings] of Object.entries(named ?? {})) {
        const key = { model, deployment };
        declared.add(keyText(key));
        // The operation itself says when the deployment is there.
        if (operations.runningFor(key)) continue;
        const known =
          deployments.get(keyText(key)) ?? this.#ports.add(key, { framework: spec.framework, target: settings.target });
        if (known.record) this.#compare(known, known.record, spec, settings);
      }
    }
    const undeclared = [...deployments.keys()].some((name) => !declared.has(name));
    if (undeclared) void this.#dropUndeclared();
  }

  /** Reads the file and follows it. */
  async refresh(): Promise<void> {
    this.follow(await readDocument(this.#ports.project));
  }

  /** Only by what the file says now: a reading from before an operation's edit would drop what was just deployed. */
  async #dropUndeclared(): Promise<void> {
    const { operations, deployments, project, drop } = this.#ports;
    let ended: number;
    let document: ModelsDocument;
    do {
      ended = operations.ended;
      document = await readDocument(project);
    } while (ended !== operations.ended);
    const models = modelsOf(document);
    if (!models) return;
    for (const deployment of deployments.values()) {
      if (models[deployment.model]?.deployments?.[deployment.deployment]) continue;
      if (!operations.runningFor(deployment)) drop(deployment);
    }
  }

  /** A hand edit either applies at once, or makes another function of it, which only a redeploy does. */
  #compare(deployment: Deployment, record: DeploymentRecord, spec: ModelFields, settings: DeploymentSpec): void {
    const { project, onChange } = this.#ports;
    const moved = modelPath(project, spec) !== modelPath(project, record.spec);
    const another = moved || spec.framework !== record.spec.framework;
    const fields = fieldsThatDiffer(record, spec, settings);
    if (another || fields.length > 0 || asksForAnotherPython(record, spec)) {
      deployment.overlay = {
        state: 'changed',
        error: {
          code: DECLARATION_CHANGED,
          what: another
            ? 'models.json names another model than the one that serves.'
            : fields.length > 0
              ? `models.json says something else than what is deployed: ${fields.join(', ')}.`
              : `models.json asks for Python ${spec.pythonVersion}; the model runs on ${record.card.python}.`,
          next: 'Redeploy it.',
          action: { label: 'Redeploy', command: 'nimbus.redeploy', args: [deployment.key] },
        },
      };
      onChange(deployment);
      return;
    }
    if (deployment.overlay?.error.code === DECLARATION_CHANGED) {
      deployment.overlay = undefined;
      onChange(deployment);
    }
    if (!record.cloud && !isDeepStrictEqual(spec, record.spec)) {
      deployment.applySpec(spec);
      onChange(deployment);
    }
  }
}

/**
 * Names of the fields that only a deploy applies: of the deployment where it runs an image, and of the model too where that runs
 * on AWS.
 */
function fieldsThatDiffer(record: DeploymentRecord, spec: ModelFields, settings: DeploymentSpec): string[] {
  const applied = (model: ModelFields, deployment: DeploymentSpec): Record<string, unknown> => ({
    ...(record.cloud ? model : {}),
    ...(record.image ? settingsOf(deployment) : {}),
  });
  const [now, was] = [applied(spec, settings), applied(record.spec, record.deploymentSpec)];
  const fields = [...new Set([...Object.keys(was), ...Object.keys(now)])];
  const differ = fields.filter((field) => !isDeepStrictEqual(now[field], was[field]));
  const { architecture } = settings;
  const isForAnother = record.image && architecture && architecture !== architectureOf(record.image.platform);
  return isForAnother ? [...differ, 'architecture'] : differ;
}

/** What a deploy applies, without what it writes itself (which deployment it is, and where) and what the image tells. */
function settingsOf(deployment: DeploymentSpec): Partial<DeploymentSpec> {
  const {
    target: _,
    account: __,
    region: ___,
    stack: ____,
    url: _____,
    architecture: ______,
    ...settings
  } = deployment;
  return settings;
}

/** Only what was written since: a Python that the user chose against the file at the deploy stays. */
function asksForAnotherPython({ card, spec: before }: DeploymentRecord, { pythonVersion }: ModelFields): boolean {
  if (pythonVersion === undefined || pythonVersion === before.pythonVersion || card.python === undefined) return false;
  return !`${card.python}.`.startsWith(`${pythonVersion}.`);
}

type ModelFields = DeploymentRecord['spec'];

/** Code of the error of a deployment whose declaration means another model now. */
export const DECLARATION_CHANGED = 'declaration-changed';

/** The declared models; undefined where the file cannot be used. */
function modelsOf(document: ModelsDocument): ModelsSpec['models'] | undefined {
  if (document.kind === 'absent') return {};
  return document.kind === 'ok' || document.kind === 'newer' ? document.spec.models : undefined;
}
