import { html, nothing, type TemplateResult } from 'lit-html';
import { keyText, sameKey, type DeploymentKey } from '../src/shared/spec.ts';
import type { CloudStatus, DeploymentStatus } from '../src/shared/states.ts';
import type { Actions } from './actions.ts';
import { othersOf } from './compare/compared.ts';
import { button } from './elements.ts';
import { copyMenu } from './menu.ts';
import { statusOf, throughOf, type State } from './state.ts';
import { stateWords } from './words.ts';

/** What is asked, what state it is in, and what can be done with it. */
export function header(state: State, actions: Actions): TemplateResult {
  const status = statusOf(state);
  const models = [...new Set(state.deployments.map((one) => one.model))];
  const model = state.selected?.model;
  const deployments = state.deployments.filter((one) => one.model === model);
  const choose = (key: DeploymentKey | undefined): void => {
    if (key) void actions.select({ model: key.model, deployment: key.deployment });
  };
  return html`<header>
    <div class="what">
      ${choice('model', 'Model', models, model, (name) => choose(state.deployments.find((one) => one.model === name)))}
      ${status ? html`<code class="version" title="Version ${status.version}">${status.version.slice(0, 7)}</code>` : nothing}
      ${choice(
        'deployment',
        'Deployment',
        deployments.map((one) => one.deployment),
        state.selected?.deployment,
        (name) => choose(deployments.find((one) => one.deployment === name)),
      )}
      ${status ? stateOf(status) : nothing} ${compareWith(state, actions)}
    </div>
    ${status ? commands(state, status, actions) : nothing}
  </header>`;
}

/** Chooses what stands beside the chosen deployment's answers; not there where nothing could. */
function compareWith(state: State, actions: Actions): TemplateResult | typeof nothing {
  const others = othersOf(state);
  if (others.length === 0) return nothing;
  const name = (one: DeploymentKey): string =>
    one.model === state.selected?.model ? one.deployment : `${one.model}/${one.deployment}`;
  const chosen = others.find((one) => sameKey(one, state.compared));
  const change = (event: Event): void => {
    const found = others.find((one) => keyText(one) === (event.target as HTMLSelectElement).value);
    void actions.compare(found && { model: found.model, deployment: found.deployment });
  };
  return html`<span class="compare-with">
    <label for="compare">Compare with</label>
    <select id="compare" title="Send goes to both, and their answers stand side by side." @change=${change}>
      <option value="" ?selected=${!chosen} .selected=${!chosen}>nothing</option>
      ${others.map((one) => html`<option value=${keyText(one)} ?selected=${one === chosen} .selected=${one === chosen}>${name(one)}</option>`)}
    </select>
  </span>`;
}

function choice(
  id: string,
  label: string,
  names: readonly string[],
  chosen: string | undefined,
  choose: (name: string) => void,
): TemplateResult {
  return html`<label class="hidden" for=${id}>${label}</label>
    <select id=${id} title=${label} @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
      ${chosen === undefined ? html`<option value="" selected disabled>${label} …</option>` : nothing}
      ${names.map((name) => html`<option value=${name} ?selected=${name === chosen} .selected=${name === chosen}>${name}</option>`)}
    </select>`;
}

function stateOf(status: DeploymentStatus): TemplateResult {
  const { word, icon, meaning } = stateWords(status);
  return html`<span class="state state-${status.state}" title=${meaning}>
    <i class="codicon codicon-${icon}" aria-hidden="true"></i>${word}
  </span>`;
}

function commands(state: State, status: DeploymentStatus, actions: Actions): TemplateResult {
  return html`<div class="commands">
    ${status.cloud ? cloudCommands(state, status.cloud, actions) : workerCommands(state, status, actions)}
    ${copyMenu(state.copied === 'code', (language) => void actions.copyAs(language))}
    ${button({ id: 'logs', label: 'Logs', title: 'Show the log of this deployment.', click: () => void actions.showLogs() })}
  </div>`;
}

/** Of what is on AWS: which way requests go, and a cold start on demand. */
function cloudCommands(state: State, { auth }: CloudStatus, actions: Actions): TemplateResult {
  const through = throughOf(state);
  const option = (value: State['through'], text: string): TemplateResult =>
    html`<option value=${value} ?selected=${value === through} .selected=${value === through}>${text}</option>`;
  const change = (event: Event): void =>
    actions.dispatch({ type: 'through', through: (event.target as HTMLSelectElement).value as State['through'] });
  return html`<label class="hidden" for="through">Way to the function</label>
    <select id="through" title=${WAYS} @change=${change}>
      ${auth === 'iam' ? nothing : option('api', 'through the API')} ${option('invoke', 'through Invoke (no gateway)')}
    </select>
    ${button({
      id: 'cold',
      label: 'Force cold',
      title:
        'Send the input as the first request of a version of its own, which is thrown away. What serves stays as it is.',
      disabled: state.activity.kind !== 'none',
      click: () => void actions.sendCold(),
    })}`;
}

const WAYS =
  'Through the API, as its users do; or by Invoke of AWS Lambda with your own credentials, past the gateway.';

/** Of what runs on this machine. */
function workerCommands(state: State, status: DeploymentStatus, actions: Actions): TemplateResult {
  const busy = state.switching !== undefined;
  const stopped = status.state === 'stopped';
  return html`${
    stopped
      ? button({
          id: 'start',
          label: 'Start',
          title: 'Open the endpoint again; the next request is cold.',
          disabled: busy,
          click: () => void actions.switchTo('start'),
        })
      : button({
          id: 'stop',
          label: 'Stop',
          title: 'End the workers and refuse requests with status 503 until Start.',
          disabled: busy,
          click: () => void actions.switchTo('stop'),
        })
  }
  ${button({
    id: 'cold',
    label: 'Force cold',
    title: state.compared
      ? 'End the workers of both, so that the next requests are cold.'
      : 'End the workers, so that the next request is cold.',
    disabled: busy || stopped,
    click: () => void actions.switchTo('cold'),
  })}`;
}

const NEEDS_NOTICE = new Set<DeploymentStatus['state']>(['not-deployed', 'failed', 'refused', 'gone']);

/** What is wrong with the chosen deployment, with what puts it right; nothing while all is well. */
export function notice(state: State, actions: Actions): TemplateResult | typeof nothing {
  const status = statusOf(state);
  if (!status) return nothing;
  const { error } = status;
  if (error && NEEDS_NOTICE.has(status.state)) {
    const action = error.action;
    return html`<div class="notice">
      <i class="codicon codicon-${stateWords(status).icon}" aria-hidden="true"></i>
      <div>
        <p><b>${stateWords(status).meaning}</b> ${error.what}</p>
        ${
          error.why
            ? html`<details>
                <summary>Why</summary>
                <pre dir="auto" tabindex="0">${error.why}</pre>
              </details>`
            : nothing
        }
        ${error.next ? html`<p>${error.next}</p>` : nothing}
      </div>
      ${action ? button({ label: action.label, click: () => void actions.runAction(action) }) : nothing}
    </div>`;
  }
  if (status.state !== 'changed') return nothing;
  const redeploy = { label: 'Redeploy', command: 'nimbus.redeploy', args: [state.selected] };
  return html`<div class="notice">
    <i class="codicon codicon-diff-modified" aria-hidden="true"></i>
    <p>
      The model has changed since it was deployed. Answers come from version <code>${status.version.slice(0, 7)}</code>.
    </p>
    ${button({ label: 'Redeploy', click: () => void actions.runAction(redeploy) })}
  </div>`;
}
