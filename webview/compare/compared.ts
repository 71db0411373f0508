import type { Sample } from '../../src/shared/latency.ts';
import type { ComparedWith } from '../../src/shared/playground.ts';
import { keyText, sameKey, type DeploymentKey } from '../../src/shared/spec.ts';
import type { DeploymentStatus } from '../../src/shared/states.ts';
import { summary } from '../answer/summary.ts';
import { formatOf } from '../format.ts';
import { compareSamples, verdictOf } from './agreement.ts';

/** What of the page's state says which deployments are on view. */
export interface Deployments {
  deployments: readonly DeploymentStatus[];
  selected?: DeploymentKey;
  /** The deployment whose answers stand beside those of the selected one. */
  compared?: DeploymentKey;
}

export interface Requests extends Deployments {
  samples: readonly Sample[];
}

function find({ deployments }: Deployments, key: DeploymentKey | undefined): DeploymentStatus | undefined {
  return key && deployments.find((one) => sameKey(one, key));
}

/**
 * What the selected deployment can be compared with: the model's others, and those of other models where both take a
 * plain text, so that one input serves both.
 */
export function othersOf(state: Deployments): DeploymentStatus[] {
  const status = find(state, state.selected);
  if (!status) return [];
  return state.deployments.filter(
    (one) =>
      !sameKey(one, status) && (one.model === status.model || (one.takesText === true && status.takesText === true)),
  );
}

/** Nothing is compared with what is gone, or takes other inputs. */
export function comparable<S extends Deployments & { comparedWith?: ComparedWith }>(state: S): S {
  if (!state.compared || othersOf(state).some((one) => sameKey(one, state.compared))) return state;
  const copy = { ...state };
  delete copy.compared;
  delete copy.comparedWith;
  return copy;
}

export function comparedStatus(state: Deployments): DeploymentStatus | undefined {
  return find(state, state.compared);
}

/** The other request of the same Send, to the deployment that is compared. */
export function partnerOf(state: Requests, sample: Sample | undefined): Sample | undefined {
  if (!sample?.pair || !state.compared) return undefined;
  return state.samples.findLast((one) => one.pair === sample.pair && sameKey(one, state.compared));
}

/** The second answer of a comparison, with what comes of it. */
export function comparedText(
  state: Requests & { comparedWith?: ComparedWith },
  sample: Sample,
  locale: string,
): string {
  const format = formatOf(locale);
  const first = state.samples.findLast((one) => one.pair === sample.pair && sameKey(one, state.selected));
  const verdict = first ? verdictOf(compareSamples(first, sample, state.comparedWith)) : '';
  return `${keyText(sample)}: ${summary(sample, format)}. ${verdict}`;
}
