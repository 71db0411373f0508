import { html, nothing, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import type { Sample } from '../../src/shared/latency.ts';
import { FLOATS, type Comparison, type Difference, type EnvironmentDifferences } from '../../src/shared/parity.ts';
import type { Actions } from '../actions.ts';
import { linkButton } from '../elements.ts';
import { formatOf, shorten, type Format } from '../format.ts';
import { failed } from '../latency/kinds.ts';
import { shownSample, type State } from '../state.ts';
import { partnerOf } from './compared.ts';
import { compareSamples, verdictOf } from './agreement.ts';

/** Which names stand over the two sides. */
export type Names = readonly [string, string];

/** Whether the two answers on view agree, and where they do not. */
export function verdict(state: State, names: Names, actions: Actions): TemplateResult {
  const first = shownSample(state);
  const second = partnerOf(state, first);
  const format = formatOf(state.locale);
  return html`<div class="verdict">
    ${
      first && second
        ? guard([first, second, state.comparedWith, state.expanded, format, names.join()], () =>
            compared(first, second, state, names, actions, format),
          )
        : html`<p class="muted">${waitingFor(state, first, names, actions)}</p>`
    }
    ${environments(state.comparedWith?.environments, names)}
  </div>`;
}

function waitingFor(state: State, first: Sample | undefined, names: Names, actions: Actions): unknown {
  if (state.activity.kind === 'send') return `Waiting for both answers …`;
  if (!first) return 'Send goes to both, one after the other. Whether their answers agree is then said here.';
  return html`Request #${first.number} went to ${names[0]} only.
  ${linkButton('Send it to both', () => void actions.resend(first))}`;
}

function compared(
  first: Sample,
  second: Sample,
  state: State,
  names: Names,
  actions: Actions,
  format: Format,
): TemplateResult {
  const found = compareSamples(first, second, state.comparedWith);
  const { relative, why } = state.comparedWith?.tolerance ?? FLOATS;
  const rule = `Numbers may be apart by ${relative} of their size: ${why}.`;
  if (found.count === 0)
    return html`<p class="agree">
      <i class="codicon codicon-pass" aria-hidden="true"></i><b>${agreement(first, found)}</b>
      <span class="muted" title=${rule}>${nearness(found, format)}</span>
    </p>`;
  return html`<p class="differ">
      <i class="codicon codicon-diff" aria-hidden="true"></i><b>${headline(found, first, second, names)}</b>
      ${failed(first) || failed(second) ? whyFailed([first, second], names) : html`<span class="muted">${rule}</span>`}
    </p>
    ${differences(found, state, names, actions, format)}`;
}

function agreement(first: Sample, found: Comparison): string {
  return failed(first) ? 'Both failed in the same way.' : verdictOf(found);
}

function nearness({ largest }: Comparison, format: Format): string {
  if (largest === 0) return 'They are identical.';
  return `Their numbers are apart by ${format.brief(largest)} of their size at most.`;
}

function headline(found: Comparison, first: Sample, second: Sample, names: Names): string {
  if (failed(first) === failed(second)) return failed(first) ? 'Both failed, each in its own way.' : verdictOf(found);
  return `Only ${names[failed(first) ? 0 : 1]} failed.`;
}

/** What those that failed say, in short: all of it stands in the sides, with the way to the log. */
function whyFailed(sides: readonly Sample[], names: Names): TemplateResult[] {
  return sides.flatMap((sample, index) => {
    const { problem } = sample;
    const why = problem?.detail || problem?.title;
    if (!failed(sample) || !why) return [];
    return [html`<span class="muted" dir="auto">${names[index]}: ${shorten(why, MOST_SHOWN)}</span>`];
  });
}

/** Shown before the reader asks for more. */
const FIRST = 5;
const PART = 'differences';

function differences(
  { differences: all, count }: Comparison,
  state: State,
  names: Names,
  actions: Actions,
  format: Format,
): TemplateResult | typeof nothing {
  // What failed stands in the sides themselves.
  if (all.every(({ kind }) => kind === 'error')) return nothing;
  const shown = state.expanded.includes(PART) ? all : all.slice(0, FIRST);
  const rest = count - shown.length;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Differences">
      <table class="differences">
        <thead>
          <tr>
            <th scope="col">where</th>
            ${names.map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (one) =>
              html`<tr>
                <th scope="row"><code>${one.path}</code></th>
                <td dir="auto">${valueOf(one, 'first', format)}</td>
                <td dir="auto">${valueOf(one, 'second', format)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${
      rest === 0
        ? nothing
        : html`<p class="show-all">
            ${format.count(rest)} more.
            ${shown.length < all.length ? linkButton('Show more', () => actions.dispatch({ type: 'expand', part: PART })) : nothing}
          </p>`
    }`;
}

const MOST_SHOWN = 80;

function valueOf(difference: Difference, side: 'first' | 'second', format: Format): unknown {
  if (!(side in difference)) return html`<span class="muted">nothing</span>`;
  const value = difference[side];
  if (difference.kind === 'length') return `${format.count(value as number)} items`;
  if (typeof value === 'number') return format.number(value);
  return shorten(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''), MOST_SHOWN);
}

/** Packages named before they are looked at. */
const NAMED = 4;

/** Packages of both whose versions differ; those that only one of them has are told by number. */
function environments(found: EnvironmentDifferences | undefined, names: Names): TemplateResult | typeof nothing {
  if (!found) return nothing;
  const differing = found.packages.filter(({ first, second }) => first !== undefined && second !== undefined);
  const alone = [
    found.packages.filter(({ second }) => second === undefined),
    found.packages.filter(({ first }) => first === undefined),
  ];
  const [first, ...more] = differing.map(({ name }) => (name === 'python' ? 'Python' : name));
  const same = `${found.same} ${found.same === 1 ? 'package is' : 'packages are'} the same`;
  if (first === undefined && found.same === 0) return nothing;
  if (first === undefined) return html`<p class="muted">No version differs: ${same}.</p>`;
  const named = [first, ...more.slice(0, NAMED - 1)].join(', ');
  const rest = more.length >= NAMED ? ` and ${more.length - NAMED + 1} more` : '';
  return html`<details>
    <summary>Versions that differ: ${named}${rest} (${same})</summary>
    <table class="differences">
      <thead>
        <tr>
          <th scope="col">package</th>
          ${names.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${differing.map(
          ({ name, first, second }) =>
            html`<tr>
              <th scope="row">${name === 'python' ? 'Python' : name}</th>
              <td>${first}</td>
              <td>${second}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${alone.map((some, side) => (some.length > 0 ? html`<p class="muted">${only(some.length, names[side]!)}</p>` : nothing))}
  </details>`;
}

function only(count: number, name: string): string {
  return `${count} ${count === 1 ? 'package is' : 'packages are'} only in ${name}.`;
}
