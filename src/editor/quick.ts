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

export type Choice<T> = vscode.QuickPickItem & { value?: T };

/** One question with given answers; undefined where the user cancelled. */
export async function choose<T>(
  options: Step & { items: Choice<T>[]; active?: Choice<T> },
): Promise<T | typeof BACK | undefined> {
  const input = vscode.window.createQuickPick<Choice<T>>();
  input.items = options.items;
  input.matchOnDescription = true;
  input.matchOnDetail = true;
  if (options.active) input.activeItems = [options.active];
  return shown<T>(input, options, (done) =>
    input.onDidAccept(() => {
      const value = input.selectedItems[0]?.value;
      if (value !== undefined) done(value);
    }),
  );
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
