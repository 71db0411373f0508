import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { watchAws } from '../../src/editor/cloud/watch.ts';
import type { Project } from '../../src/editor/store/project.ts';
import type { StoreChange } from '../../src/editor/store/store.ts';

const PLACE = { account: '123456789012', region: 'eu-west-1', stack: 'nimbus-m-prod' };

/** A window of which everything is said here. */
class Window {
  readonly visibility = new vscode.EventEmitter<unknown>();
  readonly focus = new vscode.EventEmitter<unknown>();
  readonly changes = new vscode.EventEmitter<StoreChange>();
  readonly looked: string[] = [];
  readonly onAws = { folder: '/aws', connected: true, stacks: [PLACE] };
  readonly here = { folder: '/here', connected: true, stacks: [] };
  isVisible = true;
  isFocused = true;
  now = 0;
  readonly watching: vscode.Disposable;

  constructor(isVisible = true) {
    this.isVisible = isVisible;
    this.watching = watchAws({
      projects: () => [this.onAws, this.here] as unknown as Project[],
      onDidChange: this.changes.event,
      isVisible: () => this.isVisible,
      onDidChangeVisibility: this.visibility.event,
      isFocused: () => this.isFocused,
      onDidChangeFocus: this.focus.event,
      look: async ({ folder }) => this.looked.push(folder),
      now: () => this.now,
    });
  }
}

describe('AWS is asked without being told to', () => {
  let window: Window;
  afterEach(() => window.watching.dispose());

  it('of what is deployed there, when the view comes into sight and when the window gets the focus', () => {
    window = new Window(false);
    assert.deepEqual(window.looked, []);
    window.isVisible = true;
    window.visibility.fire(undefined);
    assert.deepEqual(window.looked, ['/aws']);
    window.now = 60_000;
    window.isFocused = false;
    window.focus.fire(undefined);
    assert.deepEqual(window.looked, ['/aws']);
    window.isFocused = true;
    window.focus.fire(undefined);
    assert.deepEqual(window.looked, ['/aws', '/aws']);
  });

  it('at most once a minute', () => {
    window = new Window();
    window.now = 59_999;
    window.focus.fire(undefined);
    assert.deepEqual(window.looked, ['/aws']);
  });

  it('only once its host was reached', () => {
    window = new Window(false);
    window.onAws.connected = false;
    window.isVisible = true;
    window.visibility.fire(undefined);
    assert.deepEqual(window.looked, []);
    window.onAws.connected = true;
    window.changes.fire({ kind: 'list', project: window.onAws as unknown as Project });
    assert.deepEqual(window.looked, ['/aws']);
  });
});
