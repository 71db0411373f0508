import { html, nothing, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import { repeat } from 'lit-html/directives/repeat.js';
import { droppedOf } from '../../src/shared/history.ts';
import type { Sample } from '../../src/shared/latency.ts';
import type { LoggedRequest } from '../../src/shared/playground.ts';
import type { Actions } from '../actions.ts';
import { summary } from '../answer/summary.ts';
import { iconButton, linkButton } from '../elements.ts';
import { formatOf, shortInput, type Format } from '../format.ts';
import type { State } from '../state.ts';
import { kindMark, throughMark } from './badge.ts';
import { failed, KINDS, kindOf } from './kinds.ts';

/** Every request, newest first. One row is in the tab order; the arrow keys lead to the others. */
export function history(state: State, samples: readonly Sample[], actions: Actions): TemplateResult {
  const format = formatOf(state.locale);
  const rows = samples.slice(-state.historyRows).reverse();
  const hidden = samples.length - rows.length;
  const dropped = droppedOf(samples);
  const current = rows.some((sample) => sample.id === state.cursor) ? state.cursor : rows[0]?.id;
  return html`<div class="history">
    <table>
      <caption class="hidden">
        Requests, newest first
      </caption>
      <thead>
        <tr>
          <th scope="col" class="number">#</th>
          <th scope="col">time</th>
          <th scope="col">start</th>
          <th scope="col" class="number">took</th>
          <th scope="col" class="number">status</th>
          <th scope="col" class="wide">input</th>
          <th scope="col" class="wide">answer</th>
          <th scope="col"><span class="hidden">actions</span></th>
        </tr>
      </thead>
      <tbody @keydown=${(event: KeyboardEvent) => onKey(event, rows, actions)}>
        ${repeat(
          rows,
          (sample) => sample.id,
          (sample) => {
            const shown = sample.id === state.shown;
            const isCurrent = sample.id === current;
            const copied = sample.id === state.copied;
            return guard([sample, shown, isCurrent, copied, format], () =>
              row(sample, shown, isCurrent, copied, actions, format),
            );
          },
        )}
      </tbody>
    </table>
    ${
      hidden > 0
        ? html`<p class="show-all">
            ${format.count(hidden)} older. ${linkButton('Show more', () => actions.dispatch({ type: 'more-history' }))}
          </p>`
        : nothing
    }
    ${
      dropped > 0
        ? html`<p class="show-all">
            ${format.count(dropped)} earlier ${dropped === 1 ? 'request' : 'requests'} ${dropped === 1 ? 'is' : 'are'}
            no longer kept.
          </p>`
        : nothing
    }
  </div>`;
}

function row(
  sample: Sample,
  shown: boolean,
  current: boolean,
  copied: boolean,
  actions: Actions,
  format: Format,
): TemplateResult {
  const tabIndex = current ? 0 : -1;
  const show = (): void => actions.dispatch({ type: 'show', id: sample.id });
  return html`<tr
    class=${shown ? 'shown' : ''}
    data-id=${sample.id}
    @click=${(event: Event) => {
      if (!(event.target as Element).closest('button')) show();
    }}
    @focusin=${() => actions.dispatch({ type: 'cursor', id: sample.id })}
  >
    <td class="number">
      <button
        class="link"
        type="button"
        tabindex=${tabIndex}
        aria-current=${shown ? 'true' : 'false'}
        aria-label="Show request ${sample.number}"
        @click=${show}
      >
        ${format.count(sample.number)}
      </button>
    </td>
    <td class="time">${format.time(sample.at)}</td>
    <td class="start">${kindMark(kindOf(sample))} ${startWord(sample)}${throughMark(sample)}</td>
    <td class="number">${format.ms(sample.phases.totalMs)}</td>
    <td class="number">${sample.status || '–'}</td>
    <td class="wide" dir="auto">${shortInput(sample.input, 80)}</td>
    <td class="wide" dir="auto">${summary(sample, format)}</td>
    <td class="actions">
      ${iconButton({ label: `Send request ${sample.number} again`, icon: 'debug-restart', tabIndex, click: () => void actions.resend(sample) })}
      ${iconButton({
        label: copied ? 'Copied' : `Copy answer ${sample.number}`,
        icon: copied ? 'check' : 'copy',
        tabIndex,
        click: () =>
          void actions.copyText(
            sample.id,
            JSON.stringify(failed(sample) ? sample.problem : sample.result, undefined, 2) ?? '',
          ),
      })}
      ${iconButton({
        label: `Show log lines of request ${sample.number}`,
        icon: 'output',
        tabIndex,
        click: () => void actions.showLogs(loggedOf(sample)),
      })}
    </td>
  </tr>`;
}

function loggedOf({ requestId, at }: Sample): LoggedRequest | undefined {
  return requestId === undefined ? undefined : { id: requestId, at };
}

/** A request can fail in a worker that was cold or warm. */
function startWord(sample: Sample): string {
  return failed(sample) && sample.start ? `${KINDS[sample.start].word}, error` : KINDS[kindOf(sample)].word;
}

function onKey(event: KeyboardEvent, rows: readonly Sample[], actions: Actions): void {
  const from = (event.target as Element).closest<HTMLElement>('tr[data-id]');
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!from || step === undefined) return;
  const next = rows[rows.findIndex((sample) => sample.id === from.dataset['id']) + step];
  if (!next) return;
  event.preventDefault();
  const column = [...from.querySelectorAll('button')].indexOf(event.target as HTMLButtonElement);
  actions.dispatch({ type: 'cursor', id: next.id });
  const row = document.querySelector(`tr[data-id="${CSS.escape(next.id)}"]`);
  row?.querySelectorAll('button')[column]?.focus();
}
