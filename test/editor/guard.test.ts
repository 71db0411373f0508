import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { ConnectionClosed } from '../../src/core/host/rpc.ts';
import { guarded, runAction } from '../../src/editor/guard.ts';
import { cancelled, fail, ok } from '../../src/shared/outcome.ts';

/** A log that remembers. */
function memory(): { log: vscode.LogOutputChannel; lines: string[] } {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (...values: unknown[]): void =>
      void lines.push([level, ...values].map(String).join(' '));
  const log = { warn: write('warn'), error: write('error'), show: () => undefined };
  return { log: log as unknown as vscode.LogOutputChannel, lines };
}

const COMMAND = { id: 'nimbus.test', trusted: true };

describe('the guard around every command', () => {
  after(() => vscode.commands.executeCommand('notifications.clearAll'));

  it('passes on what the command answers', async () => {
    const { log, lines } = memory();
    assert.deepEqual(await guarded(log, COMMAND, async () => ok(1)), ok(1));
    assert.deepEqual(lines, []);
  });

  it('says nothing of a cancelled command', async () => {
    const { log, lines } = memory();
    const outcome = cancelled();
    assert.equal(await guarded(log, COMMAND, async () => outcome), outcome);
    await guarded(log, COMMAND, () => Promise.reject(new vscode.CancellationError()));
    assert.deepEqual(lines, []);
  });

  it('logs an expected failure and answers with it', async () => {
    const { log, lines } = memory();
    const outcome = fail('no', 'It did not work.', { why: 'It is a test.', next: 'Go on.' });
    assert.equal(await guarded(log, COMMAND, async () => outcome), outcome);
    assert.deepEqual(lines, ['warn It did not work. It is a test. Go on.']);
  });

  it('takes a host that ended under the command for no bug', async () => {
    const { log, lines } = memory();
    const outcome = await guarded(log, COMMAND, () => Promise.reject(new ConnectionClosed('closed')));
    assert.equal(outcome?.ok === false && outcome.error.code, 'host-ended');
    assert.deepEqual(lines, ['warn The function host of this project ended. Run the command again.']);
  });

  it('turns a bug into an outcome and logs it as one', async () => {
    const { log, lines } = memory();
    const outcome = await guarded(log, COMMAND, () => Promise.reject(new TypeError('x is not a function')));
    assert.deepEqual(outcome, fail('bug', 'x is not a function'));
    assert.match(lines.join(), /^error nimbus\.test failed by a bug in Nimbus: TypeError: x is not a function/);
  });

  it('runs no command but Nimbus’s own and a few harmless ones for a button', async () => {
    await assert.rejects(runAction({ label: 'Go', command: 'workbench.action.terminal.sendSequence' }), /may not run/);
  });
});
