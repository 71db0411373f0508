import * as vscode from 'vscode';

/** The user went one step back. */
export const BACK = Symbol('back');

interface Step {
  title: string;
  /** Counts from 1; both together or neither. */
  step?: number;
  totalSteps?: number;
  placeholder?: string;
  /** Shows the Back button. */
  back?: boolean;
}

/** `more` is what a row may be too narrow for: a button of the row shows it whole. */
export type Choice<T> = vscode.QuickPickItem & { value?: T; more?: string };

/**
 * Fills a question's answers in while it is open. `show` replaces them; `preferred` is the one that Enter takes for as
 * long as the user has not moved to another. `close` ends the question without an answer. The signal says that it ended.
 */
export type Feed<T> = (
  show: (items: Choice<T>[], preferred?: T) => void,
  close: () => void,
  signal: AbortSignal,
) => Promise<void>;

/** One question with given answers, and more that come; undefined where the user cancelled. */
export async function choose<T>(
  options: Step & { items: Choice<T>[]; active?: Choice<T>; feed?: Feed<T> },
): Promise<T | typeof BACK | undefined> {
  const input = vscode.window.createQuickPick<Choice<T>>();
  const ended = new AbortController();
  let feeding: Promise<void> | undefined;
  input.items = readable(options.items);
  input.matchOnDescription = true;
  input.matchOnDetail = true;
  const active = options.active && input.items[options.items.indexOf(options.active)];
  if (active) input.activeItems = [active];
  const answer = shown<T>(input, options, (done) =>
    vscode.Disposable.from(
      input.onDidAccept(() => {
        // A row that was replaced in the moment of Enter is no longer selected; what took its place is active.
        const value = (input.selectedItems[0] ?? input.activeItems[0])?.value;
        if (value !== undefined) done(value);
      }),
      input.onDidTriggerItemButton(({ item }) => {
        const name = item.label.replaceAll(/\$\([\w-]+\)\s*/g, '');
        void vscode.window.showInformationMessage(name, { modal: true, detail: item.more ?? '' });
      }),
    ),
  );
  if (options.feed) feeding = feed(input, options.feed, ended.signal);
  try {
    // A bug in the feed ends the question.
    return await Promise.race([answer, ...(feeding ? [feeding.then(() => answer)] : [])]);
  } finally {
    ended.abort();
    input.hide();
  }
}

/** The items, each that has `more` with a button for it, which says it to a pointer that rests there too. */
function readable<T>(items: readonly Choice<T>[]): Choice<T>[] {
  return items.map((item) =>
    item.more === undefined
      ? item
      : { ...item, buttons: [{ iconPath: new vscode.ThemeIcon('info'), tooltip: item.more }] },
  );
}

async function feed<T>(input: vscode.QuickPick<Choice<T>>, source: Feed<T>, signal: AbortSignal): Promise<void> {
  let suggested = input.items[0]?.value;
  const show = (items: Choice<T>[], preferred = items[0]?.value): void => {
    if (signal.aborted) return;
    const active = input.activeItems[0]?.value;
    const moved = active !== undefined && active !== suggested;
    const wanted = moved ? active : preferred;
    input.items = readable(items);
    const next = input.items.find(({ value }) => value !== undefined && value === wanted);
    // Where the user has typed, the list takes its first match; one that does not match would leave Enter without any.
    if (next && input.value === '') input.activeItems = [next];
    if (!moved) suggested = next?.value;
  };
  input.busy = true;
  input.keepScrollPosition = true;
  try {
    await source(show, () => input.hide(), signal);
  } finally {
    if (!signal.aborted) input.busy = false;
  }
}

/** One question for a text. `check` answers with what is wrong with it. */
export async function askText(
  options: Step & { value?: string; prompt?: string; password?: boolean; check?(text: string): string | undefined },
): Promise<string | typeof BACK | undefined> {
  const input = vscode.window.createInputBox();
  input.value = options.value ?? '';
  input.prompt = options.prompt;
  input.password = options.password ?? false;
  return shown<string>(input, options, (done) =>
    vscode.Disposable.from(
      input.onDidChangeValue((text) => {
        input.validationMessage = options.check?.(text.trim());
      }),
      input.onDidAccept(() => {
        const text = input.value.trim();
        input.validationMessage = options.check?.(text);
        if (!input.validationMessage) done(text);
      }),
    ),
  );
}

function shown<T>(
  input: vscode.QuickPick<Choice<T>> | vscode.InputBox,
  { title, step, totalSteps, placeholder, back }: Step,
  listen: (done: (value: T) => void) => vscode.Disposable,
): Promise<T | typeof BACK | undefined> {
  input.title = title;
  input.step = step;
  input.totalSteps = totalSteps;
  input.placeholder = placeholder;
  input.ignoreFocusOut = true;
  input.buttons = back ? [vscode.QuickInputButtons.Back] : [];
  return new Promise<T | typeof BACK | undefined>((resolve) => {
    listen(resolve);
    input.onDidTriggerButton(() => resolve(BACK));
    input.onDidHide(() => resolve(undefined));
    input.show();
  }).finally(() => input.dispose());
}
