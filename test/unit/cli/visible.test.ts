import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { visible, visibleText } from '../../../src/shared/visible.ts';

describe('a name out of a file of somebody else', () => {
  it('hides nothing of what stands beside it', () => {
    assert.equal(visible('posix.system'), 'posix.system');
    assert.equal(visible('Grüße.Ω'), 'Grüße.Ω');
    assert.equal(visible('x\u001B[2K\rharmless'), String.raw`x\u001b[2K\u000dharmless`);
    assert.equal(visible('x\nRun it? [y/N]'), String.raw`x\u000aRun it? [y/N]`);
    assert.equal(visible('a\u202Eb\u200B'), String.raw`a\u202eb\u200b`);
    assert.equal(visibleText('👩\u200D💻'), '👩\u200D💻');
    assert.equal(visibleText('one\n\ttwo\u001B[A'), String.raw`one` + '\n\ttwo' + String.raw`\u001b[A`);
  });
});
