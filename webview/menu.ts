import { html, type TemplateResult } from 'lit-html';
import type { CodeLanguage } from '../src/shared/playground.ts';

const LANGUAGES: readonly { language: CodeLanguage; label: string }[] = [
  { language: 'curl', label: 'curl' },
  { language: 'python', label: 'Python' },
  { language: 'typescript', label: 'TypeScript' },
];

/** As in base.css (px): a popover has no size before it shows. */
const WIDTH = 136;

/**
 * The menu that copies the request as code. A native popover: the browser closes it on Escape and on a click
 * elsewhere, and gives the focus back to its button.
 */
export function copyMenu(copied: boolean, choose: (language: CodeLanguage) => void): TemplateResult {
  return html`<button
      id="copy-as"
      class="secondary"
      type="button"
      popovertarget="copy-menu"
      aria-haspopup="menu"
      title="Copy the request as code."
    >
      ${copied ? html`<i class="codicon codicon-check" aria-hidden="true"></i>Copied` : 'Copy as'}
      <i class="codicon codicon-chevron-down" aria-hidden="true"></i>
    </button>
    <div
      id="copy-menu"
      class="menu"
      role="menu"
      aria-labelledby="copy-as"
      popover
      @beforetoggle=${place}
      @keydown=${move}
    >
      ${LANGUAGES.map(
        ({ language, label }, index) =>
          html`<button
            type="button"
            role="menuitem"
            tabindex="-1"
            ?autofocus=${index === 0}
            @click=${(event: Event) => {
              (event.currentTarget as HTMLElement).closest<HTMLElement>('[popover]')!.hidePopover();
              choose(language);
            }}
          >
            ${label}
          </button>`,
      )}
    </div>`;
}

/** Under its button, aligned with the end that stays inside the page. */
function place(event: Event): void {
  const menu = event.currentTarget as HTMLElement;
  const anchor = document.getElementById('copy-as');
  if ((event as ToggleEvent).newState !== 'open' || !anchor) return;
  const box = anchor.getBoundingClientRect();
  menu.style.top = `${box.bottom + 4}px`;
  menu.style.left = `${Math.min(box.left, document.documentElement.clientWidth - WIDTH - 4)}px`;
}

function move(event: KeyboardEvent): void {
  const items = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role=menuitem]')];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  items.at(to % items.length)?.focus();
}
