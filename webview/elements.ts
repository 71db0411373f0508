import { html, nothing, type TemplateResult } from 'lit-html';

export interface ButtonOptions {
  label: string;
  click: () => void;
  icon?: string;
  primary?: boolean;
  disabled?: boolean;
  title?: string;
  id?: string;
}

export function button({ label, click, icon, primary, disabled, title, id }: ButtonOptions): TemplateResult {
  return html`<vscode-button
    id=${id ?? nothing}
    appearance=${primary ? 'primary' : 'secondary'}
    title=${title ?? nothing}
    ?disabled=${disabled ?? false}
    @click=${click}
    >${icon ? html`<i slot="start" class="codicon codicon-${icon}" aria-hidden="true"></i>` : nothing}${label}</vscode-button
  >`;
}

export interface IconButtonOptions {
  label: string;
  icon: string;
  click: () => void;
  /** -1 takes it out of the tab order, where arrow keys lead to its row. */
  tabIndex?: number;
}

/** A small native button: lists have hundreds of them. */
export function iconButton({ label, icon, click, tabIndex = 0 }: IconButtonOptions): TemplateResult {
  return html`<button
    class="icon"
    type="button"
    title=${label}
    aria-label=${label}
    tabindex=${tabIndex}
    @click=${click}
  >
    <i class="codicon codicon-${icon}" aria-hidden="true"></i>
  </button>`;
}

/** A button that reads as part of a text. */
export function linkButton(label: unknown, click: () => void, title?: string): TemplateResult {
  return html`<button class="link" type="button" title=${title ?? nothing} @click=${click}>${label}</button>`;
}

export interface Tab<Id extends string> {
  id: Id;
  label: string;
  content: unknown;
}

/** Tabs of the toolkit. `name` makes their ids unique in the page. */
export function tabs<Id extends string>(
  name: string,
  all: readonly Tab<Id>[],
  active: Id,
  change: (id: Id) => void,
): TemplateResult {
  return html`<vscode-panels
    activeid="${name}-${active}"
    @change=${(event: CustomEvent<{ id?: string } | undefined>) => {
      // `change` events of the fields inside bubble up to here as well.
      if (event.target !== event.currentTarget) return;
      const chosen = all.find((tab) => `${name}-${tab.id}` === event.detail?.id);
      if (chosen && chosen.id !== active) change(chosen.id);
    }}
  >
    ${all.map((tab) => html`<vscode-panel-tab id="${name}-${tab.id}">${tab.label}</vscode-panel-tab>`)}
    ${all.map((tab) => html`<vscode-panel-view id="${name}-${tab.id}-view">${tab.content}</vscode-panel-view>`)}
  </vscode-panels>`;
}

export function progressRing(): TemplateResult {
  return html`<vscode-progress-ring aria-hidden="true"></vscode-progress-ring>`;
}
