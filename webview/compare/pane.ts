import { html, nothing, type TemplateResult } from 'lit-html';
import type { Sample } from '../../src/shared/latency.ts';
import { sameKey, TARGET_TITLES, type DeploymentKey } from '../../src/shared/spec.ts';
import type { DeploymentStatus } from '../../src/shared/states.ts';
import type { Actions } from '../actions.ts';
import { answered } from '../answer/pane.ts';
import { errorView } from '../answer/problem.ts';
import { formatOf } from '../format.ts';
import { statisticsTable } from '../latency/statistics.ts';
import { waterfall } from '../latency/waterfall.ts';
import { samplesOf, shownSample, statusOf, type State } from '../state.ts';
import { stateWords } from '../words.ts';
import { partnerOf } from './compared.ts';
import { verdict, type Names } from './verdict.ts';

/** Two deployments' answers to the same input beside each other, and whether they agree. */
export function comparisonPane(state: State, compared: DeploymentStatus, actions: Actions): TemplateResult {
  const chosen = statusOf(state);
  const names = namesOf(state.selected!, compared);
  const samples = sidesOf(state);
  const longest = Math.max(...samples.map((sample) => sample?.phases.totalMs ?? 0));
  const sides = [chosen, compared].map((status, index) => {
    const key = index === 0 ? state.selected! : keyOf(compared);
    return side(
      { name: names[index]!, prefix: index === 0 ? 'view' : 'compared', status, key, longest },
      samples[index],
      state,
      actions,
    );
  });
  return html`<section class="comparison" aria-label="Comparison">
    ${state.error ? errorView(state.error, actions) : verdict(state, names, actions)}
    <div class="sides">${sides}</div>
  </section>`;
}

function keyOf({ model, deployment }: DeploymentKey): DeploymentKey {
  return { model, deployment };
}

/** The deployments' names, with those of the models where these differ. */
function namesOf(first: DeploymentKey, second: DeploymentKey): Names {
  const isOneModel = first.model === second.model;
  const name = ({ model, deployment }: DeploymentKey): string => (isOneModel ? deployment : `${model}/${deployment}`);
  return [name(first), name(second)];
}

/** The requests on view; while an answer is on its way, the one before it. */
function sidesOf(state: State): [Sample | undefined, Sample | undefined] {
  const first = shownSample(state);
  const second = partnerOf(state, first);
  const before = isAwaited(state, state.compared)
    ? state.samples.findLast((one) => sameKey(one, state.compared))
    : undefined;
  return [first, second ?? before];
}

function isAwaited({ activity, samples }: State, key: DeploymentKey | undefined): boolean {
  return activity.kind === 'send' && !samples.some((one) => one.pair === activity.pair && sameKey(one, key));
}

interface Side {
  name: string;
  /** What makes ids unique in the page. */
  prefix: string;
  status: DeploymentStatus | undefined;
  key: DeploymentKey;
  /** Milliseconds that the longer one of the two requests took: the scale of both. */
  longest: number;
}

function side(
  { name, prefix, status, key, longest }: Side,
  sample: Sample | undefined,
  state: State,
  actions: Actions,
): TemplateResult {
  const format = formatOf(state.locale);
  const waiting = isAwaited(state, key) && state.activity.kind === 'send' && state.activity.elapsedMs >= 300;
  const own = samplesOf(state, key);
  const toggle = (open: boolean): void => actions.dispatch({ type: 'phases', open });
  return html`<section
    class="side answer ${waiting && sample ? 'stale' : ''}"
    aria-label=${name}
    aria-busy=${waiting ? 'true' : 'false'}
  >
    ${waiting ? html`<div class="waiting" aria-hidden="true"></div>` : nothing}
    <h2>${name} ${status ? stateOf(status) : nothing}</h2>
    <div class="said">
      ${
        sample
          ? answered(sample, state, actionsOf(key, status, state, actions), { stale: waiting, prefix, status })
          : html`<p class="muted none">No answer yet.</p>`
      }
    </div>
    <div class="timed">
      ${sample ? waterfall(sample, format, { open: state.phasesOpen, toggle, target: status?.target, beside: { longest, name } }) : nothing}
    </div>
    <div class="counted">${statisticsTable(own, format)}</div>
  </section>`;
}

function stateOf(status: DeploymentStatus): TemplateResult {
  const { state, target, deployment } = status;
  const { word, icon, meaning } = stateWords(status);
  return html`${deployment === target ? nothing : html`<span class="muted">${TARGET_TITLES[target]}</span>`}
    <span class="state state-${state}" title=${meaning}>
      <i class="codicon codicon-${icon}" aria-hidden="true"></i>${word}
    </span>`;
}

/** Buttons in a side are about its own deployment, which is not always the chosen one. */
function actionsOf(key: DeploymentKey, status: DeploymentStatus | undefined, state: State, actions: Actions): Actions {
  if (!status || sameKey(key, state.selected)) return actions;
  const run = (label: string, command: string): Promise<boolean> => actions.runAction({ label, command, args: [key] });
  return {
    ...actions,
    switchTo: async (what) => void (await run(what, what === 'cold' ? 'nimbus.forceCold' : `nimbus.${what}`)),
    showLogs: (request) => actions.showLogs(request, key),
  };
}
