import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A custom model `slow` whose loading waits until it is let go. The files that tell it lie beside the workspace: in it
 * they would come and go among the rows of the Explorer.
 */
export class SlowModel {
  readonly folder: string;
  readonly #go: string;
  readonly #pid: string;

  constructor(workspace: string) {
    this.folder = path.join(workspace, 'slow');
    this.#go = `${workspace}.go`;
    this.#pid = `${workspace}.pid`;
    mkdirSync(this.folder, { recursive: true });
    const lines = [
      'import os, time',
      'def load(path):',
      `    with open(${JSON.stringify(`${this.#pid}.new`)}, "w") as file:`,
      '        file.write(str(os.getpid()))',
      `    os.replace(${JSON.stringify(`${this.#pid}.new`)}, ${JSON.stringify(this.#pid)})`,
      `    while not os.path.exists(${JSON.stringify(this.#go)}):`,
      '        time.sleep(0.02)',
      `    if open(${JSON.stringify(this.#go)}).read() == "fail":`,
      '        raise ValueError("no weights")',
      'def predict(model, input):',
      '    return "loaded"',
    ];
    writeFileSync(path.join(this.folder, 'handler.py'), `${lines.join('\n')}\n`);
  }

  /** The id of the process that loads it. A process tells nobody: its file is looked for until mocha's time is over. */
  async loading(): Promise<number> {
    while (!existsSync(this.#pid)) await delay(50);
    return Number(readFileSync(this.#pid, 'utf8'));
  }

  letGo(): void {
    this.#goOn('');
  }

  /** Lets its load go on, and fail. */
  letFail(): void {
    this.#goOn('fail');
  }

  #goOn(how: string): void {
    writeFileSync(`${this.#go}.new`, how);
    renameSync(`${this.#go}.new`, this.#go);
  }

  /** Makes the next load wait again. */
  hold(): void {
    rmSync(this.#go, { force: true });
    rmSync(this.#pid, { force: true });
  }
}

/** Whether a process of this id runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
