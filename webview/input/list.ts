import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import { iconButton } from '../elements.ts';

/** The texts of a list as it is kept: a JSON array. What is not one is a list of nothing. */
export function textsIn(kept: string): string[] {
  try {
    const list: unknown = JSON.parse(kept);
    return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

export function listText(texts: readonly string[]): string {
  return JSON.stringify(texts);
}

export interface ListOptions {
  id: string;
  /** What one of them is called: `sentences`. */
  name: string;
  value: string;
  /** Id of the line that says what is wrong. */
  problemId?: string | undefined;
  change(value: string): void;
}

/** A list of texts, one box each. Enter adds one below, Backspace in an empty one takes it away. */
export function textList({ id, name, value, problemId, change }: ListOptions): TemplateResult {
  const kept = textsIn(value);
  // There is always a box to type into.
  const texts = kept.length > 0 ? kept : [''];
  const edit = (how: (typed: string[]) => string[], focus?: number): void => {
    change(listText(how(typedIn(id))));
    // The page is drawn in the next frame, before what is asked for after it.
    if (focus !== undefined) requestAnimationFrame(() => document.getElementById(`${id}-${focus}`)?.focus());
  };
  const add = (at: number): void => edit((typed) => typed.toSpliced(at, 0, ''), at);
  const remove = (at: number, focus: number): void => edit((typed) => typed.toSpliced(at, 1), Math.max(0, focus));

  return html`<ol class="text-list" id="${id}-list">
      ${texts.map(
        (text, index) =>
          html`<li>
            <textarea
              id="${id}-${index}"
              rows="1"
              dir="auto"
              spellcheck="false"
              aria-label="${name}, ${index + 1} of ${texts.length}"
              aria-invalid=${problemId && index === 0 ? 'true' : 'false'}
              aria-describedby=${problemId ?? nothing}
              .value=${live(text)}
              @input=${() => edit((typed) => typed)}
              @keydown=${(event: KeyboardEvent) => {
                const key = keyOf(event, texts.length > 1);
                if (key === 'add') add(index + 1);
                if (key === 'remove') remove(index, index - 1);
              }}
              @paste=${(event: ClipboardEvent) => {
                const lines = linesOf(event);
                if (lines.length > 0) edit((typed) => typed.toSpliced(index, 1, ...lines), index + lines.length - 1);
              }}
            ></textarea>
            ${iconButton({
              label: `Remove ${index + 1} of ${texts.length} from ${name}`,
              icon: 'close',
              click: () => remove(index, Math.min(index, texts.length - 2)),
            })}
          </li>`,
      )}
    </ol>
    <button class="link add" type="button" @click=${() => add(texts.length)}>
      <i class="codicon codicon-add" aria-hidden="true"></i>Add to ${name}
    </button>`;
}

/** What stands in the boxes: two may be typed into between two frames. */
function typedIn(id: string): string[] {
  return [...document.querySelectorAll<HTMLTextAreaElement>(`#${id}-list textarea`)].map((box) => box.value);
}

function keyOf(event: KeyboardEvent, isOneOfSeveral: boolean): 'add' | 'remove' | undefined {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return undefined;
  const isEmpty = (event.target as HTMLTextAreaElement).value === '';
  const meant =
    event.key === 'Enter' ? 'add' : event.key === 'Backspace' && isEmpty && isOneOfSeveral ? 'remove' : undefined;
  if (meant) event.preventDefault();
  return meant;
}

/** The lines that are pasted into an empty box, each a text of its own; none where it is one line. */
function linesOf(event: ClipboardEvent): string[] {
  const text = event.clipboardData?.getData('text/plain') ?? '';
  const lines = text.split(/\r?\n/u).filter((line) => line.trim() !== '');
  if (lines.length < 2 || (event.target as HTMLTextAreaElement).value !== '') return [];
  event.preventDefault();
  return lines;
}
