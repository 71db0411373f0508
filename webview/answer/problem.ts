import { html, nothing, type TemplateResult } from 'lit-html';
import type { Problem } from '../../src/shared/contract.ts';
import type { Sample } from '../../src/shared/latency.ts';
import type { UserError } from '../../src/shared/outcome.ts';
import type { Actions } from '../actions.ts';
import { button, linkButton } from '../elements.ts';

/** What the page itself can offer against a problem, by its code. */
type Remedy = 'start' | 'resend' | 'logs' | 'none';

const NEXT: Record<string, { next: string; remedy: Remedy }> = {
  'invalid-json': { next: 'Correct the input.', remedy: 'none' },
  'missing-input': { next: 'Correct the input.', remedy: 'none' },
  'text-and-input': { next: 'Send either a text or an input.', remedy: 'none' },
  'invalid-input': { next: 'Correct the input.', remedy: 'none' },
  'payload-too-large': { next: 'Send less at a time: 6 MB is the most, as on AWS Lambda.', remedy: 'none' },
  'too-many-requests': { next: 'Wait for the requests under way, then send again.', remedy: 'resend' },
  'handler-failed': { next: 'The log has the whole traceback.', remedy: 'logs' },
  'result-not-json': { next: 'Return only what JSON holds: convert arrays and dates in the handler.', remedy: 'logs' },
  'worker-died': { next: 'The log has its last lines. The next request starts a new worker.', remedy: 'logs' },
  'out-of-memory': { next: 'Raise memoryMb of the model in models.json, then redeploy.', remedy: 'logs' },
  'init-failed': { next: 'The log says which import or file failed.', remedy: 'logs' },
  stopped: { next: 'Start the deployment.', remedy: 'start' },
  starting: { next: 'Send again in a moment.', remedy: 'resend' },
  'timed-out': { next: 'Raise timeoutSeconds of the model in models.json, or send less at a time.', remedy: 'logs' },
};

/** The last part of a problem's type: `urn:nimbus:problem:stopped` is `stopped`. */
export function problemCode(problem: Problem): string {
  return /([a-z0-9-]+)$/u.exec(problem.type)?.[1] ?? '';
}

export function nextStep(problem: Problem): { next?: string; remedy: Remedy } {
  const known = NEXT[problemCode(problem)];
  const next = problem.next ?? known?.next;
  return { remedy: known?.remedy ?? 'logs', ...(next && { next }) };
}

const STARTED: ReturnType<typeof nextStep> = { next: 'It has been started since: send again.', remedy: 'resend' };

/** A request that failed, where its answer would stand; `stopped` is the deployment as it is now. */
export function problemView(sample: Sample, stopped: boolean, actions: Actions): TemplateResult {
  const problem = sample.problem ?? unexplained(sample);
  const step = nextStep(problem);
  const { next, remedy } = step.remedy === 'start' && !stopped ? STARTED : step;
  const requestId = problem.requestId || sample.requestId;
  return html`<div class="problem">
    <p class="what">
      <i class="codicon codicon-error" aria-hidden="true"></i><b dir="auto">${problem.title}</b>
      <span class="muted">${sample.status === 0 ? 'no answer' : `status ${sample.status}`}</span>
    </p>
    ${problem.detail ? html`<p class="why" dir="auto">${problem.detail}</p>` : nothing}
    ${problem.field ? html`<p>Field: <code>${problem.field}</code></p>` : nothing}
    ${problem.lastLines?.length ? html`<pre tabindex="0" role="region" aria-label="Last lines of the worker" dir="auto">${problem.lastLines.join('\n')}</pre>` : nothing}
    ${next ? html`<p>${next}</p>` : nothing}
    <p class="actions">
      ${remedy === 'start' ? button({ label: 'Start', primary: true, click: () => void actions.switchTo('start') }) : nothing}
      ${remedy === 'resend' ? button({ label: 'Send again', primary: true, click: () => void actions.resend(sample) }) : nothing}
      ${button({ label: 'Show log lines', primary: remedy === 'logs', click: () => void actions.showLogs(requestId ? { id: requestId, at: sample.at } : undefined) })}
    </p>
    ${
      requestId
        ? html`<p class="muted small">
            Request
            <code>${requestId}</code>
            ${linkButton('copy', () => void actions.copyText('request id', requestId), 'Copy the request id.')}
          </p>`
        : nothing
    }
  </div>`;
}

function unexplained(sample: Sample): Problem {
  return {
    type: 'about:blank',
    title: sample.status === 0 ? 'The endpoint did not answer' : 'The request failed',
    status: sample.status,
    detail: '',
    requestId: sample.requestId ?? '',
  };
}

/** Why nothing was sent, or why a command failed. */
export function errorView(error: UserError, actions: Actions): TemplateResult {
  const { action } = error;
  const lines = error.why?.includes('\n');
  return html`<div class="problem">
    <p class="what"><i class="codicon codicon-error" aria-hidden="true"></i><b dir="auto">${error.what}</b></p>
    ${
      error.why === undefined
        ? nothing
        : lines
          ? html`<pre tabindex="0" role="region" aria-label="Why" dir="auto">${error.why}</pre>`
          : html`<p class="why" dir="auto">${error.why}</p>`
    }
    ${error.next ? html`<p>${error.next}</p>` : nothing}
    <p class="actions">
      ${action ? button({ label: action.label, primary: true, click: () => void actions.runAction(action) }) : nothing}
      ${button({ label: 'Show log', click: () => void actions.showLogs() })}
    </p>
  </div>`;
}
