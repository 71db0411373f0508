/** Follows models.json: what it declares is served, what it drops is not, and hand edits apply where they can. */
import type { ModelsDocument } from '../models/document.ts';
import { modelPath } from '../models/paths.ts';
import { readDocument } from '../models/read.ts';
import { keyText, type DeploymentKey, type ModelSpec, type ModelsSpec } from '../../shared/spec.ts';
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
      for (const [deployment, { target }] of Object.entries(named ?? {})) {
        const key = { model, deployment };
        declared.add(keyText(key));
        // The operation itself says when the deployment is there.
        if (operations.runningFor(key)) continue;
        const known = deployments.get(keyText(key)) ?? this.#ports.add(key, { framework: spec.framework, target });
        if (known.record) this.#compare(known, known.record, spec);
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
  #compare(deployment: Deployment, record: DeploymentRecord, spec: DeploymentRecord['spec']): void {
    const { project, onChange } = this.#ports;
    const moved = modelPath(project, spec) !== modelPath(project, record.spec);
    const another = moved || spec.framework !== record.spec.framework;
    const elsewhere = record.cloud !== undefined && sorted(spec) !== sorted(record.spec);
    if (another || elsewhere || asksForAnotherPython(record, spec)) {
      deployment.overlay = {
        state: 'changed',
        error: {
          code: DECLARATION_CHANGED,
          what: another
            ? 'models.json names another model than the one that serves.'
            : elsewhere
              ? 'models.json says more of the model, or something else, than what is deployed.'
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
    if (sorted(spec) !== sorted(record.spec) && !record.cloud) {
      deployment.applySpec(spec);
      onChange(deployment);
    }
  }
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

function sorted(spec: Omit<ModelSpec, 'deployments'>): string {
  return JSON.stringify(Object.entries(spec).sort(([one], [other]) => (one < other ? -1 : 1)));
}
