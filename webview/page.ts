import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Actions } from './actions.ts';
import { answerPane } from './answer/pane.ts';
import { errorView } from './answer/problem.ts';
import { button } from './elements.ts';
import { formatOf } from './format.ts';
import { header, notice } from './header.ts';
import { inputPane } from './input/pane.ts';
import { history } from './latency/history.ts';
import { comparedStatus } from './compare/compared.ts';
import { comparisonPane } from './compare/pane.ts';
import { scatter } from './latency/chart.ts';
import { statisticsTable } from './latency/statistics.ts';
import { waterfall } from './latency/waterfall.ts';
import { samplesOf, shownSample, statusOf, type State } from './state.ts';

export function page(state: State, actions: Actions): TemplateResult {
  return html`${body(state, actions)}
    <div class="hidden" role="log" aria-live="polite" aria-label="Announcements">
      ${repeat(
        state.announcements,
        ({ count }) => count,
        ({ text }) => html`<p>${text}</p>`,
      )}
    </div>`;
}

function body(state: State, actions: Actions): TemplateResult {
  if (!state.ready)
    return html`<main class="empty" aria-busy=${state.error ? 'false' : 'true'}>
      <h1 class="hidden">Playground</h1>
      ${state.error ? errorView(state.error, actions) : html`<p>Loading deployments …</p>`}
    </main>`;
  if (state.deployments.length === 0) return nothingDeployed(actions);
  return html`${header(state, actions)}
    <main>
      <h1 class="hidden">Playground</h1>
      ${notice(state, actions)} ${panes(state, actions)} ${latency(state, actions)}
    </main>`;
}

function panes(state: State, actions: Actions): TemplateResult {
  const compared = comparedStatus(state);
  return html`<div class="panes ${compared ? 'comparing' : ''}">
    ${inputPane(state, actions)} ${compared ? comparisonPane(state, compared, actions) : answerPane(state, actions)}
  </div>`;
}

function nothingDeployed(actions: Actions): TemplateResult {
  return html`<main class="empty">
    <i class="codicon codicon-rocket" aria-hidden="true"></i>
    <h1>No model is deployed yet</h1>
    <p>
      Right-click a trained model in the Explorer (a folder of spaCy, Hugging Face or with a
      <code>handler.py</code>; a file of scikit-learn, ONNX, PyTorch, XGBoost or LightGBM) and choose
      <b>Deploy Model</b>. It then answers here.
    </p>
    ${button({
      label: 'Deploy Model…',
      primary: true,
      click: () => void actions.runAction({ label: 'Deploy Model', command: 'nimbus.deploy' }),
    })}
    <p class="muted">In a terminal: <code>nimbus deploy PATH</code></p>
  </main>`;
}

function latency(state: State, actions: Actions): TemplateResult | typeof nothing {
  const samples = samplesOf(state);
  if (samples.length === 0) return nothing;
  const format = formatOf(state.locale);
  const shown = shownSample(state);
  // Both have their own beside their answers.
  const comparing = comparedStatus(state) !== undefined;
  return html`<section class="latency" aria-label="Latency">
    ${comparing ? html`<h2>Requests to ${state.selected?.deployment}</h2>` : nothing}
    ${
      shown && !comparing
        ? waterfall(shown, format, {
            open: state.phasesOpen,
            toggle: (open) => actions.dispatch({ type: 'phases', open }),
            target: statusOf(state)?.target,
          })
        : nothing
    }
    <div class="overview ${comparing ? 'alone' : ''}">
      ${comparing ? nothing : statisticsTable(samples, format)} ${scatter(state, samples, actions)}
    </div>
    ${history(state, samples, actions)}
  </section>`;
}
